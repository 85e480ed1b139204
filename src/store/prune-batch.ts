import type { DatabaseSync } from 'node:sqlite';

/**
 * Limits of one step, in which the thread and every other writer wait: the first one reached ends it. A trace that is over
 * them by itself is removed alone.
 */
const BATCH = { spans: 100, bytes: 512 * 1024 };

/** Pages handed back in one step. Moving one out of the way takes a few microseconds. */
const PAGES = 256;

/** Which traces are old: those that started before a moment, of one project where it is named. */
export interface OldTraces {
  readonly beforeMs: number;
  readonly project?: string | undefined;
}

const DELETE = 'DELETE FROM traces WHERE id = ?';

function oldTraces({ beforeMs, project }: OldTraces): { from: string; values: (string | number)[] } {
  const ofProject = project === undefined ? '' : 't.project = ? AND';
  return {
    from: `
      FROM traces AS t
      WHERE ${ofProject} t.start_time_ms < ? AND NOT EXISTS (SELECT 1 FROM pins AS p WHERE p.trace_id = t.id)`,
    values: project === undefined ? [beforeMs] : [project, beforeMs],
  };
}

/** How many of these traces are not pinned. */
export function matchingCount(db: DatabaseSync, old: OldTraces): number {
  const { from, values } = oldTraces(old);
  return Number(db.prepare(`SELECT count(*) AS count ${from}`).get(...values)?.['count']);
}

/** Deletes the oldest of these traces that are not pinned, as many as one step takes. To be called inside a transaction. */
export function deleteBatch(
  db: DatabaseSync,
  old: OldTraces,
): { readonly removed: number; readonly isLast: boolean } {
  const ids: string[] = [];
  let spans = 0;
  let bytes = 0;
  let isLast = true;
  const { from, values } = oldTraces(old);
  // The size is in the head of each row, so that payloads are not read for it.
  const oldest = `
    SELECT t.id, t.span_count AS spans,
      (SELECT total(octet_length(s.record)) FROM spans AS s WHERE s.trace_id = t.id) AS bytes
    ${from} ORDER BY t.start_time_ms, t.id`;
  for (const row of db.prepare(oldest).iterate(...values)) {
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
