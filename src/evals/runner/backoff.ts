import type { Random } from '../../core/index.ts';

/** Longest pause before a call is tried again, whatever the target asks for. */
export const MAX_BACKOFF_MS = 30_000;
const BASE_BACKOFF_MS = 500;

/**
 * How long to wait before trying again, in milliseconds: exponential with full jitter (uniform between 0 and
 * 500 ms x 2^(attempt - 1)), on top of what the target asked for, at most 30 s. Full jitter as in "Exponential Backoff And
 * Jitter" (AWS Architecture Blog, 2015): it spreads clients best.
 *
 * @param attempt Attempts made so far, from 1.
 */
export function backoffMs(attempt: number, random: Random, retryAfterMs = 0): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** (attempt - 1));
  return Math.min(MAX_BACKOFF_MS, Math.max(0, retryAfterMs) + random() * ceiling);
}
