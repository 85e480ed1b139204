import { InMemoryStore, MemorySaver } from '@langchain/langgraph';
import type { Pregel } from '@langchain/langgraph/pregel';
import { v4, v7 } from 'uuid';
import { type Clock, isRecord, NoVerdictError, rootSpan, type Trace, traceStorePath } from '../core/index.ts';
import { openTraceStore } from '../store/index.ts';
import { flush, traceGraph } from '../tracing/index.ts';
import { recordedMetadata } from './recorded-metadata.ts';
import { revive } from './revive.ts';

/** A compiled graph to replay on. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters of a graph do not matter here, and only any accepts them all
export type ReplayableGraph = Pregel<any, any>;

/** Options of {@link playInput}. */
export interface PlayOptions {
  readonly recorded: Trace;
  readonly input: unknown;
  readonly configurable: Readonly<Record<string, unknown>>;
  /** Folder of the trace store that the replay is recorded in. */
  readonly home: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Runs a recorded input on a graph, on a fresh thread in memory, and returns the trace of that run. The graph's own
 * checkpointer and long-term store are not touched: the replay gets empty ones in memory.
 *
 * @throws NoVerdictError `REPLAY_NOT_RECORDED` when the run could not be recorded, `REPLAY_SUBGRAPH_CHECKPOINTER` when a
 * subgraph would write to a checkpointer of its own, and the signal's reason when aborted.
 */
export async function playInput(graph: ReplayableGraph, options: PlayOptions): Promise<Trace> {
  const { recorded, home, signal } = options;
  const runId = v7();
  const traced = traceGraph(await isolated(graph), {
    enabled: true,
    home,
    sampleRate: 1,
    handleSignals: false,
  });
  const limit = AbortSignal.timeout(options.timeoutMs);
  const thrown = await traced
    .invoke(revive(options.input), {
      runId,
      configurable: { ...options.configurable, thread_id: v4(), run_id: runId },
      metadata: { ...recordedMetadata(recorded), sluice_replay_of: recorded.id },
      tags: [...rootSpan(recorded).tags],
      signal: AbortSignal.any([signal, limit]),
    })
    // How the run ended is in its trace, which is what is compared.
    .then(() => undefined)
    .catch((error: unknown) => error ?? new Error('The graph threw nothing.'));
  signal.throwIfAborted();
  const trace = await awaitTrace(home, runId, options.clock);
  if (trace !== undefined) return trace;
  throw new NoVerdictError(
    'REPLAY_NOT_RECORDED',
    `The replay ran, but its trace is not in ${traceStorePath(home)}.`,
    {
      hint: 'Look for a warning above: a full or read-only disk, or a graph that does not pass its callbacks on.',
      cause: thrown,
    },
  );
}

/**
 * The trace of a run from the store of a home, once it is written there; undefined when it is not within about a second.
 * The end of an aborted run is reported after its caller has the error, and a server writes after it has answered.
 */
export async function awaitTrace(home: string, runId: string, clock: Clock): Promise<Trace | undefined> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await flush();
    const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
    const found = await store.find(runId).finally(() => store.close());
    if (found.kind === 'found') return found.trace;
    await clock.sleep(50);
  }
  return undefined;
}

/** A copy of the graph that reads and writes nothing outside this process through LangGraph's persistence. */
async function isolated(graph: ReplayableGraph): Promise<ReplayableGraph> {
  for await (const [name, subgraph] of graph.getSubgraphsAsync(undefined, true)) {
    if (typeof subgraph.checkpointer !== 'object') continue;
    throw new NoVerdictError(
      'REPLAY_SUBGRAPH_CHECKPOINTER',
      `The subgraph ${JSON.stringify(name)} has a checkpointer of its own, which a replay would write to.`,
      { hint: 'Compile the subgraph without a checkpointer: it then uses the one of the graph around it.' },
    );
  }
  const copy = graph.withConfig({}) as ReplayableGraph;
  copy.checkpointer = new MemorySaver();
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
