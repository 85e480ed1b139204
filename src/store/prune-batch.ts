import type { DatabaseSync } from 'node:sqlite';

/**
 * Limits of one step, in which the thread and every other writer wait: the first one reached ends it. A trace that is over
 * them by itself is removed alone.
 */
const BATCH = { spans: 100, bytes: 512 * 1024 };

/** Pages handed back in one step. Moving one out of the way takes a few microseconds. */
const PAGES = 256;

const OLD_TRACES = `
  FROM traces AS t
  WHERE t.start_time_ms < ? AND NOT EXISTS (SELECT 1 FROM pins AS p WHERE p.trace_id = t.id)`;
const COUNT = `SELECT count(*) AS count ${OLD_TRACES}`;
// The size is in the head of each row, so that payloads are not read for it.
const OLDEST = `
  SELECT t.id, t.span_count AS spans,
    (SELECT total(octet_length(s.record)) FROM spans AS s WHERE s.trace_id = t.id) AS bytes
  ${OLD_TRACES} ORDER BY t.start_time_ms, t.id`;
const DELETE = 'DELETE FROM traces WHERE id = ?';

/** How many traces started before a moment and are not pinned. */
export function matchingCount(db: DatabaseSync, beforeMs: number): number {
  return Number(db.prepare(COUNT).get(beforeMs)?.['count']);
}

/** Deletes the oldest of these traces, as many as one step takes. To be called inside a transaction. */
export function deleteBatch(
  db: DatabaseSync,
  beforeMs: number,
): { readonly removed: number; readonly isLast: boolean } {
  const ids: string[] = [];
  let spans = 0;
  let bytes = 0;
  let isLast = true;
  for (const row of db.prepare(OLDEST).iterate(beforeMs)) {
    spans += Number(row['spans']);
    bytes += Number(row['bytes']);
    if (ids.length > 0 && (spans > BATCH.spans || bytes > BATCH.bytes)) {
      isLast = false;
      break;
    }
    ids.push(String(row['id']));
  }
  const statement = db.prepare(DELETE);
  for (const id of ids) statement.run(id);
  return { removed: ids.length, isLast };
}

/**
 * Gives some of the database's free pages back to the file system; the file shrinks when the log is next written into it.
 *
 * @returns Whether there are more and another call would get on with them.
 */
export function handBackSpace(db: DatabaseSync): boolean {
  const before = freePages(db);
  if (before === 0) return false;
  // exec and not a statement: each step of a statement frees one page only.
  db.exec(`PRAGMA incremental_vacuum(${PAGES})`);
  const after = freePages(db);
  return after > 0 && after < before;
}

function freePages(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA freelist_count').get()?.['freelist_count']);
}
