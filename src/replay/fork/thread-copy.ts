import { type BaseCheckpointSaver, type CheckpointTuple, MemorySaver } from '@langchain/langgraph';
import type { TaskWrite } from './pending-writes.ts';
import type { ThreadCheckpoint } from './thread.ts';

/**
 * The version after another one: integers count up; text such as `00000007.0.123` counts its leading digits up and keeps
 * their width, so that versions still sort as text.
 */
export function nextVersion(current: number | string | undefined): number | string {
  if (typeof current !== 'string') return (current ?? 0) + 1;
  const digits = /^\d+/.exec(current)?.[0] ?? '';
  return `${String(Number(digits) + 1).padStart(digits.length, '0')}.0`;
}

/** One checkpoint to copy, with the writes it is to have. */
export interface CopiedCheckpoint {
  readonly checkpoint: ThreadCheckpoint;
  readonly tuple: CheckpointTuple;
  readonly writes: readonly TaskWrite[];
}

/** Puts checkpoints, oldest first, into a thread in memory: ids, parents, versions and namespaces stay as they are. */
export async function copyThread(
  threadId: string,
  checkpoints: readonly CopiedCheckpoint[],
): Promise<BaseCheckpointSaver> {
  const copy = new MemorySaver();
  // Some checkpointers use text for versions, which MemorySaver would refuse to count on from.
  copy.getNextVersion = nextVersion as MemorySaver['getNextVersion'];
  for (const copied of checkpoints) await put(copy, threadId, copied);
  return copy;
}

async function put(
  copy: MemorySaver,
  threadId: string,
  { checkpoint: { id, namespace, parentId }, tuple, writes }: CopiedCheckpoint,
): Promise<void> {
  const place = { thread_id: threadId, checkpoint_ns: namespace };
  await copy.put(
    { configurable: parentId === undefined ? place : { ...place, checkpoint_id: parentId } },
    // What older formats keep with the parent, a checkpointer adds when it reads; MemorySaver would look for it again.
    { ...tuple.checkpoint, v: Math.max(4, tuple.checkpoint.v) },
    tuple.metadata ?? NO_METADATA,
  );
  const byTask = [...Map.groupBy(writes, ([taskId]) => taskId)];
  for (const [index, [taskId, own]] of byTask.entries()) {
    await copy.putWrites(
      { configurable: { ...place, checkpoint_id: id } },
      own.map(([, channel, value]) => [channel, value]),
      taskId,
      // Writes are read back by the path of their task. Savers give them in the order in which they are to be applied.
      String(index).padStart(8, '0'),
    );
  }
}

const NO_METADATA: NonNullable<CheckpointTuple['metadata']> = { source: 'loop', step: 0, parents: {} };
