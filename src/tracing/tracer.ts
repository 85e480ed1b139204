import { type Clock, errorMessage, type Logger, systemClock, traceStorePath } from '../core/index.ts';
import { Counters } from './counters.ts';
import { Delivery } from './delivery.ts';
import { StoreExporter, type TraceExporter } from './exporters/index.ts';
import { TracingHandler } from './handler.ts';
import type { ResolvedTraceOptions } from './options.ts';
import { settle } from './outcome.ts';
import type { RawTrace } from './raw-trace.ts';
import { Recorder } from './recorder.ts';
import { decide } from './sampling.ts';
import { TraceBuffer } from './trace-buffer.ts';
import { recordTrace } from './trace-record.ts';

/** What a {@link Tracer} takes from outside, each with a default. */
export interface TracerDeps {
  readonly logger?: Logger | undefined;
  readonly clock?: Clock;
  readonly monotonic?: () => number;
  /** Where kept traces go. Default: the embedded store of the options' home. */
  readonly exporter?: TraceExporter;
}

/** One set of options at work: records, decides and delivers the runs of every graph wrapped with it. */
export class Tracer {
  /** The callback handler to attach to a graph. */
  readonly handler: TracingHandler;
  readonly counters = new Counters();
  private readonly options: ResolvedTraceOptions;
  private readonly recorder: Recorder;
  private readonly buffer: TraceBuffer;
  private readonly delivery: Delivery;
  private readonly exporter: TraceExporter;
  private readonly logger: Logger;

  constructor(options: ResolvedTraceOptions, deps: TracerDeps = {}) {
    this.options = options;
    this.logger = deps.logger ?? processWarnings;
    // Waiting to try again is no reason for a process to stay.
    const clock = deps.clock ?? systemClock({ unref: true });
    this.exporter = deps.exporter ?? new StoreExporter(traceStorePath(options.home));
    this.buffer = new TraceBuffer({ maxBytes: options.maxBufferBytes, counters: this.counters });
    this.delivery = new Delivery({
      exporter: this.exporter,
      counters: this.counters,
      logger: this.logger,
      clock,
      maxQueued: options.maxQueuedTraces,
    });
    this.recorder = new Recorder({
      buffer: this.buffer,
      counters: this.counters,
      now: clock.now,
      monotonic: deps.monotonic ?? (() => performance.now()),
      maxSpansPerTrace: options.maxSpansPerTrace,
      maxTraceAgeMs: options.maxTraceAgeMs,
      onEnd: (trace) => this.finish(trace),
    });
    this.handler = new TracingHandler(this.recorder, (where, thrown) => this.defect(where, thrown));
  }

  /** Bytes of payload held for runs under way and traces that wait. An estimate. */
  get bufferedBytes(): number {
    return this.buffer.sizeBytes;
  }

  /** Traces that have been kept and not yet written. */
  get pendingTraces(): number {
    return this.delivery.pending;
  }

  /** Resolves when what has been kept so far is written, or could not be. */
  flush(): Promise<void> {
    return this.delivery.flush();
  }

  /** Ends the runs under way as cancelled and writes what there is. */
  async drain(): Promise<void> {
    this.recorder.abandon();
    await this.delivery.flush();
  }

  /** Drains, stops recording and lets go of the store. */
  async shutdown(): Promise<void> {
    this.recorder.stop();
    await this.drain();
    await this.exporter.close();
  }

  private finish(trace: RawTrace): void {
    const settlement = settle(trace);
    const decision = decide({ traceId: trace.root.id, outcome: settlement.outcome }, this.options);
    if (!decision.keep) {
      this.counters.add('traces_dropped', decision.reason);
      this.buffer.remove(trace);
      return;
    }
    const { keep: _keep, ...kept } = decision;
    this.counters.add('traces_kept', kept.reason);
    this.delivery.add({
      precious: kept.reason !== 'sampled',
      open: () => recordTrace(trace, settlement, kept, this.options),
      done: () => this.buffer.remove(trace),
    });
  }

  private defect(where: string, thrown: unknown): void {
    this.counters.add('internal_errors', where);
    this.logger.error(`Tracing failed in ${where}: ${errorMessage(thrown)}. The graph is not affected.`);
  }
}

const processWarnings: Logger = {
  warn: (message) => process.emitWarning(message, { type: 'SluicegateWarning' }),
  error: (message) => process.emitWarning(message, { type: 'SluicegateWarning' }),
};
