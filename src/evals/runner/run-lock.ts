import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
 * Takes the lock of a run folder, which is made when missing: a file with this process's id and, where `/proc` has it, the
 * time it started. One whose process is gone is taken over, also when its id has been given to another process since.
 * `runExperiment` does this itself unless it is handed the lock.
 *
 * @throws UsageError `RUN_LOCKED` when a living process holds it.
 */
export async function acquireRunLock(folder: string): Promise<RunLock> {
  const path = join(folder, LOCK_FILE);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  const [, id, started] = /^(\d+)(?: (\d+))?\s*$/.exec(text) ?? [];
  if (id === undefined) return undefined;
  const pid = Number(id);
  if (pid === process.pid) return held.has(path) ? pid : undefined;
  if (!isAlive(pid)) return undefined;
  const startedNow = startTime(pid);
  const isAnother = started !== undefined && startedNow !== undefined && started !== startedNow;
  return isAnother ? undefined : pid;
}

function create(path: string): boolean {
  try {
    const started = startTime(process.pid);
    const holder = started === undefined ? `${process.pid}` : `${process.pid} ${started}`;
    writeFileSync(path, `${holder}\n`, { flag: 'wx', mode: 0o600 });
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

/**
 * When a process started, in clock ticks since the machine did: field 22 of `/proc/<pid>/stat` (proc_pid_stat(5)).
 * Undefined where there is no such file. The second field is the program's name in brackets and may hold anything.
 */
function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // Another system, or a process that has just gone: its id alone says whose lock it is.
    return undefined;
  }
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function locked(folder: string, pid: number | undefined): UsageError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new UsageError('RUN_LOCKED', `The run in ${folder} is being continued by ${who}.`, {
    hint: 'Wait until it has ended, or start a run of its own.',
  });
}
