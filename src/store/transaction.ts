import type { DatabaseSync } from 'node:sqlite';

/**
 * Runs `work` between BEGIN and COMMIT, and undoes it when it throws.
 *
 * @param mode `read`: one consistent view. `write`: takes the write lock at once, so that a busy store is noticed before
 *   any work is done and never in the middle.
 */
export function transaction<Result>(db: DatabaseSync, mode: 'read' | 'write', work: () => Result): Result {
  db.exec(mode === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (thrown) {
    try {
      db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does on a full disk: the first error is the one to report.
    }
    throw thrown;
  }
}
