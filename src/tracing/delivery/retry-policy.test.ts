import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY, retryDelayMs } from './retry-policy.ts';

const almostOne = () => 1 - Number.EPSILON;

describe('retryDelayMs', () => {
  it('doubles its bound with each failure, up to the longest', () => {
    const bounds = [1, 2, 3, 6, 7, 8, 1_000_000].map((failures) => retryDelayMs({ failures }, almostOne) + 1);
    expect(bounds).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('spreads over the whole of it', () => {
    expect(retryDelayMs({ failures: 4 }, () => 0)).toBe(0);
    expect(retryDelayMs({ failures: 4 }, () => 0.25)).toBe(1_000);
  });

  it('never comes back before it was asked to, and does not wait for ever', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, retryAfterMs, draw) => {
          const delayMs = retryDelayMs({ failures, retryAfterMs }, () => draw);
          expect(delayMs).toBeGreaterThanOrEqual(Math.min(retryAfterMs, DEFAULT_RETRY.longestAskedMs));
          expect(delayMs).toBeLessThan(DEFAULT_RETRY.longestAskedMs + DEFAULT_RETRY.longestMs);
        },
      ),
    );
  });
});
