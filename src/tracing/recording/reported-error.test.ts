import { describe, expect, it } from 'vitest';
import { isSameError, ReportedError } from './reported-error.ts';

describe('an error of which only the text was reported', () => {
  it('has its name and message, and no stack', () => {
    expect(new ReportedError('RangeError: no order')).toMatchObject({
      name: 'RangeError',
      message: 'no order',
    });
    expect(new ReportedError('odd: text')).toMatchObject({ name: 'Error', message: 'odd: text' });
    expect(new ReportedError('RangeError: no order').stack).toBeUndefined();
  });

  it('is the same as the error that was reported, and no other', () => {
    const thrown = new RangeError('no order');
    const report = new ReportedError(String(thrown));
    expect(isSameError(report, thrown)).toBe(true);
    expect(isSameError(thrown, report)).toBe(true);
    expect(isSameError(report, new RangeError('other'))).toBe(false);
    expect(isSameError(report, undefined)).toBe(false);
    expect(isSameError(thrown, new RangeError('no order'))).toBe(false);
  });
});
