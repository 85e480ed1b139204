import { isRecord } from '../../../core/index.ts';
import type { SqlSession } from '../sql-session.ts';
import { damagedChannels, type VersionedCheckpoint, versionCollisions } from '../version-collisions.ts';
import type {
  Bucket,
  CheckpointFacts,
  DamagedThread,
  IndexGap,
  Orphans,
  Skipped,
  TableSize,
} from './checkpoint-facts.ts';
import { bucketTimeMs, uuid6From } from './uuid6-time.ts';

/** Tables with more rows than this are sampled. */
const SAMPLE_ABOVE_ROWS = 200_000;
/** Threads looked at of sampled tables. */
const SAMPLED_THREADS = 2_000;
/** Checkpoints whose versions are compared, of each batch of threads that have branches. */
const THREADS_PER_BATCH = 100;
/** A run that goes on can store writes a moment before their checkpoint. Values are stored together with theirs. */
const SETTLING_MS = 10 * 60_000;

const TABLES = ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes'] as const;
const KEYS: Readonly<Record<(typeof TABLES)[number], readonly string[]>> = {
  checkpoints: ['thread_id', 'checkpoint_ns', 'checkpoint_id'],
  checkpoint_blobs: ['thread_id', 'checkpoint_ns', 'channel', 'version'],
  checkpoint_writes: ['thread_id', 'checkpoint_ns', 'checkpoint_id', 'task_id', 'idx'],
};

/** Where {@link postgresFacts} looks. */
export interface FactsScope {
  readonly kind: 'postgres' | 'pglite';
  readonly place: string;
  readonly schema: string;
  readonly nowMs: number;
  /** Tables with more rows are sampled. Default 200,000. */
  readonly sampleAboveRows?: number;
}

/**
 * Looks at the tables of a PostgresSaver. Reads alone; what a large table would take long for is asked of a sample of its
 * threads, and a query that exceeds the session's time limit is given up and reported as skipped.
 */
export async function postgresFacts(session: SqlSession, scope: FactsScope): Promise<CheckpointFacts> {
  const at = (table: (typeof TABLES)[number]) => `"${scope.schema.replaceAll('"', '""')}".${table}`;
  const ask = (sql: string, parameters: readonly unknown[] = []) => bounded(session, sql, parameters);
  const tables = await tableSizes(session, scope, at);
  const limit = scope.sampleAboveRows ?? SAMPLE_ABOVE_ROWS;
  const isSample = tables.some(({ rows }) => rows > limit);
  const threads = await threadIds(ask, tables, limit, at);
  const settled = uuid6From(scope.nowMs - SETTLING_MS);
  return {
    kind: scope.kind,
    place: scope.place,
    totalBytes: tables.reduce((sum, table) => sum + (table.tableBytes ?? 0) + (table.indexBytes ?? 0), 0),
    tables,
    threads: threads.length,
    isSample,
    damaged: await damagedThreads(ask, threads, at),
    orphanedWrites: orphansOf(
      await ask(
        `SELECT count(*)::int AS rows, coalesce(sum(pg_column_size(w.blob)), 0)::float8 AS bytes FROM ${at('checkpoint_writes')} w
         WHERE w.thread_id = ANY($1) AND w.checkpoint_id < $2 AND NOT EXISTS (
           SELECT 1 FROM ${at('checkpoints')} c
           WHERE c.thread_id = w.thread_id AND c.checkpoint_ns = w.checkpoint_ns AND c.checkpoint_id = w.checkpoint_id)`,
        [threads, settled],
      ),
    ),
    orphanedValues: orphansOf(
      await ask(
        `SELECT count(*)::int AS rows, coalesce(sum(pg_column_size(b.blob)), 0)::float8 AS bytes FROM ${at('checkpoint_blobs')} b
         WHERE b.thread_id = ANY($1)
           AND NOT EXISTS (
             SELECT 1 FROM ${at('checkpoints')} c WHERE c.thread_id = b.thread_id AND c.checkpoint_ns = b.checkpoint_ns
               AND c.checkpoint->'channel_versions'->>b.channel = b.version)`,
        [threads],
      ),
    ),
    indexGaps: await indexGaps(session, scope, tables, limit),
    buckets: await buckets(ask, tables, limit, at),
  };
}

type Ask = (sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[] | Skipped>;
type Row = Readonly<Record<string, unknown>>;
type At = (table: (typeof TABLES)[number]) => string;

/** One query that may be given up without the transaction being lost. */
async function bounded(
  session: SqlSession,
  sql: string,
  parameters: readonly unknown[],
): Promise<readonly Row[] | Skipped> {
  await session.rows('SAVEPOINT look');
  try {
    return await session.rows(sql, parameters);
  } catch (thrown) {
    if (!isRecord(thrown) || thrown['code'] !== 'CHECKPOINTER_SLOW') throw thrown;
    await session.rows('ROLLBACK TO SAVEPOINT look');
    return 'skipped';
  }
}

async function tableSizes(session: SqlSession, { schema }: FactsScope, at: At): Promise<TableSize[]> {
  const found = await session.rows(
    `SELECT c.relname AS name, c.reltuples::float8 AS estimate, pg_table_size(c.oid)::float8 AS bytes, pg_indexes_size(c.oid)::float8 AS index_bytes
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY($2) ORDER BY c.relname`,
    [schema, [...TABLES]],
  );
  const sizes: TableSize[] = [];
  for (const { name, estimate, bytes, index_bytes } of found) {
    const table = TABLES.find((known) => known === name);
    if (table === undefined) continue;
    // Counting reads the whole table; one of this size takes well under a second.
    const exact = Number(bytes) < 64 * 1024 * 1024;
    const [counted] = exact ? await session.rows(`SELECT count(*)::float8 AS rows FROM ${at(table)}`) : [];
    // A large table without statistics: rows of checkpoints take about a kilobyte.
    const guess = Number(estimate) >= 0 ? Number(estimate) : Number(bytes) / 1_024;
    sizes.push({
      name: table,
      rows: exact ? Number(counted?.['rows']) : Math.round(guess),
      exact,
      tableBytes: Number(bytes),
      indexBytes: Number(index_bytes),
    });
  }
  return sizes;
}

/** Ids of threads in any of the tables: all of them, or of a large table those of random pages. */
async function threadIds(
  ask: Ask,
  tables: readonly TableSize[],
  limit: number,
  at: At,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const { name, rows } of tables) {
    const table = TABLES.find((known) => known === name);
    if (table === undefined) continue;
    const sampled = sampleOf(rows, limit);
    const ids = await ask(
      `SELECT DISTINCT thread_id FROM ${at(table)} ${sampled} ${sampled === '' ? '' : `LIMIT ${SAMPLED_THREADS}`}`,
    );
    if (ids !== 'skipped') for (const { thread_id } of ids) found.add(String(thread_id));
  }
  return [...found];
}

function sampleOf(rows: number, limit: number): string {
  if (rows <= limit) return '';
  const percent = Math.max(0.001, (100 * limit) / rows);
  return `TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)`;
}

/** Only a thread that branches can have two writers of one version: most threads are done with after one cheap query. */
async function damagedThreads(
  ask: Ask,
  threads: readonly string[],
  at: At,
): Promise<readonly DamagedThread[] | Skipped> {
  const branched = await ask(
    `SELECT DISTINCT thread_id FROM (
       SELECT thread_id FROM ${at('checkpoints')} WHERE thread_id = ANY($1)
       GROUP BY thread_id, checkpoint_ns, parent_checkpoint_id HAVING count(*) > 1) AS branches ORDER BY thread_id`,
    [threads],
  );
  if (branched === 'skipped') return 'skipped';
  const ids = branched.map(({ thread_id }) => String(thread_id));
  const damaged: DamagedThread[] = [];
  for (let from = 0; from < ids.length; from += THREADS_PER_BATCH) {
    const rows = await ask(
      `SELECT thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint->'channel_versions' AS versions
       FROM ${at('checkpoints')} WHERE thread_id = ANY($1)`,
      [ids.slice(from, from + THREADS_PER_BATCH)],
    );
    if (rows === 'skipped') return 'skipped';
    for (const [threadId, own] of Map.groupBy(rows, ({ thread_id }) => String(thread_id))) {
      const damage = damageOf(threadId, own.map(versioned));
      if (damage !== undefined) damaged.push(damage);
    }
  }
  return damaged;
}

function versioned(row: Row): VersionedCheckpoint {
  const { checkpoint_id, checkpoint_ns, parent_checkpoint_id, versions } = row;
  return {
    id: String(checkpoint_id),
    namespace: String(checkpoint_ns),
    parentId: typeof parent_checkpoint_id === 'string' ? parent_checkpoint_id : undefined,
    versions: (isRecord(versions) ? versions : {}) as VersionedCheckpoint['versions'],
  };
}

/** What the collisions of a thread mean for it; undefined where it has none. */
export function damageOf(
  threadId: string,
  checkpoints: readonly VersionedCheckpoint[],
): DamagedThread | undefined {
  const collisions = versionCollisions(checkpoints);
  if (collisions.length === 0) return undefined;
  const outermost = checkpoints.filter(({ namespace }) => namespace === '');
  const head = outermost.toSorted((a, b) => (a.id < b.id ? 1 : -1))[0];
  return {
    threadId,
    channels: [...new Set(collisions.map(({ channel }) => channel))].sort(),
    checkpoints: [...new Set(collisions.flatMap(({ writers: [, ...later] }) => later))].sort(),
    isHeadDamaged: head !== undefined && damagedChannels(checkpoints, head).length > 0,
  };
}

function orphansOf(rows: readonly Row[] | Skipped): Orphans | Skipped {
  if (rows === 'skipped') return 'skipped';
  return { rows: Number(rows[0]?.['rows'] ?? 0), bytes: Number(rows[0]?.['bytes'] ?? 0) };
}

async function indexGaps(
  session: SqlSession,
  { schema }: FactsScope,
  tables: readonly TableSize[],
  limit: number,
): Promise<IndexGap[]> {
  const indexes = await session.rows(
    `SELECT t.relname AS name, i.indisunique AS is_unique,
       array_to_json(ARRAY(SELECT a.attname FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum ORDER BY k.n)) AS columns
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
     WHERE n.nspname = $1 AND t.relname = ANY($2) AND i.indisvalid AND i.indpred IS NULL`,
    [schema, [...TABLES]],
  );
  const columnsOf = (table: string) =>
    indexes
      .filter(({ name }) => name === table)
      .map(({ columns, is_unique }) => ({
        columns: columns as readonly string[],
        isUnique: is_unique === true,
      }));
  const gaps = TABLES.flatMap((table): IndexGap[] => {
    const key = KEYS[table];
    const isThere = columnsOf(table).some(
      ({ columns, isUnique }) =>
        isUnique && columns.length === key.length && key.every((name) => columns.includes(name)),
    );
    return isThere ? [] : [{ table, columns: key, kind: 'primary-key' }];
  });
  const isLarge = tables.some(({ name, rows }) => name === 'checkpoints' && rows > limit);
  const hasAge = columnsOf('checkpoints').some(({ columns }) => columns[0] === 'checkpoint_id');
  if (isLarge && !hasAge) gaps.push({ table: 'checkpoints', columns: ['checkpoint_id'], kind: 'by-age' });
  return gaps;
}

async function buckets(
  ask: Ask,
  tables: readonly TableSize[],
  limit: number,
  at: At,
): Promise<readonly Bucket[] | Skipped> {
  const total = tables.find(({ name }) => name === 'checkpoints')?.rows ?? 0;
  const found = await ask(
    `SELECT substr(checkpoint_id, 1, 6) AS bucket, count(*)::float8 AS checkpoints
     FROM ${at('checkpoints')} ${sampleOf(total, limit)} GROUP BY 1 ORDER BY 1`,
  );
  if (found === 'skipped') return 'skipped';
  const seen = found.reduce((sum, { checkpoints }) => sum + Number(checkpoints), 0);
  return found.flatMap(({ bucket, checkpoints }) => {
    const fromMs = bucketTimeMs(String(bucket));
    return fromMs === undefined ? [] : [{ fromMs, checkpoints: (Number(checkpoints) * total) / seen }];
  });
}
