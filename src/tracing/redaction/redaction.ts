import { isRecord } from '../../core/index.ts';
import { BUILT_IN_RULES, DETECTORS, type Detector, detectorOf, type Range } from './detectors.ts';
import { compileKeyPath, type KeyPath, KeyPaths } from './key-path.ts';
import type { RedactionRule } from './redaction-rule.ts';

/** Stands for a value that a rule could not be applied to. */
export const REDACTION_FAILED = '[redaction failed]';

/**
 * How much of a text beyond the place where it will be cut has to be looked at, in characters: what a rule would find
 * must not escape it because the end was cut off.
 */
export const REDACTION_LOOKAHEAD = 4_096;

const NO_KEYS: readonly string[] = [];

/** Rules, compiled. Nothing here throws. */
export interface Redaction {
  /** The text without what the rules find. A text that is JSON is looked into, keys and all, at any depth of quoting. */
  text(value: string, trail?: readonly string[]): string;
  /** A number, unless its digits are what a rule finds. */
  number(value: number | bigint): number | bigint | string;
  /** An object key without what the rules find. */
  key(key: string): string;
  /** The mark that replaces the member reached by these keys, or undefined when no path covers it. */
  member(trail: readonly string[]): string | undefined;
}

/** Told the name of a rule that threw; the value it was applied to is gone from the record. */
export type OnRedactionFailure = (rule: string) => void;

/** Changes nothing. */
export const NO_REDACTION: Redaction = {
  text: (value) => value,
  number: (value) => value,
  key: (key) => key,
  member: () => undefined,
};

/** One after the other. */
export function bothRedactions(first: Redaction, second: Redaction): Redaction {
  if (first === second || second === NO_REDACTION) return first;
  if (first === NO_REDACTION) return second;
  return {
    text: (value, trail) => second.text(first.text(value, trail), trail),
    number(value) {
      const redacted = first.number(value);
      return typeof redacted === 'string' ? redacted : second.number(redacted);
    },
    key: (key) => second.key(first.key(key)),
    member: (trail) => first.member(trail) ?? second.member(trail),
  };
}

interface NamedDetector {
  readonly name: string;
  readonly detect: Detector;
}

interface Replacer {
  readonly name: string;
  readonly redact: (text: string) => string;
}

/** Compiles rules once. `true` is every built-in rule, `false` none. */
export function compileRedaction(
  rules: boolean | readonly RedactionRule[],
  onFailure: OnRedactionFailure,
): Redaction {
  const list = rules === true ? BUILT_IN_RULES : rules === false ? [] : rules;
  if (list.length === 0) return NO_REDACTION;
  const detectors: NamedDetector[] = [];
  const replacers: Replacer[] = [];
  const paths: KeyPath[] = [];
  for (const rule of list) {
    if (typeof rule === 'string') detectors.push({ name: rule, detect: DETECTORS[rule] });
    else if (rule instanceof RegExp) detectors.push({ name: 'pattern', detect: detectorOf(rule) });
    else if ('pattern' in rule) detectors.push({ name: rule.name, detect: detectorOf(rule.pattern) });
    else if ('path' in rule) paths.push(compileKeyPath(rule.path));
    else replacers.push(rule);
  }
  return new CompiledRedaction(detectors, replacers, new KeyPaths(paths), onFailure);
}

/** Shorter numbers are counts and prices. */
const MIN_NUMBER = 100_000;
const MAX_JSON_DEPTH = 100;
/** Characters of text whose result is remembered. */
const MAX_REMEMBERED = 2 * 1024 * 1024;

class CompiledRedaction implements Redaction {
  private readonly detectors: readonly NamedDetector[];
  private readonly replacers: readonly Replacer[];
  private readonly paths: KeyPaths;
  private readonly onFailure: OnRedactionFailure;
  /** Texts repeat: the same messages stand in the input and output of every span of a run. */
  private readonly remembered = new Map<string, string>();
  private rememberedLength = 0;

  constructor(
    detectors: readonly NamedDetector[],
    replacers: readonly Replacer[],
    paths: KeyPaths,
    onFailure: OnRedactionFailure,
  ) {
    this.detectors = detectors;
    this.replacers = replacers;
    this.paths = paths;
    this.onFailure = onFailure;
  }

  text(value: string, trail: readonly string[] = NO_KEYS): string {
    try {
      return this.insideJson(value, [...trail], 0) ?? this.plain(value);
    } catch (thrown) {
      this.onFailure(thrown instanceof RuleFailure ? thrown.rule : 'redaction');
      return REDACTION_FAILED;
    }
  }

  number(value: number | bigint): number | bigint | string {
    if (value < MIN_NUMBER && value > -MIN_NUMBER) return value;
    const digits = String(value);
    const redacted = this.key(digits);
    return redacted === digits ? value : redacted;
  }

  key(key: string): string {
    return this.text(key);
  }

  member(trail: readonly string[]): string | undefined {
    const path = this.paths.find(trail);
    return path && mark(path.label);
  }

  /** The text with its JSON redacted; undefined when it is not JSON, or nothing in it had to go. */
  private insideJson(text: string, trail: string[], depth: number): string | undefined {
    if (!looksLikeJson(text)) return undefined;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Cut off, or streamed in parts: its keys cannot be told from its values.
      return !this.paths.isEmpty && this.paths.mentionedIn(text) ? mark('unparsable') : undefined;
    }
    const redacted = this.json(parsed, trail, depth + 1);
    return redacted === parsed ? undefined : JSON.stringify(redacted);
  }

  /** A JSON value without what the rules find: the same object when nothing had to go. */
  private json(value: unknown, trail: string[], depth: number): unknown {
    if (typeof value === 'string') return this.insideJson(value, trail, depth) ?? this.plain(value);
    if (typeof value === 'number') return this.number(value);
    if (depth > MAX_JSON_DEPTH) throw new RuleFailure('json_depth');
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.json(item, trail, depth + 1));
      return items.every((item, index) => item === value[index]) ? value : items;
    }
    return isRecord(value) ? this.record(value, trail, depth) : value;
  }

  private record(value: Record<string, unknown>, trail: string[], depth: number): unknown {
    // Without a prototype: a member called `__proto__` is data like any other.
    const redacted: Record<string, unknown> = Object.create(null);
    let changed = false;
    for (const [key, member] of Object.entries(value)) {
      trail.push(key);
      const kept = this.member(trail) ?? this.json(member, trail, depth + 1);
      trail.pop();
      const name = freeKey(redacted, this.key(key));
      redacted[name] = kept;
      changed ||= kept !== member || name !== key;
    }
    return changed ? redacted : value;
  }

  private plain(text: string): string {
    return this.replacers.reduce(applyReplacer, this.withoutMatches(text));
  }

  /** All rules look at the text as it was: what one replaces cannot hide a part of what another finds. */
  private withoutMatches(text: string): string {
    if (this.detectors.length === 0) return text;
    const known = this.remembered.get(text);
    if (known !== undefined) return known;
    const clean = this.replaceMatches(text);
    if (this.rememberedLength > MAX_REMEMBERED) {
      this.remembered.clear();
      this.rememberedLength = 0;
    }
    this.remembered.set(text, clean);
    this.rememberedLength += text.length;
    return clean;
  }

  private replaceMatches(text: string): string {
    const found: (Range & { readonly name: string })[] = [];
    for (const { name, detect } of this.detectors) {
      for (const { start, end } of attempt(name, () => detect(text))) found.push({ name, start, end });
    }
    if (found.length === 0) return text;
    found.sort((a, b) => a.start - b.start || b.end - a.end);
    let clean = '';
    let done = 0;
    for (const { name, start, end } of found) {
      // What overlaps an earlier match went with it; the rest of it goes too.
      if (start >= done) clean += text.slice(done, start) + mark(name);
      done = Math.max(done, end);
    }
    return clean + text.slice(done);
  }
}

/** A rule that threw. Does not keep what was thrown: its message may hold the value. */
class RuleFailure extends Error {
  readonly rule: string;

  constructor(rule: string) {
    super(`The redaction rule ${rule} failed.`);
    this.rule = rule;
  }
}

function attempt<Result>(rule: string, work: () => Result): Result {
  try {
    return work();
  } catch {
    throw new RuleFailure(rule);
  }
}

function applyReplacer(text: string, { name, redact }: Replacer): string {
  const replaced: unknown = attempt(name, () => redact(text));
  if (typeof replaced !== 'string') throw new RuleFailure(name);
  return replaced;
}

function mark(name: string): string {
  return `[redacted:${name}]`;
}

/** Objects, lists, and strings that were quoted once more. */
function looksLikeJson(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}

/** Two keys can be alike once they are redacted, and neither member may be lost. */
export function freeKey(record: Readonly<Record<string, unknown>>, key: string): string {
  if (!Object.hasOwn(record, key)) return key;
  let number = 2;
  while (Object.hasOwn(record, `${key} ${number}`)) number += 1;
  return `${key} ${number}`;
}
