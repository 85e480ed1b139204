import type { RawSpan, SpanStart } from './raw-trace.ts';

/** A span that begins now. */
export function newSpan(start: SpanStart, startTimeMs: number): RawSpan {
  return {
    ...start,
    startTimeMs,
    endTimeMs: undefined,
    outputs: undefined,
    thrown: undefined,
    failed: false,
    outcome: undefined,
    events: [],
    innerPrivacy: undefined,
    payloadsReleased: false,
  };
}

/**
 * A copy two levels deep of what the caller holds: appending the next message to the list that was passed in or returned
 * is common, and must not change the record.
 */
export function snapshot(payload: unknown): unknown {
  if (Array.isArray(payload)) return [...payload];
  if (typeof payload !== 'object' || payload === null) return payload;
  if (Object.getPrototypeOf(payload) !== Object.prototype) return payload;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(payload))
    copy[key] = Array.isArray(member) ? [...member] : member;
  return copy;
}
