/**
 * `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3), at most an hour. Undefined when there is none
 * or it cannot be read.
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(waitMs) ? undefined : Math.min(3_600_000, Math.max(0, waitMs));
}
