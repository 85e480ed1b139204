import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrorCode } from '../../core/index.ts';
import { type FileLock, tryFileLock } from '../../store/index.ts';

const LOCK_FILE = 'lock';
const CURSORS_FILE = 'cursors';
const SEGMENT_NAME = /^\d{12}\.seg$/;

/** A lane's folder while this process holds it. Nobody else reads or writes in it. */
export class LaneFolder {
  readonly path: string;
  private readonly lock: FileLock;

  private constructor(path: string, lock: FileLock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Takes a folder, which is made when missing. Undefined when somebody else holds it or is removing it.
   *
   * @throws system errors and those of SQLite, which holds the lock.
   */
  static take(path: string): LaneFolder | undefined {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return LaneFolder.adopt(path);
  }

  /** Takes a folder that is there. Undefined when somebody holds it, or it has just been removed. */
  static adopt(path: string): LaneFolder | undefined {
    const lockPath = join(path, LOCK_FILE);
    let lock: FileLock | undefined;
    try {
      lock = tryFileLock(lockPath);
    } catch (thrown) {
      if (!existsSync(path)) return undefined;
      throw thrown;
    }
    if (lock === undefined) return undefined;
    // Somebody may have removed the folder between the opening of the file and the lock.
    if (existsSync(lockPath)) return new LaneFolder(path, lock);
    lock.release();
    return undefined;
  }

  get cursorsPath(): string {
    return LaneFolder.cursorsPathIn(this.path);
  }

  /** Where the cursors of a lane in a folder are, whoever holds it. */
  static cursorsPathIn(path: string): string {
    return join(path, CURSORS_FILE);
  }

  /** Path of the segment whose first record has this sequence. */
  segmentPath(firstSequence: number): string {
    return join(this.path, `${String(firstSequence).padStart(12, '0')}.seg`);
  }

  /** Whether a file of the folder is a segment. */
  static isSegment(name: string): boolean {
    return SEGMENT_NAME.test(name);
  }

  /** Lets go of the folder and leaves it where it is. Idempotent. */
  release(): void {
    this.lock.release();
  }

  /** Removes the folder and lets go of it. Whoever finds a half of it later finishes the job. @throws system errors. */
  remove(): void {
    rmSync(this.cursorsPath, { force: true });
    // Still held while it goes: nobody can take an empty folder for one to write into.
    rmSync(join(this.path, LOCK_FILE), { force: true });
    rmSync(join(this.path, `${LOCK_FILE}-journal`), { force: true });
    try {
      rmdirSync(this.path);
    } catch (thrown) {
      // Another process has put its own lock into it meanwhile, or has removed it.
      if (!hasErrorCode(thrown, 'ENOTEMPTY') && !hasErrorCode(thrown, 'ENOENT')) throw thrown;
    } finally {
      this.lock.release();
    }
  }
}
