import type { DatabaseSync } from 'node:sqlite';
import type { CheckpointFacts, IndexGap } from './checkpoint-facts.ts';
import { bucketTimeMs, uuid6From } from './uuid6-time.ts';

const SETTLING_MS = 10 * 60_000;

const KEYS = {
  checkpoints: ['thread_id', 'checkpoint_ns', 'checkpoint_id'],
  writes: ['thread_id', 'checkpoint_ns', 'checkpoint_id', 'task_id', 'idx'],
} as const;

/** Looks at the tables of a SqliteSaver. Reads alone. Values are stored with their checkpoints, so none can collide. */
export function sqliteFacts(
  database: DatabaseSync,
  { place, nowMs }: { readonly place: string; readonly nowMs: number },
): CheckpointFacts {
  const one = (sql: string, ...parameters: readonly (string | number)[]) =>
    database.prepare(sql).get(...parameters) ?? {};
  const count = (table: string) => Number(one(`SELECT count(*) AS rows FROM ${table}`)['rows']);
  const pages = Number(one('PRAGMA page_count')['page_count']);
  const orphans = one(
    `SELECT count(*) AS rows, coalesce(sum(length(w.value)), 0) AS bytes FROM writes w
     WHERE w.checkpoint_id < ? AND NOT EXISTS (SELECT 1 FROM checkpoints c
       WHERE c.thread_id = w.thread_id AND c.checkpoint_ns = w.checkpoint_ns AND c.checkpoint_id = w.checkpoint_id)`,
    uuid6From(nowMs - SETTLING_MS),
  );
  const threads = one(
    'SELECT count(*) AS rows FROM (SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes)',
  );
  const buckets = database
    .prepare(
      'SELECT substr(checkpoint_id, 1, 6) AS bucket, count(*) AS checkpoints FROM checkpoints GROUP BY 1 ORDER BY 1',
    )
    .all();
  return {
    kind: 'sqlite',
    place,
    totalBytes: pages * Number(one('PRAGMA page_size')['page_size']),
    tables: Object.keys(KEYS).map((name) => ({
      name,
      rows: count(name),
      exact: true,
      tableBytes: undefined,
      indexBytes: undefined,
    })),
    threads: Number(threads['rows']),
    isSample: false,
    damaged: undefined,
    orphanedWrites: { rows: Number(orphans['rows']), bytes: Number(orphans['bytes']) },
    orphanedValues: undefined,
    indexGaps: Object.entries(KEYS).flatMap(([table, key]): IndexGap[] => {
      const columns = database.prepare(`PRAGMA table_info(${table})`).all();
      const keyed = columns.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
      return key.every((name) => keyed.includes(name)) ? [] : [{ table, columns: key, kind: 'primary-key' }];
    }),
    buckets: buckets.flatMap(({ bucket, checkpoints }) => {
      const fromMs = bucketTimeMs(String(bucket));
      return fromMs === undefined ? [] : [{ fromMs, checkpoints: Number(checkpoints) }];
    }),
  };
}
