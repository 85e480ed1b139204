import { isRecord, type Trace } from '../../core/index.ts';

/** How far outside of a run a moment may lie and still be its present: clocks differ, and work is prepared beforehand. */
const SLACK_MS = 300_000;

/** In text: a UUID, a moment in ISO 8601, or a day. */
const TOKEN =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/gi;

/** Takes what differs from run to run out of a text or a number: made-up ids and the present. */
export type Masker = (scalar: string | number) => string | number;

/**
 * Maskers for two runs that are compared. A token that is in both runs is data and stays; one that is in one of them only is
 * masked when it is a UUID (`<id>`) or a moment within its own run (`<now>`, a day `<today>`). An id or a date that a patch
 * has replaced by another one of the recorded run is therefore still a difference.
 */
export function maskersFor(before: Trace, after: Trace): { readonly before: Masker; readonly after: Masker } {
  const [inBefore, inAfter] = [tokensOf(before), tokensOf(after)];
  return { before: maskerFor(before, inAfter), after: maskerFor(after, inBefore) };
}

function maskerFor(trace: Trace, elsewhere: ReadonlySet<string>): Masker {
  const isPresent = (timeMs: number) =>
    timeMs >= trace.startTimeMs - SLACK_MS && timeMs <= trace.endTimeMs + SLACK_MS;
  const days = new Set([dayOf(trace.startTimeMs), dayOf(trace.endTimeMs)]);
  const maskToken = (token: string): string => {
    if (elsewhere.has(token.toLowerCase())) return token;
    if (/^[0-9a-f]{8}-/i.test(token)) return '<id>';
    if (token.length === 10) return days.has(token) ? '<today>' : token;
    return isPresent(momentOf(token)) ? '<now>' : token;
  };
  return (scalar) => {
    if (typeof scalar === 'string') return scalar.replace(TOKEN, maskToken);
    if (!isPresent(scalar) && !isPresent(scalar * 1_000)) return scalar;
    return elsewhere.has(String(scalar)) ? scalar : '<now>';
  };
}

/** A moment without a zone is read as UTC: what matters is only whether it is near. */
function momentOf(token: string): number {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(token.slice(10));
  return Date.parse(`${token.replace(' ', 'T')}${hasZone ? '' : 'Z'}`);
}

function dayOf(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

/** Large numbers only: those that could be a moment, in seconds or milliseconds. */
const SMALLEST_MOMENT = 1e9;

function tokensOf(trace: Trace): ReadonlySet<string> {
  const tokens = new Set<string>();
  const pending: unknown[] = trace.spans.flatMap(({ inputs, outputs }) => [inputs, outputs]);
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'string') {
      for (const [token] of value.matchAll(TOKEN)) tokens.add(token.toLowerCase());
    } else if (typeof value === 'number') {
      if (value >= SMALLEST_MOMENT) tokens.add(String(value));
    } else if (Array.isArray(value)) {
      for (const member of value) pending.push(member);
    } else if (isRecord(value)) {
      for (const member of Object.values(value)) pending.push(member);
    }
  }
  return tokens;
}
