import { describe, expect, it } from 'vitest';
import { flush, shutdown } from './index.ts';

describe.each([flush, shutdown])('%o', (end) => {
  it.each([
    [null, 'options: must be an object'],
    [5, 'options: must be an object'],
    [{ timeoutMs: 'x' }, 'timeoutMs: must be a number'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs: must be a number'],
    [{ timeoutMs: -1 }, 'timeoutMs: must be at least 0'],
    // A timer would take it for one millisecond.
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs: must be at most 2147483647'],
    [{ timeoutMS: 5 }, 'options: has no "timeoutMS"'],
  ])('refuses %j and says what is wrong', async (options, problem) => {
    await expect(end(options as never)).rejects.toMatchObject({
      code: 'END_OPTIONS_INVALID',
      message: `flush and shutdown: ${problem}.`,
    });
  });

  it.each([undefined, {}, { timeoutMs: undefined }, { timeoutMs: 0 }])('takes %j', async (options) => {
    await expect(end(options as never)).resolves.toBeUndefined();
  });
});
