import type { Pregel } from '@langchain/langgraph/pregel';
import { describeValue, type Logger, UsageError } from '../core/index.ts';
import { compiledGraphIn } from './compiled-graph.ts';
import type { CounterName } from './counters.ts';
import { followCalls } from './graph-calls.ts';
import { onProcessEnd } from './lifecycle.ts';
import { connectMetrics, type MetricsConnection, MetricsRegistry } from './metrics/index.ts';
import { optionsKey, type ResolvedTraceOptions, resolveTraceOptions } from './options.ts';
import type { TraceOptions } from './options-schema.ts';
import { connectOtel, type OtelConnection, otelIsRegistered } from './otel/index.ts';
import { Tracer } from './tracer.ts';

/** A compiled graph, as `traceGraph` needs it: anything with LangGraph's `withConfig`. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters of a graph do not matter to the tracer, and only any accepts them all
export type TraceableGraph = Pick<Pregel<any, any>, 'withConfig' | 'invoke' | 'stream'>;

/** How long `flush`, `shutdown` and the signal handlers wait at most, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** How long `shutdown` waits beyond that for exports it has aborted and files it closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

interface ActiveTracer {
  readonly tracer: Tracer;
  readonly options: string;
  readonly logger: Logger | undefined;
  /** Takes its listeners off the process. */
  readonly release: () => void;
  /** The join with OpenTelemetry, where this process has any. */
  readonly otel: Promise<OtelConnection> | undefined;
}

/** What the runs of every tracer of this process add up to; it outlives them, because a counter must not go back. */
export const trafficMetrics = new MetricsRegistry();

const tracers = new Set<ActiveTracer>();
/** Those that shut down: their health still counts in the last report of it. */
const ending = new Set<ActiveTracer>();
/** The one report of this process to OpenTelemetry. */
let metricsConnection: Promise<MetricsConnection> | undefined;
/** Whether the SDK that is registered is our own: after a shutdown, we may start its metrics again. */
let hasOwnSdk = false;
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
  return [...tracers].map(({ tracer }) => tracer.keep(runId, reason)).includes(true);
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
  const closing = [...tracers];
  const metrics = metricsConnection;
  tracers.clear();
  metricsConnection = undefined;
  for (const active of closing) {
    ending.add(active);
    active.release();
    active.tracer.stop();
  }
  await within(
    options.timeoutMs,
    closing.map(({ tracer }) => tracer.drain()),
  );
  // Before the tracers are let go of: it reads their health.
  await within(CLOSE_TIMEOUT_MS, [endMetrics(metrics)]);
  void metrics?.then((connection) => connection.letGo());
  await within(
    CLOSE_TIMEOUT_MS,
    closing.map(async ({ tracer, otel }) => {
      await tracer.close();
      await (await otel)?.shutdown();
    }),
  );
  for (const active of closing) ending.delete(active);
}

async function endMetrics(metrics: Promise<MetricsConnection> | undefined): Promise<void> {
  await (await metrics)?.shutdown();
}

async function flushMetrics(): Promise<void> {
  await (await metricsConnection)?.flush();
}

/** What the tracer says of itself. */
export interface TracingHealth {
  /** Counts since the start of the process, by name and reason. */
  readonly counters: Readonly<Partial<Record<CounterName, Readonly<Record<string, number>>>>>;
  /** Estimated payload bytes in memory. */
  readonly bufferedBytes: number;
  /** Kept traces that not every exporter has taken yet. */
  readonly pendingTraces: number;
  /** Bytes on disk of traces that wait for an exporter. */
  readonly spooledBytes: number;
  /** Age of the oldest trace that waits, in milliseconds; 0 when none does. */
  readonly lagMs: number;
}

/** The health of every tracer of this process, summed. */
export function tracingHealth(): TracingHealth {
  const counters: Partial<Record<CounterName, Record<string, number>>> = {};
  let bufferedBytes = 0;
  let pendingTraces = 0;
  let spooledBytes = 0;
  let lagMs = 0;
  for (const { tracer } of [...tracers, ...ending]) {
    bufferedBytes += tracer.bufferedBytes;
    const delivery = tracer.deliveryHealth;
    pendingTraces += delivery.pendingTraces;
    spooledBytes += delivery.spooledBytes;
    lagMs = Math.max(lagMs, delivery.lagMs);
    for (const [name, reasons] of Object.entries(tracer.counters.snapshot())) {
      const sums = counters[name as CounterName] ?? {};
      for (const [reason, count] of Object.entries(reasons)) sums[reason] = (sums[reason] ?? 0) + count;
      counters[name as CounterName] = sums;
    }
  }
  return { counters, bufferedBytes, pendingTraces, spooledBytes, lagMs };
}

/** Graphs wrapped with the same options share a tracer, and with it one store connection and one set of limits. */
function tracerFor(resolved: ResolvedTraceOptions, logger: Logger | undefined): Tracer {
  const options = optionsKey(resolved);
  for (const active of tracers) {
    if (active.options === options && active.logger === logger) return active.tracer;
  }
  const tracer = new Tracer(resolved, { logger, metrics: trafficMetrics, env: process.env });
  const release = resolved.handleSignals
    ? onProcessEnd(process, {
        flush: () => within(undefined, [tracer.flush()]),
        drain: async () => {
          await within(undefined, [tracer.drain().then(flushMetrics)]);
          tracer.letGo();
          void metricsConnection?.then((connection) => connection.letGo());
        },
        persist: () => tracer.persist(),
      })
    : () => {};
  tracers.add({ tracer, options, logger, release, otel: joinOtel(resolved, tracer.logger) });
  return tracer;
}

let otelIsLeftOut = false;

/**
 * From now on graphs that are wrapped start no OpenTelemetry SDK in this process and join none: for a process that loads a
 * graph to look at it, and must send nothing of what runs. Returns what takes it back.
 */
export function leaveOtelOut(): () => void {
  otelIsLeftOut = true;
  return () => {
    otelIsLeftOut = false;
  };
}

/**
 * Makes the active span inside a node that node's, where the process already has OpenTelemetry or an endpoint is
 * configured. Everybody else loads nothing of it.
 */
function joinOtel({ otlp }: ResolvedTraceOptions, logger: Logger): Promise<OtelConnection> | undefined {
  if (otelIsLeftOut) return undefined;
  const isRegistered = otelIsRegistered();
  if (!otlp.enabled && otlp.metrics === undefined && !isRegistered) return undefined;
  hasOwnSdk ||= !isRegistered;
  const connection = connectOtel({ logger, env: process.env, startSdk: otlp.enabled && !isRegistered });
  const start = hasOwnSdk ? otlp.metrics : undefined;
  // After the rest: what it starts would look like an SDK of the application's.
  metricsConnection ??= connection.then(() =>
    connectMetrics({ registry: trafficMetrics, health: tracingHealth, logger, start }),
  );
  return connection;
}

async function within(timeoutMs: number | undefined, work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs ?? DEFAULT_TIMEOUT_MS);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
