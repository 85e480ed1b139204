import { vi } from 'vitest';

/** How long anything that will happen may take on a busy machine; one that does not happen fails the test after it. */
export const PATIENCE_MS = 20_000;

/**
 * Calls `check` until it no longer throws, and returns what it then gives.
 *
 * @throws whatever `check` last threw, after {@link PATIENCE_MS} or `timeoutMs`.
 */
export function eventually<T>(
  check: () => T | Promise<T>,
  options: { readonly timeoutMs?: number } = {},
): Promise<T> {
  return vi.waitFor(check, { timeout: options.timeoutMs ?? PATIENCE_MS, interval: 20 });
}
