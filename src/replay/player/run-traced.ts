import { type BaseCheckpointSaver, InMemoryStore, MemorySaver } from '@langchain/langgraph';
import { v4, v7 } from 'uuid';
import {
  type Clock,
  isRecord,
  NoVerdictError,
  rootSpan,
  type Trace,
  traceStorePath,
} from '../../core/index.ts';
import { openTraceStore } from '../../store/index.ts';
import { flush, traceGraph } from '../../tracing/index.ts';
import { type InMemoryTracing, traceInMemory } from '../../tracing/internal.ts';
import type { ReplayableGraph } from '../contract.ts';
import { recordedMetadata } from '../recorded-metadata.ts';
import { revive } from '../revive.ts';
import type { PlayOptions } from './play-input.ts';

/**
 * Runs an input on a graph, on a fresh thread in memory or from a checkpoint, and returns the trace of that run.
 *
 * @param around Calls the run, in whatever context it is to be in.
 * @throws As `playInput` does.
 */
export async function runTraced(
  graph: ReplayableGraph,
  options: PlayOptions,
  around: (run: () => Promise<unknown>) => Promise<unknown>,
): Promise<Trace> {
  const { recorded, home, signal, resume } = options;
  const runId = options.runId ?? v7();
  const lane = openLane(await isolated(graph, resume?.checkpointer ?? new MemorySaver()), options);
  const limit = AbortSignal.timeout(options.timeoutMs);
  const config = {
    runId,
    configurable: { ...options.configurable, thread_id: resume?.threadId ?? v4(), run_id: runId },
    metadata: { ...recordedMetadata(recorded), sluice_replay_of: recorded.id },
    tags: [...rootSpan(recorded).tags],
    ...recursionLimit(recorded),
    signal: AbortSignal.any([signal, limit]),
  };
  const input = resume === undefined ? revive(options.input) : null;
  const thrown = await around(() => lane.graph.invoke(input, config))
    // How the run ended is in its trace, which is what is compared.
    .then(() => undefined)
    .catch((error: unknown) => error ?? new Error('The graph threw nothing.'));
  try {
    signal.throwIfAborted();
    const trace = await awaitEnd(() => lane.find(runId), options.clock);
    if (trace !== undefined) return trace;
  } finally {
    await lane.close();
  }
  throw new NoVerdictError(
    'REPLAY_NOT_RECORDED',
    `The replay ran, but its trace is not in ${home === undefined ? 'memory' : traceStorePath(home)}.`,
    {
      hint: 'Look for a warning above: a full or read-only disk, or a graph that does not pass its callbacks on.',
      cause: thrown,
    },
  );
}

function openLane(graph: ReplayableGraph, { home }: PlayOptions): InMemoryTracing<ReplayableGraph> {
  if (home === undefined) return traceInMemory(graph);
  return {
    graph: traceGraph(graph, { enabled: true, home, sampleRate: 1, handleSignals: false }),
    find: (runId) => findInStore(home, runId),
    // Whoever has named the home shuts down with the command.
    close: async () => undefined,
  };
}

/**
 * The trace of a run from the store of a home, once it is written there; undefined when it is not within about a second.
 * The end of an aborted run is reported after its caller has the error, and a server writes after it has answered.
 */
export async function awaitTrace(home: string, runId: string, clock: Clock): Promise<Trace | undefined> {
  return await awaitEnd(() => findInStore(home, runId), clock);
}

async function findInStore(home: string, runId: string): Promise<Trace | undefined> {
  await flush();
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  const found = await store.find(runId).finally(() => store.close());
  return found.kind === 'found' ? found.trace : undefined;
}

async function awaitEnd(find: () => Promise<Trace | undefined>, clock: Clock): Promise<Trace | undefined> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const trace = await find();
    if (trace !== undefined) return trace;
    await clock.sleep(50);
  }
  return undefined;
}

/** What LangGraph allows where nothing else is said. */
const DEFAULT_RECURSION_LIMIT = 25;

/**
 * The limit of supersteps, which a trace does not name: that of the error where the run came up against it, and for a run
 * that took more than the default allows, as many more again.
 */
function recursionLimit(recorded: Trace): { readonly recursionLimit?: number } {
  const named = /^Recursion limit of (\d+)/.exec(recorded.error?.message ?? '')?.[1];
  if (named !== undefined) return { recursionLimit: Number(named) };
  const steps = recorded.spans
    .filter(({ parentId }) => parentId === recorded.id)
    .map(({ step }) => step ?? 0);
  const count = Math.max(0, ...steps) - Math.min(...steps, Number.POSITIVE_INFINITY) + 1;
  return count > DEFAULT_RECURSION_LIMIT ? { recursionLimit: count + DEFAULT_RECURSION_LIMIT } : {};
}

/** A copy of the graph that reads and writes nothing outside this process through LangGraph's persistence. */
async function isolated(graph: ReplayableGraph, checkpointer: BaseCheckpointSaver): Promise<ReplayableGraph> {
  for await (const [name, subgraph] of graph.getSubgraphsAsync(undefined, true)) {
    if (typeof subgraph.checkpointer !== 'object') continue;
    throw new NoVerdictError(
      'REPLAY_SUBGRAPH_CHECKPOINTER',
      `The subgraph ${JSON.stringify(name)} has a checkpointer of its own, which a replay would write to.`,
      { hint: 'Compile the subgraph without a checkpointer: it then uses the one of the graph around it.' },
    );
  }
  const copy = graph.withConfig({}) as ReplayableGraph;
  copy.checkpointer = checkpointer;
  if (copy.store !== undefined) copy.store = new InMemoryStore();
  const { callbacks } = copy.config ?? {};
  // A graph that its own module has wrapped would be recorded there, by its own rules.
  if (Array.isArray(callbacks))
    copy.config = { ...copy.config, callbacks: callbacks.filter((handler) => !isOurs(handler)) };
  return copy;
}

function isOurs(handler: unknown): boolean {
  return isRecord(handler) && handler['name'] === 'sluicegate_tracer';
}
