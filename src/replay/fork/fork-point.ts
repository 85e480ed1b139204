import { errorMessage, NoVerdictError, type Trace } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import type { FailingPath, PathStep } from './failing-path.ts';
import { keptWrites } from './pending-writes.ts';
import type { ThreadCheckpoint } from './thread.ts';
import { type CopiedCheckpoint, copyThread } from './thread-copy.ts';

/** The checkpoint at which each graph around the failing node stood when it failed. */
export interface ForkPoint {
  /** By namespace; the outermost graph's, under the empty text, is always there. */
  readonly heads: ReadonlyMap<string, ThreadCheckpoint>;
  /** The deepest of them: the checkpoint of the graph that the failing node is in. */
  readonly deepest: ThreadCheckpoint;
}

/**
 * Finds the checkpoints that the failing tasks belong to. A task's error or writes are stored under its id; where a
 * process died before it could store them, the ids that the patched graph gives its tasks at each fitting checkpoint are
 * compared.
 *
 * @throws NoVerdictError `FORK_CHECKPOINT_GONE` when the outermost graph's checkpoint is not in the thread.
 */
export async function findForkPoint(
  graph: ReplayableGraph,
  path: FailingPath,
  thread: readonly ThreadCheckpoint[],
): Promise<ForkPoint> {
  const heads = new Map<string, ThreadCheckpoint>();
  let deepest: ThreadCheckpoint | undefined;
  for (const step of path.steps) {
    const found = byWrites(step, thread) ?? (await byTaskIds(graph, path.threadId, step, thread));
    if (found === undefined) {
      if (deepest === undefined) throw gone(path, step, thread);
      // A task inside of a node, or a subgraph that keeps no checkpoints: it starts anew with the node around it.
      continue;
    }
    if (!heads.has(found.namespace)) heads.set(found.namespace, found);
    deepest = found;
  }
  if (deepest === undefined) throw gone(path, path.steps[0], thread);
  return { heads, deepest };
}

function byWrites(step: PathStep, thread: readonly ThreadCheckpoint[]): ThreadCheckpoint | undefined {
  return thread.find(({ writers }) => writers.has(step.taskId));
}

/** Checkpoints that a graph is asked for its tasks at, the newest first. */
const MAX_TRIED = 20;

async function byTaskIds(
  graph: ReplayableGraph,
  threadId: string,
  { namespace, taskId, span, node }: PathStep,
  thread: readonly ThreadCheckpoint[],
): Promise<ThreadCheckpoint | undefined> {
  // In a subgraph the last checkpoint before the end of the node is the one: nothing there was stored after it.
  const own = thread.filter((checkpoint) => checkpoint.namespace === namespace);
  const fitting = own.filter(({ step }) => span?.step === undefined || step === span.step - 1);
  if (namespace !== '') return fitting.at(-1);
  const copy = graph.withConfig({}) as ReplayableGraph;
  const before = fitting.filter(({ timeMs }) => span === undefined || timeMs <= span.endTimeMs);
  for (const checkpoint of before.slice(-MAX_TRIED).toReversed()) {
    const tuple = await checkpoint.tuple();
    copy.checkpointer = await copyThread(threadId, [{ checkpoint, tuple, writes: [] }]);
    const config = { configurable: { thread_id: threadId, checkpoint_ns: '', checkpoint_id: checkpoint.id } };
    const { tasks } = await copy.getState(config).catch((error: unknown) => {
      throw new NoVerdictError(
        'FORK_STATE_UNREADABLE',
        `The patched graph cannot read checkpoint ${checkpoint.id} of node ${JSON.stringify(node)}: ${errorMessage(error)}`,
        {
          hint: 'Its state does not fit what was stored. Replay the run from its input instead: leave --from-failure out.',
          cause: error,
        },
      );
    });
    if (tasks.some(({ id }) => id === taskId)) return checkpoint;
  }
  return undefined;
}

function gone(path: FailingPath, step: PathStep, thread: readonly ThreadCheckpoint[]): NoVerdictError {
  const roots = thread.filter(({ namespace }) => namespace === '');
  const which = `The checkpoint at which node ${JSON.stringify(step.node)} failed is not in thread ${path.threadId} any more`;
  const [only] = roots;
  const why =
    roots.length === 1 && only?.parentId === undefined
      ? 'it holds its last checkpoint alone, as with durability "exit"'
      : `it holds ${roots.length} ${roots.length === 1 ? 'checkpoint' : 'checkpoints'} of other steps: it was pruned, or written with another checkpointer`;
  return new NoVerdictError('FORK_CHECKPOINT_GONE', `${which}: ${why}.`, {
    hint: 'Replay the run from its input instead: leave --from-failure out. To be able to go on from failures, keep checkpoints (durability "async" or "sync") for as long as traces.',
  });
}

/** What is copied of a thread, and what that means for the tasks of the failing steps. */
export interface CopyPlan {
  readonly checkpoints: readonly CopiedCheckpoint[];
  /** Siblings of failing tasks that had finished and are kept. */
  readonly finished: readonly string[];
  /** Siblings that may have finished and run again. */
  readonly again: readonly string[];
}

/**
 * Plans the copy of a thread as it was when the run failed: nothing newer than the fork point in the namespaces on the way
 * to the failing node, nothing from after the end of the run elsewhere, and of the pending writes at the fork point those
 * of finished tasks alone. The fork point then is the head of its thread: resumed from there, LangGraph runs the tasks
 * that are left, where an older checkpoint would run its whole step again.
 *
 * Of each namespace its head is enough, and of those beside the way only the ones that the step of the fork point uses:
 * subgraphs of its tasks, and subgraphs that keep their thread across runs. A state that is kept as changes needs every
 * checkpoint.
 */
export async function planCopy(
  path: FailingPath,
  point: ForkPoint,
  thread: readonly ThreadCheckpoint[],
  { trace, hasRouter, keepsChanges }: CopyRules,
): Promise<CopyPlan> {
  const failed = new Set(path.steps.map(({ taskId }) => taskId));
  const spans = trace.spans.filter(({ type }) => type === 'node');
  const spanOf = (taskId: string) => spans.find(({ checkpointNs }) => checkpointNs?.endsWith(`:${taskId}`));
  const then = thread.filter((checkpoint) => {
    const head = point.heads.get(checkpoint.namespace);
    return head === undefined ? checkpoint.timeMs <= trace.endTimeMs : checkpoint.id <= head.id;
  });
  // Oldest first: what is left of each namespace is its head.
  const heads = new Map(then.map((checkpoint) => [checkpoint.namespace, checkpoint]));
  const root = point.heads.get('');
  const isUsed = ({ namespace, rootId }: ThreadCheckpoint) =>
    point.heads.has(namespace) || !namespace.includes(':') || rootId === undefined || rootId === root?.id;
  const finished: string[] = [];
  const again: string[] = [];
  const checkpoints: CopiedCheckpoint[] = [];
  for (const checkpoint of keepsChanges
    ? then
    : then.filter((one) => heads.get(one.namespace) === one && isUsed(one))) {
    const tuple = await checkpoint.tuple();
    const writes = tuple.pendingWrites ?? [];
    const { namespace, id } = checkpoint;
    if (heads.get(namespace) !== checkpoint) {
      checkpoints.push({ checkpoint, tuple, writes });
      continue;
    }
    const kept = keptWrites(writes, {
      failed,
      outcomeOf: (taskId) => spanOf(taskId)?.outcome,
      hasRouter: (taskId) => {
        const span = spanOf(taskId);
        return span === undefined || hasRouter(span.node ?? span.name);
      },
      wentOn: thread.some((other) => other.parentId === id && other.namespace === namespace),
    });
    if (point.heads.has(namespace)) {
      finished.push(...kept.finished.map((taskId) => spanOf(taskId)?.name ?? taskId));
      again.push(...kept.again.map((taskId) => spanOf(taskId)?.name ?? taskId));
    }
    checkpoints.push({ checkpoint, tuple, writes: kept.writes });
  }
  return { checkpoints, finished, again };
}

/** What {@link planCopy} has to know beside the thread. */
export interface CopyRules {
  readonly trace: Trace;
  /** Whether a node chooses by a function where the graph goes on. */
  readonly hasRouter: (node: string) => boolean;
  /** Whether the state is kept as changes from one checkpoint to the next, so that it is read from all of them. */
  readonly keepsChanges: boolean;
}
