import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { type Clock, errorMessage, type Logger, type Random, systemClock } from '../core/index.ts';
import { Counters } from './counters.ts';
import { defaultExporters, diskFor } from './delivery/default-exporters.ts';
import { Delivery, type DeliveryHealth } from './delivery/delivery.ts';
import type { TraceExporter } from './exporters/index.ts';
import { isBeginning } from './graphs/graph-calls.ts';
import { TracingHandler } from './handler.ts';
import { DroppedRing } from './keeping/dropped-ring.ts';
import { InterruptLinks, type InterruptLinksDeps } from './keeping/interrupt-links.ts';
import { type KeptTrace, TraceKeeper } from './keeping/trace-keeper.ts';
import { type RecordOptions, recordTrace } from './keeping/trace-record.ts';
import type { CallPlace } from './langsmith-tree/call-place.ts';
import { LangSmithJoin } from './langsmith-tree/langsmith-join.ts';
import { type MetricsRegistry, TrafficMeter } from './metrics/index.ts';
import type { ResolvedTraceOptions } from './options/options.ts';
import { type GraphRun, type OtelHub, otelHub, otelTraceId, type SpanPrivacy } from './otel/index.ts';
import { PrivateView } from './privacy/private-view.ts';
import { spanPrivacy } from './privacy/span-cleaner.ts';
import { callerOf } from './recording/caller.ts';
import { type Settlement, settle } from './recording/outcome.ts';
import type { RawSpan, RawTrace } from './recording/raw-trace.ts';
import { Recorder } from './recording/recorder.ts';
import { TraceBuffer } from './recording/trace-buffer.ts';
import { compilePrivacy, isOpen } from './redaction/index.ts';
import { TRACE_FORMAT } from './spool/index.ts';
import { guardedLogger, processWarnings } from './tracer-logger.ts';

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
  /** How long a spooled trace waits for others to go with it, in milliseconds. Default 200. */
  readonly lingerMs?: number;
  /** Says at each call whether LangSmith's own tracer has been switched on meanwhile. Default: it never is. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What joins it with OpenTelemetry. Default: that of the process. */
  readonly otel?: OtelHub;
}

const optionsOfHandlers = new WeakMap<object, ResolvedTraceOptions>();

/** The options of the tracer that a callback handler belongs to; undefined for one of another copy of this package. */
export function optionsOfHandler(handler: object): ResolvedTraceOptions | undefined {
  return optionsOfHandlers.get(handler);
}

/** One set of options at work: records, decides and delivers the runs of every graph wrapped with it. */
export class Tracer {
  /** The callback handler to attach to a graph. */
  readonly handler: TracingHandler;
  readonly counters = new Counters();
  private readonly options: ResolvedTraceOptions;
  private readonly recording: RecordOptions;
  private readonly keeper: TraceKeeper;
  private readonly recorder: Recorder;
  private readonly links: InterruptLinks;
  private readonly buffer: TraceBuffer;
  /** What was dropped and can still be kept; the spans inside of it are held as long. */
  private readonly dropped: DroppedRing;
  private readonly delivery: Delivery;
  private readonly exporters: readonly TraceExporter[];
  /** Sees to it that nothing is sent twice or against the options, and that nested runs land in the same tree. */
  private readonly langSmith: LangSmithJoin;
  private readonly meter: TrafficMeter | undefined;
  /** Where problems are reported. */
  readonly logger: Logger;
  /** While the runs under way are ended because tracing ends. */
  private isCuttingOff = false;
  private readonly otel: OtelHub;
  private readonly leaveOtel: () => void;
  /** What applies to the spans of others inside its runs. */
  private readonly spanPrivacy: SpanPrivacy;
  private readonly isOpen: boolean;

  constructor(options: ResolvedTraceOptions, deps: TracerDeps = {}) {
    this.options = options;
    this.logger = deps.logger ? guardedLogger(deps.logger, this.counters) : processWarnings;
    // Waiting to try again is no reason for a process to stay.
    const clock = deps.clock ?? systemClock({ unref: true });
    this.exporters = deps.exporter
      ? [deps.exporter]
      : (deps.exporters ??
        defaultExporters(options, { clock, logger: this.logger, counters: this.counters }));
    this.recording = {
      privacy: compilePrivacy(options, (rule) => this.counters.add('redaction_failures', rule)),
      maxPayloadBytes: options.maxPayloadBytes,
      project: options.project,
    };
    this.isOpen = isOpen(this.recording.privacy);
    this.meter = deps.metrics && new TrafficMeter(deps.metrics, options.prices);
    this.dropped = new DroppedRing({
      maxTraces: options.maxDroppedTraces,
      maxBytes: Math.min(options.maxDroppedBytes, options.maxBufferBytes),
      onForgotten: (runId) => this.otel.decideRoot(runId, 'drop'),
    });
    this.buffer = new TraceBuffer({
      maxBytes: options.maxBufferBytes,
      counters: this.counters,
      reserve: this.dropped,
    });
    this.delivery = new Delivery({
      format: TRACE_FORMAT,
      exporters: this.exporters,
      counters: this.counters,
      logger: this.logger,
      clock,
      random: deps.random ?? Math.random,
      maxQueued: options.maxQueuedTraces,
      lingerMs: deps.lingerMs,
      disk: deps.exporter ? undefined : diskFor(this.exporters, options),
    });
    this.otel = deps.otel ?? otelHub;
    this.spanPrivacy = spanPrivacy(this.recording.privacy, (runId) => this.enclosing(runId));
    this.leaveOtel = this.otel.addRuns({
      find: (runId) => this.graphRun(runId),
      noteLostSpans: (rootId, count) => {
        if (this.dropped.has(rootId)) this.counters.add('spans_dropped', 'too_many_held', count);
      },
    });
    this.recorder = new Recorder({
      startRoot: ({ id, metadata }) => {
        this.langSmith.begin(id);
        return this.otel.startRoot() ?? callerOf(metadata);
      },
      buffer: this.buffer,
      counters: this.counters,
      now: clock.now,
      monotonic: deps.monotonic ?? (() => performance.now()),
      maxSpansPerTrace: options.maxSpansPerTrace,
      maxTraceAgeMs: options.maxTraceAgeMs,
      sleep: clock.sleep,
      privacy: this.isOpen ? undefined : this.recording.privacy,
      onEnd: (trace) => this.finish(trace),
      onLateFailure: (late) => this.finishLate(late),
    });
    this.links = new InterruptLinks({ find: this.interruptFinder(), clock });
    this.keeper = new TraceKeeper({
      policy: options,
      dropped: this.dropped,
      counters: this.counters,
      isRunning: (runId) =>
        this.recorder.isRunning(runId) || this.links.isWaiting(runId) || isBeginning(runId),
    });
    this.handler = this.handlerFor(undefined);
    this.langSmith = new LangSmithJoin({
      options,
      isPrivate: !this.isOpen,
      env: deps.env ?? {},
      counters: this.counters,
      logger: this.logger,
      onDefect: (where, thrown) => this.defect(where, thrown),
    });
  }

  /** The callback handlers to attach to the graph of this name. The order matters: the stand-in annotates what is begun. */
  callbacksFor(graphName: string | undefined): readonly BaseCallbackHandler[] {
    return [this.handlerFor(graphName), ...this.langSmith.callbacks];
  }

  /** The place of LangSmith's tracer in the calls of a graph with these callbacks, or with those of the tracer's own. */
  placeIn([handler = this.handler]: readonly BaseCallbackHandler[] = []): CallPlace {
    return this.langSmith.placeFor(handler);
  }

  /** The recording handler alone. */
  handlerFor(graphName: string | undefined): TracingHandler {
    const onDefect = (where: string, thrown: unknown) => this.defect(where, thrown);
    const handler = new TracingHandler(this.recorder, onDefect, graphName);
    optionsOfHandlers.set(handler, this.options);
    return handler;
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

  /** Resolves when every run that has ended is decided: what a resume goes on from is looked up. Never rejects. */
  decided(): Promise<void> {
    return this.links.settled();
  }

  /** Resolves when what has been kept so far is written, or could not be. */
  async flush(): Promise<void> {
    await this.links.settled();
    await this.delivery.flush();
  }

  /** Ends the runs under way as cancelled, keeps them, and delivers what there is, also to an exporter that has been failing. */
  async drain(): Promise<void> {
    this.isCuttingOff = true;
    try {
      this.recorder.abandon();
    } finally {
      this.isCuttingOff = false;
    }
    await this.links.settled();
    await this.delivery.flush({ force: true });
  }

  /** Brings what is decided to the disk, at once and without waiting for anything: the process ends now. */
  persist(): void {
    this.links.giveUp();
    this.delivery.persist();
  }

  /** Like {@link persist}, and keeps nothing open that would keep the process alive. */
  letGo(): void {
    this.links.giveUp();
    this.delivery.letGo();
  }

  /** From now on no new run is recorded. */
  stop(): void {
    this.recorder.stop();
  }

  /** Leaves what has not been delivered to a later process and lets go of the exporters. Never rejects. */
  async close(): Promise<void> {
    this.leaveOtel();
    this.links.giveUp();
    // Nobody can ask for them any more.
    this.dropped.clear();
    await this.delivery.close();
    await Promise.allSettled(this.exporters.map((exporter) => exporter.close()));
  }

  /** Stops, drains and closes. */
  async shutdown(): Promise<void> {
    this.stop();
    await this.drain();
    await this.close();
  }

  private finish(trace: RawTrace): void {
    // Before it is settled, which ends every span.
    const stillRunning = trace.spans.filter((span) => span.endTimeMs === undefined).map((span) => span.id);
    this.langSmith.end(trace);
    this.otel.endRoot(this.graphRunOf(trace), stillRunning);
    const settlement = settle(trace);
    this.measure(trace);
    const isCutOff = this.isCuttingOff;
    this.links.resolve(trace, (interrupt) => {
      trace.resumedRun = interrupt;
      if (interrupt?.decision !== undefined) this.keeper.recall(trace, interrupt.decision);
      this.decide(trace, settlement, isCutOff);
    });
  }

  /** What it was is told by its root alone: nothing inside of it was followed to its end. */
  private finishLate(late: RawTrace): void {
    const settlement = settle(late);
    if (settlement.outcome !== 'error') return;
    for (const kept of this.keeper.failLate(late, settlement)) this.deliver(kept);
  }

  private decide(trace: RawTrace, settlement: Settlement, isCutOff: boolean): void {
    const kept = this.keeper.decide(trace, settlement, isCutOff);
    if (!kept.some((one) => one.trace === trace)) {
      this.buffer.remove(trace);
      this.otel.decideRoot(trace.root.id, this.dropped.has(trace.root.id) ? 'aside' : 'drop');
    }
    for (const one of kept) this.deliver(one);
  }

  private graphRun(runId: string): GraphRun | undefined {
    const trace = this.recorder.traceOf(runId);
    return trace && this.graphRunOf(trace);
  }

  private graphRunOf({ root, parentSpan, hasInnerPrivacy }: RawTrace): GraphRun {
    const privacy = this.isOpen && !hasInnerPrivacy ? undefined : this.spanPrivacy;
    return { rootId: root.id, parentSpan, privacy };
  }

  /** A run under way and what encloses it, innermost first; undefined for one that has ended. */
  private enclosing(runId: string): readonly RawSpan[] | undefined {
    const chain: RawSpan[] = [];
    let span = this.recorder.find(runId);
    while (span !== undefined) {
      chain.push(span);
      span = span.parentId === undefined ? undefined : this.recorder.find(span.parentId);
    }
    return chain.length === 0 ? undefined : chain;
  }

  private measure(trace: RawTrace): void {
    try {
      if (this.isOpen && !trace.hasInnerPrivacy) this.meter?.measure(trace);
      else this.meter?.measure(trace, new PrivateView(trace, this.recording.privacy));
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

  /** Looks in the store, which other processes write to as well. */
  private interruptFinder(): InterruptLinksDeps['find'] {
    const store = this.exporters.find(({ findInterrupted }) => findInterrupted !== undefined);
    if (store === undefined) return undefined;
    return async (resume) => {
      const view = new PrivateView(resume, this.recording.privacy);
      const checkpointId = view.id(resume.resumedFrom ?? '');
      const found = await store.findInterrupted?.({ threadId: view.threadId(), checkpointId });
      if (found === undefined) return undefined;
      const { id, parentSpan, decision } = found;
      return { runId: id, otelTraceId: parentSpan?.traceId ?? otelTraceId(id), decision };
    };
  }
}
