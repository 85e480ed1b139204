import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph';
import { isRecord } from '../../core/index.ts';
import type { SqlSession } from './sql-session.ts';

/** One checkpoint of a thread: what a fork point is found by, and a way to the rest. */
export interface ThreadCheckpoint {
  readonly id: string;
  /** Of the graph it belongs to: empty for the outermost one, else `node:<taskId>`, nested ones joined by `|`. */
  readonly namespace: string;
  /** Checkpoint it was made from; undefined for the first of its namespace. */
  readonly parentId: string | undefined;
  /** Checkpoint of the outermost graph that it was made under; undefined where that is not known. */
  readonly rootId: string | undefined;
  /** Superstep it closes, from -1 for the input. */
  readonly step: number | undefined;
  /** When it was made, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** Version of each channel. */
  readonly versions: Readonly<Record<string, number | string>>;
  /** Tasks that have written behind it. */
  readonly writers: ReadonlySet<string>;
  /** Its values and writes. */
  readonly tuple: () => Promise<CheckpointTuple>;
}

/** Every checkpoint of a thread in all its namespaces, oldest first. Empty when the checkpointer has no such thread. */
export async function readThread(
  // biome-ignore lint/suspicious/noExplicitAny: savers differ in their type of versions, and only any accepts them all
  saver: BaseCheckpointSaver<any>,
  threadId: string,
): Promise<readonly ThreadCheckpoint[]> {
  const checkpoints: ThreadCheckpoint[] = [];
  for await (const tuple of saver.list({ configurable: { thread_id: threadId } })) {
    const { checkpoint, metadata, pendingWrites = [] } = tuple;
    checkpoints.push({
      id: checkpoint.id,
      namespace: String(tuple.config.configurable?.['checkpoint_ns'] ?? ''),
      parentId: textOf(tuple.parentConfig?.configurable?.['checkpoint_id']),
      rootId: textOf(metadata?.parents?.['']),
      step: metadata?.step,
      timeMs: Date.parse(checkpoint.ts),
      versions: checkpoint.channel_versions,
      writers: new Set(pendingWrites.map(([taskId]) => taskId)),
      tuple: async () => tuple,
    });
  }
  // Ids are UUIDs of version 6: their text sorts by time.
  return checkpoints.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/**
 * The same of the tables of a PostgresSaver, without the values: a thread of many turns holds its whole conversation once
 * per step, and a fork needs a few checkpoints of it.
 *
 * @param saver Reads one checkpoint when it is asked for.
 */
export async function indexThread(
  session: SqlSession,
  schema: string,
  // biome-ignore lint/suspicious/noExplicitAny: savers differ in their type of versions, and only any accepts them all
  saver: BaseCheckpointSaver<any>,
  threadId: string,
): Promise<readonly ThreadCheckpoint[]> {
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  const rows = await session.rows(
    `SELECT c.checkpoint_id, c.checkpoint_ns, c.parent_checkpoint_id, c.checkpoint->'channel_versions' AS versions,
       c.checkpoint->>'ts' AS ts, c.metadata->'step' AS step, c.metadata->'parents'->>'' AS root_id,
       (SELECT json_agg(DISTINCT w.task_id) FROM ${quoted}.checkpoint_writes w WHERE w.thread_id = c.thread_id
          AND w.checkpoint_ns = c.checkpoint_ns AND w.checkpoint_id = c.checkpoint_id) AS writers
     FROM ${quoted}.checkpoints c WHERE c.thread_id = $1 ORDER BY c.checkpoint_id COLLATE "C"`,
    [threadId],
  );
  return rows.map((row): ThreadCheckpoint => {
    const id = String(row['checkpoint_id']);
    const namespace = String(row['checkpoint_ns']);
    const { versions, writers, step } = row;
    return {
      id,
      namespace,
      parentId: textOf(row['parent_checkpoint_id']),
      rootId: textOf(row['root_id']),
      step: typeof step === 'number' ? step : undefined,
      timeMs: Date.parse(String(row['ts'])),
      versions: isRecord(versions) ? (versions as ThreadCheckpoint['versions']) : {},
      writers: new Set(Array.isArray(writers) ? writers.map(String) : []),
      tuple: async () => {
        const place = { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: id };
        const tuple = await saver.getTuple({ configurable: place });
        if (tuple === undefined) throw new TypeError(`Checkpoint ${id} is in the index of its thread alone.`);
        return tuple;
      },
    };
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
