import type { DatabaseSync } from 'node:sqlite';
import { storeForeign, storeTooNew } from './store-error.ts';
import { transaction } from './transaction.ts';

/** "SLUC": marks the file as a trace store, so that the database of another program is never written to. */
const APPLICATION_ID = 0x534c5543;

/**
 * Each entry takes the store from the format before it to its own number, which is its place in the list counted from 1.
 * Entries are never changed once released; a new format is a new entry.
 *
 * `record` holds the JSON that is parsed on read and is the truth; the other columns repeat what is searched by.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE traces (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    thread_id TEXT,
    outcome TEXT NOT NULL,
    start_time_ms REAL NOT NULL,
    end_time_ms REAL NOT NULL,
    reason TEXT NOT NULL,
    weight REAL NOT NULL,
    span_count INTEGER NOT NULL,
    error TEXT,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX traces_by_start ON traces (start_time_ms, id);
  CREATE INDEX traces_by_outcome ON traces (outcome, start_time_ms, id);
  CREATE INDEX traces_by_name ON traces (name, start_time_ms, id);
  CREATE INDEX traces_by_thread ON traces (thread_id, start_time_ms, id) WHERE thread_id IS NOT NULL;
  CREATE TABLE spans (
    trace_id TEXT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (trace_id, position)
  ) STRICT;
  CREATE INDEX spans_by_id ON spans (id);
  `,
  // No reference to traces: a trace that is delivered again is removed and inserted, and keeps its pin.
  `
  CREATE TABLE pins (
    trace_id TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    pinned_at_ms REAL NOT NULL
  ) STRICT;
  `,
  // Every project that traces were written for has a row in projects, so that none is looked for among the traces. Of
  // max_age_ms, NULL says that nobody has set it, 0 that its traces stay. Only an interrupt is looked up by its checkpoint.
  `
  ALTER TABLE traces ADD COLUMN project TEXT NOT NULL DEFAULT 'default';
  ALTER TABLE traces ADD COLUMN checkpoint_id TEXT;
  UPDATE traces SET checkpoint_id = record ->> '$.checkpointId'
    WHERE outcome = 'interrupted' AND json_valid(record);
  CREATE INDEX traces_by_project ON traces (project, start_time_ms, id);
  CREATE INDEX traces_by_checkpoint ON traces (checkpoint_id) WHERE checkpoint_id IS NOT NULL;
  CREATE TABLE projects (name TEXT NOT NULL PRIMARY KEY, max_age_ms REAL) STRICT;
  INSERT INTO projects (name) SELECT 'default' WHERE EXISTS (SELECT 1 FROM traces);
  `,
  // What stands in several places of the spans of a trace; a trace of an older format, or without such, has no row.
  `
  CREATE TABLE shared_parts (
    trace_id TEXT NOT NULL PRIMARY KEY REFERENCES traces (id) ON DELETE CASCADE,
    record TEXT NOT NULL
  ) STRICT;
  `,
];

/**
 * For each format from 1 on, in the same order: what a connection that may not change the file needs so that the queries of
 * the next format run on it. Only temporary tables and views: they are the connection's own.
 */
const READ_SHIMS: readonly string[] = [
  'CREATE TEMP TABLE pins (trace_id TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL, pinned_at_ms REAL NOT NULL) STRICT',
  `
  CREATE TEMP VIEW traces AS
    SELECT *, 'default' AS project,
      CASE WHEN outcome = 'interrupted' AND json_valid(record) THEN record ->> '$.checkpointId' END AS checkpoint_id
    FROM main.traces;
  CREATE TEMP TABLE projects (name TEXT NOT NULL PRIMARY KEY, max_age_ms REAL) STRICT;
  INSERT INTO projects (name) SELECT 'default' WHERE EXISTS (SELECT 1 FROM main.traces);
  `,
  'CREATE TEMP TABLE shared_parts (trace_id TEXT NOT NULL PRIMARY KEY, record TEXT NOT NULL) STRICT',
];

/** The newest format this program reads and writes. */
export const STORE_FORMAT = MIGRATIONS.length;

/**
 * The format of the store: 0 for a database without tables.
 *
 * @throws UsageError `STORE_TOO_NEW` or `STORE_FOREIGN`.
 */
export function storeFormat(db: DatabaseSync, path: string): number {
  // One view for all three questions: a store that another process is making must not look foreign half way.
  return transaction(db, 'read', () => checkedFormat(db, path));
}

/** Brings the store to {@link STORE_FORMAT}; of several processes that try at once, one does the work. */
export function migrate(db: DatabaseSync, path: string): void {
  if (storeFormat(db, path) === STORE_FORMAT) return;
  transaction(db, 'write', () => {
    // Asked again under the lock: another process may have been faster.
    for (const migration of MIGRATIONS.slice(checkedFormat(db, path))) db.exec(migration);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${STORE_FORMAT};`);
  });
}

/** Makes an older store readable through this connection, and leaves the file as it is. */
export function makeReadable(db: DatabaseSync, format: number): void {
  for (const shim of READ_SHIMS.slice(format - 1)) db.exec(shim);
}

function checkedFormat(db: DatabaseSync, path: string): number {
  const format = pragma(db, 'user_version');
  const applicationId = pragma(db, 'application_id');
  const isBlank = applicationId === 0 && format === 0 && !hasTables(db);
  if (applicationId !== APPLICATION_ID && !isBlank) throw storeForeign(path);
  if (format > STORE_FORMAT) throw storeTooNew(path, format, STORE_FORMAT);
  return format;
}

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function hasTables(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}
