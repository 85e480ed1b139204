import type { Pregel } from '@langchain/langgraph/pregel';
import { describeValue, type Logger, UsageError } from '../core/index.ts';
import { followProcess } from './ending.ts';
import { compiledGraphIn } from './graphs/compiled-graph.ts';
import { followCalls } from './graphs/graph-calls.ts';
import { liveTracers, trafficMetrics } from './live-tracers.ts';
import { optionsKey, type ResolvedTraceOptions, resolveTraceOptions } from './options/options.ts';
import type { TraceOptions } from './options/options-schema.ts';
import { joinOtel } from './process-otel.ts';
import { Tracer } from './tracer.ts';

/** A compiled graph, as `traceGraph` needs it: anything with LangGraph's `withConfig`. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters of a graph do not matter to the tracer, and only any accepts them all
export type TraceableGraph = Pick<Pregel<any, any>, 'withConfig' | 'invoke' | 'stream'>;

const wrapped = new WeakSet<object>();

/**
 * Wraps a compiled graph once, at startup, so that its runs are traced. Returns a graph of the same type that behaves
 * like the one given: same results, same errors, same streams, also when traces cannot be written.
 *
 * Without options and with an empty environment every run goes to the embedded store, `.sluice/traces.db` in the working
 * directory; `sluice traces list` shows it. With a `sampleRate` only that share of the runs without an error is kept, and
 * every failure. Options win over `SLUICE_*` variables, which win over `LANGSMITH_*` and `LANGCHAIN_*`.
 *
 * A graph that is wrapped already is returned as it is.
 *
 * @throws UsageError `TRACE_OPTIONS_INVALID` for a bad option or variable, `NOT_A_GRAPH` for anything but a compiled graph.
 *
 * @example
 * ```ts
 * import { traceGraph } from 'sluicegate/tracing';
 * export const graph = traceGraph(builder.compile(), { sampleRate: 0.1 });
 * ```
 */
export function traceGraph<Graph extends TraceableGraph>(graph: Graph, options: TraceOptions = {}): Graph {
  if (compiledGraphIn(graph) === undefined) {
    throw new UsageError('NOT_A_GRAPH', `traceGraph takes a compiled graph, not ${describeValue(graph)}.`, {
      hint: 'Pass what StateGraph.compile() returns. A graph that runs elsewhere is traced there.',
    });
  }
  if (wrapped.has(graph)) return graph;
  const resolved = resolveTraceOptions(options, process.env, process.cwd());
  if (!resolved.enabled) return graph;
  const tracer = tracerFor(resolved, options.logger);
  const callbacks = tracer.callbacksFor(nameOf(graph));
  const traced = graph.withConfig({ callbacks: [...callbacks] }) as unknown as Graph;
  wrapped.add(traced);
  const inner = compiledGraphIn(traced);
  // An agent compiles a graph of its own for each of its copies; what is bound in a runnable is the application's.
  const isOwn = inner !== undefined && inner !== compiledGraphIn(graph);
  if (isOwn) followCalls(inner, tracer.placeIn(callbacks));
  return traced;
}

/** The name a graph was compiled with. */
function nameOf(graph: object): string | undefined {
  return 'getName' in graph && typeof graph.getName === 'function' ? String(graph.getName()) : undefined;
}

/**
 * Keeps a run after the fact, for example one that a user was unhappy with: a run that has not ended, from the moment it is
 * called with its `runId`, or one that was not sampled and is still in memory (the last 200 within 16 MiB, see
 * `maxDroppedTraces` and `maxDroppedBytes`). With an interrupted run its resume is kept too, and the other way round. The
 * OpenTelemetry spans recorded inside a run come with it.
 *
 * @param runId Id of the root run: the `runId` of the call's config, or what `sluice traces list` shows.
 * @param reason A label such as `negative_feedback`; stands in the record as the reason of the decision, and is counted by,
 *   so it must not be free text. Default `requested`.
 * @returns True when the run is or will be recorded, false when it is no longer here or never was.
 *
 * @throws UsageError `KEEP_REASON_INVALID` for a reason that is no label.
 */
export function keep(runId: string, reason = 'requested'): boolean {
  if (typeof reason !== 'string' || !/^[\w.:-]{1,64}$/.test(reason)) {
    throw new UsageError(
      'KEEP_REASON_INVALID',
      `keep: reason must be 1 to 64 letters, digits, ".", ":", "_" and "-", not ${JSON.stringify(String(reason).slice(0, 64))}.`,
    );
  }
  return [...liveTracers].map(({ tracer }) => tracer.keep(runId, reason)).includes(true);
}

/** Graphs wrapped with the same options share a tracer, and with it one store connection and one set of limits. */
function tracerFor(resolved: ResolvedTraceOptions, logger: Logger | undefined): Tracer {
  const options = optionsKey(resolved);
  for (const live of liveTracers) {
    if (live.options === options && live.logger === logger) return live.tracer;
  }
  const tracer = new Tracer(resolved, { logger, metrics: trafficMetrics, env: process.env });
  const otel = joinOtel(resolved, { logger: tracer.logger, counters: tracer.counters, env: process.env });
  const { handleSignals } = resolved;
  liveTracers.add({ tracer, options, logger, endsWithProcess: handleSignals, otel });
  if (handleSignals) followProcess(process);
  return tracer;
}
