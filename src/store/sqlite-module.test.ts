import { afterEach, describe, expect, it, vi } from 'vitest';
import { withoutSqliteWarning } from './sqlite-module.ts';

describe('withoutSqliteWarning', () => {
  afterEach(() => vi.restoreAllMocks());

  it('leaves out the warning that SQLite is experimental and lets others through', () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    withoutSqliteWarning(() => {
      process.emitWarning(
        'SQLite is an experimental feature and might change at any time',
        'ExperimentalWarning',
      );
      process.emitWarning('Another thing is experimental', 'ExperimentalWarning');
      process.emitWarning('SQLite is deprecated', 'DeprecationWarning');
    });
    expect(emitted.mock.calls.map(([message]) => message)).toEqual([
      'Another thing is experimental',
      'SQLite is deprecated',
    ]);
  });

  it('lets every warning through again afterwards, also when the work throws', () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(() =>
      withoutSqliteWarning(() => {
        throw new Error('no such module');
      }),
    ).toThrow('no such module');
    process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');
    expect(emitted).toHaveBeenCalledTimes(1);
  });
});
