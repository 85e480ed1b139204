import type { Pregel } from '@langchain/langgraph/pregel';
import { type Logger, UsageError } from '../core/index.ts';
import type { CounterName } from './counters.ts';
import { onProcessEnd } from './lifecycle.ts';
import { type ResolvedTraceOptions, resolveTraceOptions, type TraceOptions } from './options.ts';
import { Tracer } from './tracer.ts';

/** A compiled graph, as `traceGraph` needs it: anything with LangGraph's `withConfig`. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters of a graph do not matter to the tracer, and only any accepts them all
export type TraceableGraph = Pick<Pregel<any, any>, 'withConfig' | 'invoke' | 'stream'>;

/** How long `flush`, `shutdown` and the signal handlers wait at most, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5_000;

interface ActiveTracer {
  readonly tracer: Tracer;
  readonly options: string;
  readonly logger: Logger | undefined;
  /** Takes its listeners off the process. */
  readonly release: () => void;
}

const tracers = new Set<ActiveTracer>();
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
  if (typeof graph?.withConfig !== 'function' || typeof graph.stream !== 'function') {
    throw new UsageError('NOT_A_GRAPH', 'traceGraph takes a compiled graph.', {
      hint: 'Pass what StateGraph.compile() returns.',
    });
  }
  if (wrapped.has(graph)) return graph;
  const resolved = resolveTraceOptions(options, process.env, process.cwd());
  if (!resolved.enabled) return graph;
  const tracer = tracerFor(resolved, options.logger);
  const traced = graph.withConfig({ callbacks: [tracer.handler] }) as unknown as Graph;
  wrapped.add(traced);
  return traced;
}

/** Options of {@link flush} and {@link shutdown}. */
export interface EndOptions {
  /** How long to wait at most, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

/**
 * Resolves when every run that has ended is written, or after the time limit. For serverless functions, at the end of a
 * request. Never rejects: what could not be written is tried again later.
 */
export async function flush(options: EndOptions = {}): Promise<void> {
  await within(
    options.timeoutMs,
    [...tracers].map(({ tracer }) => tracer.flush()),
  );
}

/**
 * Writes what is waiting, records runs still under way as cancelled, and closes the store. Graphs wrapped before are no
 * longer traced. Idempotent, bounded by the time limit, never rejects.
 */
export async function shutdown(options: EndOptions = {}): Promise<void> {
  const ending = [...tracers];
  tracers.clear();
  for (const { release } of ending) release();
  await within(
    options.timeoutMs,
    ending.map(({ tracer }) => tracer.shutdown()),
  );
}

/** What the tracer says of itself. */
export interface TracingHealth {
  /** Counts since the start of the process, by name and reason. */
  readonly counters: Readonly<Partial<Record<CounterName, Readonly<Record<string, number>>>>>;
  /** Estimated payload bytes in memory. */
  readonly bufferedBytes: number;
  /** Kept traces that are not written yet. */
  readonly pendingTraces: number;
}

/** The health of every tracer of this process, summed. */
export function tracingHealth(): TracingHealth {
  const counters: Partial<Record<CounterName, Record<string, number>>> = {};
  let bufferedBytes = 0;
  let pendingTraces = 0;
  for (const { tracer } of tracers) {
    bufferedBytes += tracer.bufferedBytes;
    pendingTraces += tracer.pendingTraces;
    for (const [name, reasons] of Object.entries(tracer.counters.snapshot())) {
      const sums = counters[name as CounterName] ?? {};
      for (const [reason, count] of Object.entries(reasons)) sums[reason] = (sums[reason] ?? 0) + count;
      counters[name as CounterName] = sums;
    }
  }
  return { counters, bufferedBytes, pendingTraces };
}

/** Graphs wrapped with the same options share a tracer, and with it one store connection and one set of limits. */
function tracerFor(resolved: ResolvedTraceOptions, logger: Logger | undefined): Tracer {
  const options = JSON.stringify(resolved);
  for (const active of tracers) {
    if (active.options === options && active.logger === logger) return active.tracer;
  }
  const tracer = new Tracer(resolved, { logger });
  const release = resolved.handleSignals
    ? onProcessEnd(process, {
        flush: () => within(undefined, [tracer.flush()]),
        drain: () => within(undefined, [tracer.drain()]),
      })
    : () => {};
  tracers.add({ tracer, options, logger, release });
  return tracer;
}

async function within(timeoutMs: number | undefined, work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs ?? DEFAULT_TIMEOUT_MS);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
