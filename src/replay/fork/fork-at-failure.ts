import type { BaseCheckpointSaver } from '@langchain/langgraph';
import { errorMessage, NoVerdictError, rootSpan, type Trace } from '../../core/index.ts';
import type { Played, ReplayableGraph, ResumePoint } from '../contract.ts';
import {
  type CheckpointSource,
  type OpenCheckpointerOptions,
  openCheckpointer,
  sourceOf,
} from './checkpoint-source.ts';
import { type FailingPath, failingPath } from './failing-path.ts';
import { type CopyPlan, type ForkPoint, findForkPoint, planCopy } from './fork-point.ts';
import { HAS_SENDS } from './server-source.ts';
import { readThread, type ThreadCheckpoint } from './thread.ts';
import { copyThread } from './thread-copy.ts';
import { damagedChannels } from './version-collisions.ts';
import { withWaitingEdges } from './waiting-edges.ts';

/** Options of {@link prepareFork}. */
export interface PrepareForkOptions extends OpenCheckpointerOptions {
  /** The failed run. */
  readonly trace: Trace;
  /** The checkpointer that its thread is in, or its URL; see {@link openCheckpointer}. It is only read. */
  // biome-ignore lint/suspicious/noExplicitAny: savers differ in their type of versions, and only any accepts them all
  readonly checkpointer: string | BaseCheckpointSaver<any>;
}

/** Where a run was forked. */
export interface ForkedAt {
  /** Checkpoint of the graph that the failing node is in. */
  readonly checkpointId: string;
  /** Its namespace; empty for the outermost graph. */
  readonly checkpointNs: string;
  /** The failing node, after the nodes around it: `outer/inner`. */
  readonly node: string;
}

/** A thread in memory that stands where the run failed. */
export interface Fork {
  /** For `graph.invoke(null)` on the patched graph with this checkpointer and thread. */
  readonly resume: ResumePoint;
  readonly forkedAt: ForkedAt;
  /** What the reader should know. */
  readonly notes: readonly string[];
}

/** Options of {@link forkAtFailure}. */
export interface ForkOptions extends PrepareForkOptions {
  /** Runs the patched graph from there on, for example `playRecorded` or `playInput` with `resume`. */
  readonly play: (graph: ReplayableGraph, resume: ResumePoint, forkedAt: ForkedAt) => Promise<Played>;
}

/** A replay from the failing node on. */
export interface Forked extends Played {
  readonly forkedAt: ForkedAt;
}

/**
 * Runs a failed run again from its failing node on a patched graph: everything before it, and what had finished beside it,
 * is kept. The thread is read from its checkpointer and copied into memory; the checkpointer is never written to.
 *
 * @throws NoVerdictError what {@link prepareFork} throws, and `FORK_NOTHING_RAN` when the graph ended without running the
 * failing node.
 */
export async function forkAtFailure(graph: ReplayableGraph, options: ForkOptions): Promise<Forked> {
  const { resume, forkedAt, notes } = await prepareFork(graph, options);
  const played = await options.play(graph, resume, forkedAt);
  const outermost = forkedAt.node.split('/', 1)[0];
  if (!played.trace.spans.some(({ type, node, name }) => type === 'node' && (node ?? name) === outermost)) {
    throw new NoVerdictError(
      'FORK_NOTHING_RAN',
      `The patched graph ended without running node ${JSON.stringify(forkedAt.node)}.`,
      { hint: 'Replay the run from its input instead: leave --from-failure out.' },
    );
  }
  return { ...played, notes: [...notes, ...played.notes], forkedAt };
}

/**
 * Copies a thread, as it was when a run failed on it, into memory, and makes sure that the patched graph goes on there with
 * the failing node.
 *
 * @throws UsageError and NoVerdictError of {@link openCheckpointer}.
 * @throws NoVerdictError `FORK_NO_FAILURE`, `FORK_NO_THREAD`, `FORK_NO_CHECKPOINT` (the trace does not tell),
 * `FORK_NODE_MISSING` (renamed or removed), `FORK_THREAD_GONE`, `FORK_CHECKPOINT_GONE`, `FORK_CHECKPOINT_DAMAGED` (it holds
 * values of another branch), `FORK_STATE_UNREADABLE`, `FORK_NODE_NOT_NEXT` (other edges), `FORK_SENDS_UNKNOWN` and
 * `FORK_ANSWER_UNKNOWN` (a LangGraph server does not tell them).
 */
export async function prepareFork(graph: ReplayableGraph, options: PrepareForkOptions): Promise<Fork> {
  const { trace, checkpointer } = options;
  const path = failingPath(trace);
  await checkNames(graph, path);
  await using source =
    typeof checkpointer === 'string' ? await openCheckpointer(checkpointer, options) : sourceOf(checkpointer);
  const thread = await (source.index ?? ((id) => readThread(source.saver, id)))(path.threadId);
  if (thread.length === 0) throw threadGone(path, source);
  const point = await findForkPoint(graph, path, thread);
  if (source.sharesValues) checkValues(thread, point, path);
  if (source.kind === 'server') await checkServer(trace, point, path);
  const plan = await planCopy(path, point, thread, {
    trace,
    hasRouter: (node) => hasRouter(graph, node),
    keepsChanges: await keepsChanges(graph),
  });
  const copied = source.kind === 'server' ? await restoreEdges(graph, plan, point, thread) : plan.checkpoints;
  const copy = await copyThread(path.threadId, copied);
  await checkNext(graph, copy, path);
  const { deepest } = point;
  return {
    resume: { checkpointer: copy, threadId: path.threadId },
    forkedAt: { checkpointId: deepest.id, checkpointNs: deepest.namespace, node: path.name },
    notes: [...source.notes, ...notesOf(plan, point, path)],
  };
}

/** Before anything is read: a graph that lacks the node would end at once, without a word and without an error. */
async function checkNames(graph: ReplayableGraph, path: FailingPath): Promise<void> {
  const subgraphs = new Map<string, ReplayableGraph>();
  for await (const [name, subgraph] of graph.getSubgraphsAsync(undefined, true))
    subgraphs.set(name, subgraph);
  let around = '';
  for (const { node } of path.steps) {
    const within = around === '' ? graph : subgraphs.get(around);
    // A subgraph that a node calls by itself is in no list.
    if (within === undefined) return;
    if (!Object.hasOwn(within.nodes, node)) throw nodeMissing(node, around, Object.keys(within.nodes));
    around = around === '' ? node : `${around}|${node}`;
  }
}

function nodeMissing(node: string, around: string, names: readonly string[]): NoVerdictError {
  const where =
    around === '' ? 'The patched graph' : `The subgraph ${around.replaceAll('|', '/')} of the patched graph`;
  const candidates = names.filter((name) => name !== '__start__').slice(0, 20);
  return new NoVerdictError(
    'FORK_NODE_MISSING',
    `${where} has no node ${JSON.stringify(node)}, which failed; it has ${candidates.join(', ')}.`,
    {
      hint: 'Where the patch renames the node, give it its old name for this replay, or replay the run from its input: leave --from-failure out.',
    },
  );
}

function threadGone({ threadId }: FailingPath, { place }: CheckpointSource): NoVerdictError {
  return new NoVerdictError('FORK_THREAD_GONE', `Thread ${threadId} is not in ${place}.`, {
    hint: 'It was deleted or pruned, or the run used another checkpointer. Replay the run from its input instead: leave --from-failure out.',
  });
}

function checkValues(thread: readonly ThreadCheckpoint[], point: ForkPoint, path: FailingPath): void {
  for (const head of point.heads.values()) {
    const [channel, ...more] = damagedChannels(thread, head);
    if (channel === undefined) continue;
    const which = `${JSON.stringify(channel)}${more.length === 0 ? '' : ` and ${more.length} more`}`;
    throw new NoVerdictError(
      'FORK_CHECKPOINT_DAMAGED',
      `Checkpoint ${head.id} of thread ${path.threadId} holds the value of another branch in ${which}: two branches of the thread wrote the same version, and PostgresSaver kept the first (langchain-ai/langgraphjs issue 1812).`,
      {
        hint: 'What the run saw there is lost; replay it from its input instead: leave --from-failure out. sluice doctor --checkpoints lists every thread that this has happened to.',
      },
    );
  }
}

async function checkServer(trace: Trace, point: ForkPoint, path: FailingPath): Promise<void> {
  const hint = 'Name the database of its checkpoints instead of the server, or leave --from-failure out.';
  if (rootSpan(trace).events.some(({ name }) => name === 'resume')) {
    throw new NoVerdictError(
      'FORK_ANSWER_UNKNOWN',
      `Run ${trace.id} went on from an interrupt, and a LangGraph server does not tell what was answered to it.`,
      { hint },
    );
  }
  for (const head of point.heads.values()) {
    const { metadata } = await head.tuple();
    if ((metadata as Readonly<Record<string, unknown>> | undefined)?.[HAS_SENDS] !== true) continue;
    throw new NoVerdictError(
      'FORK_SENDS_UNKNOWN',
      `The step of node ${JSON.stringify(path.name)} was fanned out with Send, and a LangGraph server does not tell what was sent.`,
      { hint },
    );
  }
}

async function restoreEdges(
  graph: ReplayableGraph,
  plan: CopyPlan,
  point: ForkPoint,
  thread: readonly ThreadCheckpoint[],
): Promise<CopyPlan['checkpoints']> {
  const subgraphs = new Map<string, ReplayableGraph>([['', graph]]);
  for await (const [name, subgraph] of graph.getSubgraphsAsync(undefined, true))
    subgraphs.set(name, subgraph);
  return Promise.all(
    plan.checkpoints.map((copied) => {
      const { namespace, id } = copied.checkpoint;
      const within = subgraphs.get(namespace.replace(/:[^|]*/g, ''));
      if (within === undefined || point.heads.get(namespace)?.id !== id) return copied;
      return withWaitingEdges(
        within,
        copied,
        thread.filter((other) => other.namespace === namespace),
      );
    }),
  );
}

/** Whether a channel of the graph is kept as what was written to it, and not as its value. */
async function keepsChanges(graph: ReplayableGraph): Promise<boolean> {
  const isDelta = (channel: unknown) => Reflect.get(Object(channel), 'lc_graph_name') === 'DeltaChannel';
  const has = ({ channels }: ReplayableGraph) => Object.values(channels).some(isDelta);
  for await (const [, subgraph] of graph.getSubgraphsAsync(undefined, true)) if (has(subgraph)) return true;
  return has(graph);
}

/** After the copy: other edges can keep the patched graph from coming to the node, and it would end at once. */
async function checkNext(
  graph: ReplayableGraph,
  copy: BaseCheckpointSaver,
  path: FailingPath,
): Promise<void> {
  const reader = graph.withConfig({}) as ReplayableGraph;
  reader.checkpointer = copy;
  const [{ node }] = path.steps;
  const { tasks } = await reader
    .getState({ configurable: { thread_id: path.threadId } })
    .catch((error: unknown) => {
      throw new NoVerdictError(
        'FORK_STATE_UNREADABLE',
        `The patched graph cannot read the state at node ${JSON.stringify(path.name)}: ${errorMessage(error)}`,
        {
          hint: 'Its state does not fit what was stored. Replay the run from its input instead: leave --from-failure out.',
          cause: error,
        },
      );
    });
  const next = tasks.map(({ name }) => name);
  if (next.includes(node)) return;
  throw new NoVerdictError(
    'FORK_NODE_NOT_NEXT',
    `From its checkpoint the patched graph does not come to node ${JSON.stringify(node)}${next.length === 0 ? '' : ` but to ${next.join(', ')}`}: the edges that lead there are others.`,
    { hint: 'Replay the run from its input instead: leave --from-failure out.' },
  );
}

/** Whether a node chooses by a function where the graph goes on. */
function hasRouter(graph: ReplayableGraph, node: string): boolean {
  const branches: unknown = Reflect.get(Object(Reflect.get(graph, 'builder')), 'branches');
  return Object.keys(Object(Reflect.get(Object(branches), node))).length > 0;
}

function notesOf(plan: CopyPlan, point: ForkPoint, path: FailingPath): string[] {
  const notes: string[] = [];
  if (plan.finished.length > 0) {
    notes.push(`Finished beside the failing node, and kept: ${plan.finished.join(', ')}.`);
  }
  if (plan.again.length > 0) {
    notes.push(`Stopped by the failure, and run again with the failing node: ${plan.again.join(', ')}.`);
  }
  const isNested = path.steps.some(({ namespace }) => namespace !== '');
  if (isNested && point.heads.size === 1) {
    const [{ node }] = path.steps;
    notes.push(`What runs inside node ${JSON.stringify(node)} keeps no checkpoints: the node starts anew.`);
  }
  return notes;
}
