import { vi } from 'vitest';

/**
 * How long what will happen may take on a busy machine. Longer than a circuit breaker stays open, 30 s: after an outage nobody
 * tries before.
 */
export const PATIENCE_MS = 60_000;

/**
 * Calls `check` until it no longer throws, every 20 ms unless told otherwise, and returns what it then gives.
 *
 * @throws whatever `check` last threw, after {@link PATIENCE_MS}.
 */
export function eventually<T>(
  check: () => T | Promise<T>,
  { everyMs = 20 }: { readonly everyMs?: number } = {},
): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: everyMs });
}
