import { loadSqlite } from './sqlite-module.ts';
import { isBusy } from './store-error.ts';

/** A lock that a process holds until it lets go of it or ends, however it ends. */
export interface FileLock {
  /** Idempotent. */
  release(): void;
}

/**
 * Takes the lock of a file, which is made when missing; its folder must be there. Undefined when somebody holds it:
 * another process, or another part of this one.
 *
 * The lock is SQLite's reserved lock on an empty database, which the kernel releases when its process dies. Unlike a file
 * that names a process id it is never left behind, it needs no guess whether an id has been given away since, and it holds
 * between containers that share a volume, where ids mean nothing. The file must not be opened in any other way: on POSIX
 * systems closing any descriptor of it would release the lock.
 */
export function tryFileLock(path: string): FileLock | undefined {
  const { DatabaseSync } = loadSqlite();
  const db = new DatabaseSync(path);
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (thrown) {
    db.close();
    if (isBusy(thrown)) return undefined;
    throw thrown;
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      db.close();
    },
  };
}
