import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp-dir.ts';
import { tryFileLock } from './index.ts';

/** Another process that holds the lock until it is killed. */
const HOLDER = `
  const { DatabaseSync } = require('node:sqlite');
  new DatabaseSync(process.argv[1]).exec('BEGIN IMMEDIATE');
  console.log('held');
  setInterval(() => {}, 1000);`;

describe('tryFileLock', () => {
  it('gives the lock to one at a time', async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/lock`;
    const first = tryFileLock(path);
    expect(first).toBeDefined();
    expect(tryFileLock(path)).toBeUndefined();
    // An attempt that failed must not have taken the first one's lock away.
    expect(tryFileLock(path)).toBeUndefined();
    first?.release();
    first?.release();
    const second = tryFileLock(path);
    expect(second).toBeDefined();
    second?.release();
  });

  it('is held by another process until that is killed', async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/lock`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', HOLDER, path]);
    await once(child.stdout, 'data');
    expect(tryFileLock(path)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'close');
    const lock = tryFileLock(path);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('says so when there is no place for the file', () => {
    expect(() => tryFileLock('/nowhere/at/all/lock')).toThrow(/unable to open/);
  });
});
