import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrorCode, UsageError } from '../../core/index.ts';

/** A held lock of a run folder. */
export interface RunLock {
  /** Gives the lock back. Idempotent. */
  release(): Promise<void>;
}

const LOCK_FILE = 'lock';

/** Locks of this process. One left behind by an earlier process with the same id (containers) is not among them. */
const held = new Set<string>();

/**
 * Takes the lock of a run folder: a file with this process's id. One whose process is gone is taken over. `runExperiment`
 * does this itself for as long as it runs: do not take it around it.
 *
 * @throws UsageError `RUN_LOCKED` when a living process holds it.
 */
export async function acquireRunLock(folder: string): Promise<RunLock> {
  const path = join(folder, LOCK_FILE);
  if (!create(path)) {
    const holder = lockHolder(folder);
    if (holder !== undefined) throw locked(folder, holder);
    rmSync(path, { force: true });
    // Somebody else may have taken it over in between.
    if (!create(path)) throw locked(folder, lockHolder(folder));
  }
  held.add(path);
  return {
    async release() {
      if (held.delete(path)) rmSync(path, { force: true });
    },
  };
}

/** Id of the living process that holds the lock of a run folder; undefined when nobody does. */
export function lockHolder(folder: string): number | undefined {
  const path = join(folder, LOCK_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const pid = /^\d+$/.test(text.trim()) ? Number(text) : undefined;
  if (pid === undefined) return undefined;
  if (pid === process.pid) return held.has(path) ? pid : undefined;
  return isAlive(pid) ? pid : undefined;
}

function create(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return !hasErrorCode(error, 'ESRCH');
  }
}

function locked(folder: string, pid: number | undefined): UsageError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new UsageError('RUN_LOCKED', `The run in ${folder} is being continued by ${who}.`, {
    hint: 'Wait until it has ended, or start a run of its own.',
  });
}
