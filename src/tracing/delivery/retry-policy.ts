import type { Random } from '../../core/index.ts';

/** How long to wait between attempts. Times in milliseconds. */
export interface RetryPolicy {
  /** Upper bound of the first pause; it doubles with each failure. */
  readonly firstMs: number;
  /** Upper bound of every pause that the receiver did not ask for. */
  readonly longestMs: number;
  /** Upper bound of a pause that the receiver asked for: one that says "in a year" is mistaken. */
  readonly longestAskedMs: number;
}

/** 0.5 s doubling to 30 s; up to an hour when asked. */
export const DEFAULT_RETRY: RetryPolicy = { firstMs: 500, longestMs: 30_000, longestAskedMs: 3_600_000 };

/** What a pause is made from. */
export interface RetrySituation {
  /** Failures in a row so far, from 1. */
  readonly failures: number;
  /** What the receiver asked for (`Retry-After`). */
  readonly retryAfterMs?: number | undefined;
}

/**
 * The pause before the next attempt: exponential with full jitter, so that many processes do not come back in step. What
 * the receiver asks for is added to: never sooner than that, and not all at once then either.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter: uniform in [0, bound)).
 */
export function retryDelayMs(
  { failures, retryAfterMs = 0 }: RetrySituation,
  random: Random,
  policy: RetryPolicy = DEFAULT_RETRY,
): number {
  const boundMs = Math.min(policy.longestMs, policy.firstMs * 2 ** Math.min(failures - 1, 52));
  const askedMs = Math.min(policy.longestAskedMs, Math.max(0, retryAfterMs));
  return askedMs + Math.floor(random() * (askedMs > 0 ? policy.firstMs : boundMs));
}
