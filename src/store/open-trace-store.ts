import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import {
  type Clock,
  hasErrorCode,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
} from '../core/index.ts';
import { retryWhileBusy } from './busy-retry.ts';
import { MemoryTraceStore } from './memory-trace-store.ts';
import { makeReadable, migrate, storeFormat } from './migrations.ts';
import { loadSqlite } from './sqlite-module.ts';
import { SqliteTraceStore } from './sqlite-trace-store.ts';
import { isCannotOpen, storeError, storeIsFolder, storeOpenedReadOnly } from './store-error.ts';
import type { TraceStore } from './trace-store.ts';

/** Options of {@link openTraceStore}. */
export interface OpenTraceStoreOptions {
  /** The database file, absolute. Its folder is made (mode 0700) when it is missing; the file gets mode 0600. */
  readonly path: string;
  /**
   * Opens for reading only: makes nothing and changes nothing. A file that does not exist holds no traces, so it opens
   * as an empty store. Default false.
   */
  readonly readOnly?: boolean;
  /**
   * Makes the file when it is missing. False leaves the disk as it is then and opens an empty store, for work on what is
   * there already. Default true.
   */
  readonly create?: boolean;
  /** How long a call waits for another process to let go of the store, in milliseconds. Default 10,000. */
  readonly busyTimeoutMs?: number;
  /** Default: the machine's clock. A call that waits keeps the process alive until it is done or its time is up. */
  readonly clock?: Clock;
  /** Spreads the retries of several waiting processes. Default `Math.random`. */
  readonly random?: Random;
  /** Told about damaged records that a list leaves out. Default: nobody. */
  readonly logger?: Logger;
}

/**
 * Opens the embedded trace store: a SQLite database in WAL mode, safe to write to from several processes at once. While
 * another process holds the lock a call waits without blocking the event loop, so that a request being traced is not
 * held up.
 *
 * @throws UsageError `STORE_UNAVAILABLE` (path or permissions), `STORE_NOT_A_DATABASE`, `STORE_FOREIGN`,
 *   `STORE_TOO_NEW`, `STORE_READ_ONLY`, `STORE_DAMAGED`.
 * @throws NoVerdictError `STORE_BUSY`, `STORE_FULL`, `STORE_IO`; {@link TraceStore.write} rejects with these, too.
 */
export async function openTraceStore(options: OpenTraceStoreOptions): Promise<TraceStore> {
  const { path, readOnly = false, create = true, logger = silentLogger } = options;
  const retry = {
    timeoutMs: options.busyTimeoutMs ?? 10_000,
    clock: options.clock ?? systemClock(),
    random: options.random ?? Math.random,
  };
  try {
    if (!create && fileSize(path) === undefined) return new EmptyTraceStore(path);
    const db = await retryWhileBusy(() => (readOnly ? openForReading(path) : openForWriting(path)), retry);
    return db === undefined
      ? new EmptyTraceStore(path)
      : new SqliteTraceStore({ db, path, readOnly, retry, logger });
  } catch (thrown) {
    throw storeError(thrown, path);
  }
}

/** Undefined when there is no store, or one that nothing has been written to. */
function openForReading(path: string): DatabaseSync | undefined {
  if (fileSize(path) === undefined) return undefined;
  // SQLite would report a folder as a failing disk.
  if (statSync(path).isDirectory()) throw storeIsFolder(path);
  const open = (location: string | URL) => {
    const db = connect(location, true);
    return closingOnError(db, () => {
      const format = storeFormat(db, path);
      if (format === 0) {
        db.close();
        return undefined;
      }
      makeReadable(db, format);
      return db;
    });
  };
  try {
    return open(path);
  } catch (thrown) {
    // In a folder that cannot be written, the files WAL mode keeps beside the database cannot be made. Without a log
    // the database is complete and nobody is writing to it, so it may be read as it is.
    if (!isCannotOpen(thrown) || (fileSize(`${path}-wal`) ?? 0) > 0) throw thrown;
    const location = pathToFileURL(path);
    location.searchParams.set('immutable', '1');
    return open(location);
  }
}

function openForWriting(path: string): DatabaseSync {
  // Traces hold what users typed: nobody else on the machine may read them. SQLite gives the files it puts beside the
  // database the mode of the database.
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  const db = connect(path, false);
  return closingOnError(db, () => {
    // A foreign or newer database is left as it is: asked before the first change.
    storeFormat(db, path);
    // A trace takes several pages of SQLite's own size, each with a checksum and two writes of its own in the log. Like the
    // next line this only has effect before the first table.
    db.exec('PRAGMA page_size = 8192');
    // Space freed by retention can then be handed back piece by piece.
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL');
    // In WAL mode this loses no consistency, and at a power cut only the last commits; it saves a sync per write.
    db.exec('PRAGMA synchronous = NORMAL');
    // In pages: what a write may have to bring into the database at once stays as much as with small ones.
    db.exec('PRAGMA wal_autocheckpoint = 500');
    migrate(db, path);
    return db;
  });
}

function connect(location: string | URL, readOnly: boolean): DatabaseSync {
  const { DatabaseSync } = loadSqlite();
  const db = new DatabaseSync(location, { readOnly });
  // SQLite waits inside the call, which blocks the event loop: only as long as a usual commit takes. Longer waits are
  // left to retryWhileBusy.
  db.exec('PRAGMA busy_timeout = 5');
  return db;
}

function closingOnError<Result>(db: DatabaseSync, work: () => Result): Result {
  try {
    return work();
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function fileSize(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}

/** What a store that does not exist looks like to a reader. */
class EmptyTraceStore extends MemoryTraceStore {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override async write(): Promise<void> {
    throw storeOpenedReadOnly(this.#path);
  }
}
