import { isRecord, stableStringify } from '../../core/index.ts';
import { isCanonicalMessage } from './canonical.ts';
import { type DiffLine, textDiff } from './text-diff.ts';

/** A field that differs between two values. */
export interface FieldChange {
  /** `request.orderId`, `messages[2].content`; empty for the value itself. */
  readonly path: string;
  /** Undefined: it was not there. */
  readonly before: unknown;
  readonly after: unknown;
  /** The lines that differ, where both are text. */
  readonly text?: readonly DiffLine[];
}

/** More changes of one value than this say nothing more. */
const MAX_CHANGES = 50;
/** Deeper than this, what differs is named as a whole. */
const MAX_DEPTH = 40;

/** The fields in which two canonical values differ, at most 50, in the order of the first value. */
export function valueDiff(before: unknown, after: unknown, path = ''): FieldChange[] {
  const changes: FieldChange[] = [];
  collect(before, after, path, changes, 0);
  return changes;
}

function collect(before: unknown, after: unknown, path: string, changes: FieldChange[], depth: number): void {
  if (changes.length >= MAX_CHANGES || Object.is(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const [a, b]: [readonly unknown[], readonly unknown[]] = [before, after];
    for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
      collect(a[index], b[index], `${path}[${index}]`, changes, depth + 1);
    }
    return;
  }
  if (isRecord(before) && isRecord(after) && isSameKind(before, after) && depth < MAX_DEPTH) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect(before[key], after[key], path === '' ? key : `${path}.${key}`, changes, depth + 1);
    }
    return;
  }
  if (stableStringify(before) === stableStringify(after)) return;
  const [a, b] = [asJson(before), asJson(after)];
  // The result of a tool is often JSON in a text: its fields say more than one long line.
  if (a !== undefined && b !== undefined) {
    const known = changes.length;
    collect(a, b, path, changes, depth + 1);
    if (changes.length > known) return;
  }
  const isText = typeof before === 'string' && typeof after === 'string';
  changes.push({ path, before, after, ...(isText ? { text: textDiff(before, after) } : {}) });
}

/** Messages of different speakers are different messages, not one whose role has changed. */
function isSameKind(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  return !isCanonicalMessage(a) || !isCanonicalMessage(b) || a.role === b.role;
}

function asJson(value: unknown): Record<string, unknown> | unknown[] | undefined {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isRecord(parsed) || Array.isArray(parsed) ? parsed : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
