import { messageText, serializedClass } from './message-text.ts';
import { plainText, shortLine } from './plain-text.ts';
import { formatCount } from './units.ts';

/** How much of a payload is shown. */
export interface PayloadLimits {
  readonly lines: number;
  /** Characters in a line. */
  readonly lineLength: number;
  /** Levels of nesting. */
  readonly depth: number;
}

/** Enough to see what was said without pushing the rest of the page out of sight. */
export const SHORT_PAYLOAD: PayloadLimits = { lines: 24, lineLength: 240, depth: 8 };

/** Everything, as deep as a stack allows for certain. */
export const FULL_PAYLOAD: PayloadLimits = {
  lines: Number.POSITIVE_INFINITY,
  lineLength: Number.POSITIVE_INFINITY,
  depth: 200,
};

const INDENT = '  ';

/**
 * A JSON value as lines for a reader: an object as `key: value`, conversations as `human: ...` and
 * `ai: ... [calls lookup_order({...})]`, safe for a terminal. What does not fit is said to be missing.
 */
export function payloadLines(value: unknown, limits: PayloadLimits): string[] {
  const lines = new Lines(limits);
  write(lines, { first: '', rest: '' }, '', value, limits.depth);
  return lines.finished();
}

/** What stands before the first line of a value, and before its further lines. */
interface Prefix {
  readonly first: string;
  readonly rest: string;
}

class Lines {
  readonly #limits: PayloadLimits;
  readonly #shown: string[] = [];
  #left = 0;

  constructor(limits: PayloadLimits) {
    this.#limits = limits;
  }

  /** Adds text, its further lines indented under the first. */
  add(prefix: Prefix, text: string): void {
    const [first = '', ...others] = text.replaceAll('\r\n', '\n').split('\n');
    this.#addLine(prefix.first, first);
    for (const line of others) this.#addLine(`${prefix.rest}${INDENT}`, line);
  }

  finished(): string[] {
    if (this.#left === 0) return this.#shown;
    return [...this.#shown, `… ${formatCount(this.#left, 'more line')}; --full shows all`];
  }

  #addLine(indent: string, line: string): void {
    if (this.#shown.length >= this.#limits.lines) this.#left += 1;
    else if (line.length <= this.#limits.lineLength)
      this.#shown.push(`${indent}${plainText(line)}`.trimEnd());
    else this.#shown.push(`${indent}${shortLine(line, this.#limits.lineLength)}`);
  }
}

function write(lines: Lines, prefix: Prefix, label: string, value: unknown, depth: number): void {
  const message = messageText(value);
  if (message !== undefined) lines.add(prefix, `${label}${message.speaker}: ${message.text}`);
  else if (typeof value !== 'object' || value === null) {
    lines.add(prefix, `${label}${value === '' ? '""' : String(value)}`);
  } else if (depth === 0) lines.add(prefix, `${label}${Array.isArray(value) ? '[…]' : '{…}'}`);
  else if (Array.isArray(value)) writeArray(lines, prefix, label, value, depth);
  else writeObject(lines, prefix, label, value as Readonly<Record<string, unknown>>, depth);
}

function writeArray(
  lines: Lines,
  prefix: Prefix,
  label: string,
  items: readonly unknown[],
  depth: number,
): void {
  if (items.length === 0) {
    lines.add(prefix, `${label}[]`);
    return;
  }
  let inner = inside(lines, prefix, label);
  for (const item of items) {
    // The speaker sets messages apart; other items need a mark.
    if (messageText(item) !== undefined) write(lines, inner, '', item, depth - 1);
    else write(lines, { first: `${inner.first}- `, rest: `${inner.rest}${INDENT}` }, '', item, depth - 1);
    inner = { first: inner.rest, rest: inner.rest };
  }
}

function writeObject(
  lines: Lines,
  prefix: Prefix,
  label: string,
  value: Readonly<Record<string, unknown>>,
  depth: number,
): void {
  const serialized = serializedClass(value);
  const entries = Object.entries(serialized?.fields ?? value);
  if (entries.length === 0) {
    lines.add(prefix, `${label}${serialized?.name ?? '{}'}`);
    return;
  }
  let inner = inside(lines, prefix, `${label}${serialized?.name ?? ''}`);
  for (const [key, member] of entries) {
    write(lines, inner, `${key}: `, member, depth - 1);
    inner = { first: inner.rest, rest: inner.rest };
  }
}

/** Writes the heading, where there is one, and gives the prefix of what stands under it. */
function inside(lines: Lines, prefix: Prefix, heading: string): Prefix {
  if (heading === '') return prefix;
  lines.add(prefix, heading.trimEnd());
  const rest = `${prefix.rest}${INDENT}`;
  return { first: rest, rest };
}
