import { join } from 'node:path';
import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import {
  type Clock,
  errorMessage,
  type Logger,
  type Random,
  systemClock,
  type Trace,
  traceStorePath,
} from '../core/index.ts';
import { Counters } from './counters.ts';
import { Delivery, type DeliveryDisk, type DeliveryHealth } from './delivery.ts';
import { DroppedRing } from './dropped-ring.ts';
import { LangSmithExporter, OtlpExporter, StoreExporter, type TraceExporter } from './exporters/index.ts';
import { TracingHandler } from './handler.ts';
import { LangChainTracerStandIn } from './langchain-tracer.ts';
import { type MetricsRegistry, TrafficMeter } from './metrics/index.ts';
import type { ResolvedTraceOptions } from './options.ts';
import { type OtelHub, otelHub } from './otel/index.ts';
import { settle } from './outcome.ts';
import type { RawTrace } from './raw-trace.ts';
import { Recorder } from './recorder.ts';
import { compilePrivacy } from './redaction/index.ts';
import { formatTraceState, rejectionThreshold } from './sampling/index.ts';
import { TraceBuffer } from './trace-buffer.ts';
import { type KeptTrace, TraceKeeper } from './trace-keeper.ts';
import { type RecordOptions, recordTrace } from './trace-record.ts';

/** What a {@link Tracer} takes from outside, each with a default. */
export interface TracerDeps {
  readonly logger?: Logger | undefined;
  readonly clock?: Clock;
  readonly monotonic?: () => number;
  /** Spreads the pauses between attempts to deliver. Default `Math.random`. */
  readonly random?: Random;
  /** Adds up what is measured of every run. Default: nothing is measured. */
  readonly metrics?: MetricsRegistry;
  /** Where kept traces go, by way of the spool in the options' home. Default: the embedded store of that home. */
  readonly exporters?: readonly TraceExporter[];
  /** Where kept traces go straight from memory, with nothing written in the options' home. Wins over `exporters`. */
  readonly exporter?: TraceExporter;
  /** What joins it with OpenTelemetry. Default: that of the process. */
  readonly otel?: OtelHub;
}

const DAY_MS = 86_400_000;

/** One set of options at work: records, decides and delivers the runs of every graph wrapped with it. */
export class Tracer {
  /** The callback handler to attach to a graph. */
  readonly handler: TracingHandler;
  readonly counters = new Counters();
  private readonly recording: RecordOptions;
  private readonly keeper: TraceKeeper;
  private readonly recorder: Recorder;
  private readonly buffer: TraceBuffer;
  private readonly delivery: Delivery;
  private readonly exporters: readonly TraceExporter[];
  /** Takes the place of LangSmith's own tracer, so that nothing is sent twice and nested runs land in the same tree. */
  private readonly standIn: LangChainTracerStandIn | undefined;
  private readonly meter: TrafficMeter | undefined;
  /** Where problems are reported. */
  readonly logger: Logger;
  private readonly otel: OtelHub;
  private readonly leaveOtel: () => void;

  constructor(options: ResolvedTraceOptions, deps: TracerDeps = {}) {
    this.logger = deps.logger ?? processWarnings;
    // Waiting to try again is no reason for a process to stay.
    const clock = deps.clock ?? systemClock({ unref: true });
    this.exporters = deps.exporter
      ? [deps.exporter]
      : (deps.exporters ?? this.defaultExporters(options, clock));
    this.recording = {
      privacy: compilePrivacy(options, (rule) => this.counters.add('redaction_failures', rule)),
      maxPayloadBytes: options.maxPayloadBytes,
    };
    this.meter = deps.metrics && new TrafficMeter(deps.metrics, options.prices);
    const dropped = new DroppedRing({
      maxTraces: options.maxDroppedTraces,
      maxBytes: Math.min(options.maxDroppedBytes, options.maxBufferBytes),
    });
    this.buffer = new TraceBuffer({
      maxBytes: options.maxBufferBytes,
      counters: this.counters,
      reserve: dropped,
    });
    this.delivery = new Delivery({
      exporters: this.exporters,
      counters: this.counters,
      logger: this.logger,
      clock,
      random: deps.random ?? Math.random,
      maxQueued: options.maxQueuedTraces,
      disk: deps.exporter ? undefined : diskFor(this.exporters, options),
    });
    this.otel = deps.otel ?? otelHub;
    this.leaveOtel = this.otel.addRuns({ find: (runId) => this.recorder.graphRun(runId) });
    this.recorder = new Recorder({
      startRoot: () => this.otel.startRoot(),
      buffer: this.buffer,
      counters: this.counters,
      now: clock.now,
      monotonic: deps.monotonic ?? (() => performance.now()),
      maxSpansPerTrace: options.maxSpansPerTrace,
      maxTraceAgeMs: options.maxTraceAgeMs,
      onEnd: (trace) => this.finish(trace),
    });
    this.keeper = new TraceKeeper({
      policy: options,
      dropped,
      counters: this.counters,
      isRunning: (runId) => this.recorder.isRunning(runId),
    });
    this.handler = this.handlerFor(undefined);
    this.standIn =
      options.langsmith &&
      new LangChainTracerStandIn({
        project: options.langsmith.project,
        onLate: () => this.counters.add('spans_dropped', 'parent_gone'),
        onDefect: (where, thrown) => this.defect(where, thrown),
      });
  }

  /** The callback handlers to attach to the graph of this name. The order matters: the stand-in annotates what is begun. */
  callbacksFor(graphName: string | undefined): readonly BaseCallbackHandler[] {
    return [this.handlerFor(graphName), ...(this.standIn === undefined ? [] : [this.standIn])];
  }

  /** The recording handler alone. */
  handlerFor(graphName: string | undefined): TracingHandler {
    return new TracingHandler(this.recorder, (where, thrown) => this.defect(where, thrown), graphName);
  }

  /**
   * Keeps a run whatever the policy says: one that has not ended, or one that was dropped and is still in memory.
   * False when it is not.
   */
  keep(runId: string, reason: string): boolean {
    const { found, traces } = this.keeper.request(runId, reason);
    for (const kept of traces) this.deliver(kept);
    return found;
  }

  /** Bytes of payload held for runs under way and traces that wait. An estimate. */
  get bufferedBytes(): number {
    return this.buffer.sizeBytes;
  }

  /** Traces that have been kept and that not every exporter has taken. */
  get pendingTraces(): number {
    return this.delivery.pending;
  }

  /** How the delivery of kept traces stands. */
  get deliveryHealth(): DeliveryHealth {
    return this.delivery.health;
  }

  /** Resolves when what has been kept so far is written, or could not be. */
  flush(): Promise<void> {
    return this.delivery.flush();
  }

  /** Ends the runs under way as cancelled and delivers what there is, also to an exporter that has been failing. */
  async drain(): Promise<void> {
    this.recorder.abandon();
    await this.delivery.flush({ force: true });
  }

  /** Brings what is decided to the disk, at once and without waiting for anything: the process ends now. */
  persist(): void {
    this.delivery.persist();
  }

  /** Like {@link persist}, and keeps nothing open that would keep the process alive. */
  letGo(): void {
    this.delivery.letGo();
  }

  /** From now on no new run is recorded. */
  stop(): void {
    this.recorder.stop();
  }

  /** Leaves what has not been delivered to a later process and lets go of the exporters. Never rejects. */
  async close(): Promise<void> {
    this.leaveOtel();
    await this.delivery.close();
    await Promise.allSettled(this.exporters.map((exporter) => exporter.close()));
  }

  /** Stops, drains and closes. */
  async shutdown(): Promise<void> {
    this.stop();
    await this.drain();
    await this.close();
  }

  private defaultExporters(options: ResolvedTraceOptions, clock: Clock): readonly TraceExporter[] {
    const { langsmith, otlp } = options;
    return [
      this.storeExporter(options, clock),
      ...(langsmith === undefined ? [] : [new LangSmithExporter(langsmith)]),
      ...(otlp.enabled || otelHub.hasSink
        ? [new OtlpExporter({ captureContent: otlp.captureContent, traceState })]
        : []),
    ];
  }

  private storeExporter({ home, retentionDays }: ResolvedTraceOptions, clock: Clock): StoreExporter {
    return new StoreExporter(traceStorePath(home), {
      maxAgeMs: retentionDays * DAY_MS,
      clock,
      logger: this.logger,
      onRemoved: (count) => this.counters.add('traces_removed', 'age', count),
    });
  }

  private finish(trace: RawTrace): void {
    // Before it is settled, which ends every span.
    const stillRunning = trace.spans.filter((span) => span.endTimeMs === undefined).map((span) => span.id);
    this.otel.endRoot({ rootId: trace.root.id, parentSpan: trace.parentSpan }, stillRunning);
    const settlement = settle(trace);
    this.measure(trace);
    const kept = this.keeper.decide(trace, settlement);
    if (!kept.some((one) => one.trace === trace)) {
      this.buffer.remove(trace);
      this.otel.decideRoot(trace.root.id, 'drop');
    }
    for (const one of kept) this.deliver(one);
  }

  private measure(trace: RawTrace): void {
    try {
      this.meter?.measure(trace);
    } catch (thrown) {
      // What is wrong with a number must not cost the trace.
      this.defect('metrics', thrown);
    }
  }

  private deliver({ trace, settlement, decision, precious }: KeptTrace): void {
    this.otel.decideRoot(trace.root.id, 'keep');
    this.buffer.add(trace);
    this.delivery.add({
      precious,
      open: () => recordTrace(trace, settlement, decision, this.recording),
      done: () => this.buffer.remove(trace),
    });
  }

  private defect(where: string, thrown: unknown): void {
    this.counters.add('internal_errors', where);
    this.logger.error(`Tracing failed in ${where}: ${errorMessage(thrown)}. The graph is not affected.`);
  }
}

/** A sampled trace says at which threshold it was kept; one kept for a reason of its own is not probabilistic. */
function traceState({ decision }: Trace): string | undefined {
  return decision.weight > 1
    ? formatTraceState({ threshold: rejectionThreshold(1 / decision.weight) })
    : undefined;
}

function diskFor(exporters: readonly TraceExporter[], options: ResolvedTraceOptions): DeliveryDisk {
  return {
    spoolFolder: join(options.home, 'spool'),
    deadLetterFolder: join(options.home, 'dead-letter'),
    use: exporters.every(({ isOnDisk }) => isOnDisk === true) ? 'on_trouble' : 'always',
    maxSpoolBytes: options.maxSpoolBytes,
  };
}

const processWarnings: Logger = {
  warn: (message) => process.emitWarning(message, { type: 'SluicegateWarning' }),
  error: (message) => process.emitWarning(message, { type: 'SluicegateWarning' }),
};
