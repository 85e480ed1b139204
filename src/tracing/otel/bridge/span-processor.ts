import { type Context, diag, trace } from '@opentelemetry/api';
import { z } from 'zod';
import { isRecord, UsageError } from '../../../core/index.ts';
import { issueText, optionWording } from '../../option-wording.ts';
import type { SpanCleaner } from '../graph-runs.ts';
import { OtelHub, otelHub, type SpanFactory } from '../otel-hub.ts';
import { type HeldRun, HeldSpans } from './held-spans.ts';
import { joinContext } from './join-context.ts';
import { cleanerOf, rootOf } from './run-key.ts';
import type { SdkResource, SdkSpan, SdkSpanProcessor } from './sdk-span.ts';

/** Options of {@link SluicegateSpanProcessor}. */
export interface SluicegateSpanProcessorOptions {
  /**
   * Spans that may be held: of graph runs that are not decided, and of dropped ones as long as `keep` can have them. When there
   * are more, those of the run that was dropped first are given up, and when no dropped one is left, those of the run with the
   * most are passed on undecided. Both are counted. Default 10000.
   */
  readonly maxHeldSpans?: number;
  /** The resource of the SDK, for the spans of the graph. Default: that of the first span this processor sees. */
  readonly resource?: SdkResource;
  /** Whether the spans of the graph itself go to the processor around which this one stands. Default true. */
  readonly graphSpans?: boolean;
  /** Joins the processor with the tracer. Default: that of the process. */
  readonly hub?: OtelHub;
}

const optionsSchema = z.strictObject({
  maxHeldSpans: z.number().int().positive().optional(),
  resource: z.custom<SdkResource>(isResource, 'must be the resource of an SDK').optional(),
  graphSpans: z.boolean().optional(),
  hub: z.instanceof(OtelHub).optional(),
});

/** What a {@link SluicegateSpanProcessor} has done so far, in spans. */
export interface HeldSpanCounts {
  /** Waiting for a decision now. */
  readonly held: number;
  /** Of runs that were dropped, held as long as `keep` can have the run. */
  readonly aside: number;
  /** Passed on because their run was kept. */
  readonly kept: number;
  /** Left out for good because their run was dropped. */
  readonly dropped: number;
  /** Of those, while `keep` could still have had the run: too many were held. */
  readonly givenUp: number;
  /** Passed on without a decision: too many were waiting, or the SDK shut down. */
  readonly undecided: number;
}

/**
 * Goes around the span processor of an application that runs its own OpenTelemetry SDK, 2.x or 3.x. What is recorded
 * inside a wrapped graph (HTTP calls, queries, spans of the application's own) waits until the run is decided and then
 * follows it: to the processor inside, or nowhere, unless `keep` asks for the run in time. The spans of a kept graph go the same way, so that the application's
 * resource and exporters stay the only ones. Spans outside of a graph pass through at once.
 *
 * What the tracer of the graph hides or redacts is kept out of the spans inside of it too: the processor inside gets a copy
 * when they have ended. It sees the span itself while that is still running, as every processor does.
 *
 * @throws UsageError `SPAN_PROCESSOR_INVALID` when there is no processor inside, or for an option that is not known or not valid.
 *
 * @example
 * ```ts
 * import { SluicegateSpanProcessor } from 'sluicegate/otel';
 * new NodeSDK({ spanProcessors: [new SluicegateSpanProcessor(new BatchSpanProcessor({ exporter }))] }).start();
 * ```
 */
export class SluicegateSpanProcessor {
  private readonly inner: SdkSpanProcessor;
  private readonly hub: OtelHub;
  private readonly maxHeldSpans: number;
  private readonly leave: (() => void)[] = [];
  /** Spans that have started inside a graph run. Weak: a span that never ends must not stay for ever. */
  private readonly roots = new WeakMap<SdkSpan, string>();
  /** What to leave out of spans that have started inside a graph whose tracer hides something. */
  private readonly cleaners = new WeakMap<SdkSpan, SpanCleaner>();
  private readonly held = new HeldSpans();
  private resource: SdkResource | undefined;
  private probing = false;
  private kept = 0;
  private dropped = 0;
  private givenUp = 0;
  private undecided = 0;

  constructor(inner: SdkSpanProcessor, options: SluicegateSpanProcessorOptions = {}) {
    if (typeof inner?.onEnd !== 'function' || typeof inner.onStart !== 'function') {
      throw new UsageError(
        'SPAN_PROCESSOR_INVALID',
        'SluicegateSpanProcessor takes the span processor to go around.',
        {
          hint: 'For example: new SluicegateSpanProcessor(new BatchSpanProcessor({ exporter })).',
        },
      );
    }
    const parsed = optionsSchema.safeParse(options, { error: optionWording });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UsageError(
        'SPAN_PROCESSOR_INVALID',
        `SluicegateSpanProcessor: ${issue ? issueText(issue) : 'not valid'}.`,
      );
    }
    this.inner = inner;
    this.hub = options.hub ?? otelHub;
    this.maxHeldSpans = options.maxHeldSpans ?? 10_000;
    this.resource = options.resource;
    joinContext(this.hub, { warn: (text) => diag.warn(text), error: (text) => diag.error(text) });
    this.leave.push(this.hub.addHolder());
    if (options.graphSpans !== false) this.leave.push(this.hub.addSink(this));
  }

  /** What this processor has done so far. */
  get counts(): HeldSpanCounts {
    const { held, kept, dropped, givenUp, undecided } = this;
    return { held: held.waitingCount, aside: held.asideCount, kept, dropped, givenUp, undecided };
  }

  /** For the SDK: a span has started. */
  onStart(span: SdkSpan, parentContext: Context): void {
    this.resource ??= span.resource;
    if (this.probing) return;
    const clean = cleanerOf(parentContext);
    if (clean !== undefined) this.cleaners.set(span, clean);
    // A span that was started as a root of its own has left the graph's trace.
    const root = span.parentSpanContext === undefined ? undefined : rootOf(parentContext);
    if (root !== undefined) this.roots.set(span, root);
    this.inner.onStart(toInner(span), parentContext);
  }

  /** For the SDK: a span is about to end, and can still be written to. */
  onEnding(span: SdkSpan): void {
    this.inner.onEnding?.(toInner(span));
  }

  /** For the SDK: a span has ended. */
  onEnd(span: SdkSpan): void {
    const root = this.roots.get(span);
    if (root === undefined) {
      this.passOn(span);
      return;
    }
    const decision = this.hub.decisions.of(root);
    if (decision === 'keep' || decision === 'drop') this.settle([span], decision);
    else this.hold(root, span);
  }

  /** Hands the spans of a kept graph run to the processor inside. For the exporter of this package. */
  emit(factory: SpanFactory): void {
    for (const span of factory(this.resource ?? this.probe())) this.inner.onEnd(span as never);
  }

  /** Flushes the processor inside. Spans whose run is not decided, or was dropped, stay where they are. */
  forceFlush(): Promise<void> {
    return this.inner.forceFlush();
  }

  /** Passes on what waits, undecided, drops what was set aside, and shuts the processor inside down. */
  async shutdown(): Promise<void> {
    for (const leave of this.leave.splice(0)) leave();
    for (let run = this.held.oldestAside; run !== undefined; run = this.held.oldestAside) {
      this.dropped += this.takeOut(run).length;
    }
    for (let run = this.held.biggestWaiting; run !== undefined; run = this.held.biggestWaiting)
      this.release(run);
    await this.inner.shutdown();
  }

  private hold(root: string, span: SdkSpan): void {
    const { held, hub, maxHeldSpans } = this;
    const begun = held.add(root, span);
    if (begun !== undefined) {
      begun.leave = hub.decisions.subscribe(root, (decision) => {
        if (decision === 'aside') held.setAside(root);
        else this.settle(held.take(root), decision);
      });
    }
    while (held.waitingCount + held.asideCount > maxHeldSpans) this.makeRoom();
  }

  private makeRoom(): void {
    const { oldestAside, biggestWaiting } = this.held;
    if (oldestAside !== undefined) this.giveUp(oldestAside);
    else if (biggestWaiting !== undefined) this.release(biggestWaiting);
  }

  private giveUp(run: HeldRun): void {
    const spans = this.takeOut(run).length;
    this.dropped += spans;
    this.givenUp += spans;
    this.hub.noteLostSpans(run.rootId, spans);
  }

  private settle(spans: readonly SdkSpan[], decision: 'keep' | 'drop'): void {
    if (decision === 'drop') {
      this.dropped += spans.length;
      return;
    }
    this.kept += spans.length;
    for (const span of spans) this.passOn(span);
  }

  /** Passed on rather than dropped: the run may yet fail, and then nothing of it may be missing. */
  private release(run: HeldRun): void {
    const spans = this.takeOut(run);
    this.undecided += spans.length;
    for (const span of spans) this.passOn(span);
  }

  private takeOut({ rootId, leave }: HeldRun): readonly SdkSpan[] {
    leave();
    return this.held.take(rootId);
  }

  private passOn(span: SdkSpan): void {
    const clean = this.cleaners.get(span);
    this.inner.onEnd(toInner(clean === undefined ? span : clean(span)));
  }

  /**
   * Learns the resource where no span has passed yet, from one that is started, seen by this processor alone and never
   * ended. Without a sampler's consent there is none to be had: then the attributes are empty.
   */
  private probe(): SdkResource {
    this.probing = true;
    try {
      trace.getTracer('sluicegate').startSpan('sluicegate.resource', { root: true });
    } finally {
      this.probing = false;
    }
    return this.resource ?? { attributes: {} };
  }
}

function isResource(value: unknown): value is SdkResource {
  return isRecord(value) && isRecord(value['attributes']);
}

/** The SDK's own spans go back to the SDK's own processor: whatever type that knows them by. */
function toInner(span: unknown): never {
  return span as never;
}
