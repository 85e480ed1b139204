import { type Context, createTraceState, type Span, TraceFlags, trace } from '@opentelemetry/api';
import type { GraphRun, SpanPrivacy } from '../graph-runs.ts';
import { otelSpanId, otelTraceId } from '../ids.ts';
import type { OtelHub } from '../otel-hub.ts';
import { PRIVACY_KEY, ROOT_KEY, RUN_KEY } from './run-key.ts';

/** Runs that are remembered: those of traces under way, and a few after their end for what was left running. */
const MAX_REMEMBERED = 20_000;

/** A run of a graph as the parent of what OpenTelemetry records inside it. */
export class RunSpan {
  /** Carries ids and records nothing: the span itself is exported with its trace, if that is kept. */
  readonly span: Span;
  /** Run id of the root of its trace. */
  readonly rootId: string;
  readonly runId: string;
  private readonly privacy: SpanPrivacy | undefined;
  private last: { readonly base: Context; readonly context: Context } | undefined;

  constructor(runId: string, { rootId, privacy }: GraphRun, span: Span) {
    this.runId = runId;
    this.rootId = rootId;
    this.privacy = privacy;
    this.span = span;
  }

  /** The context with this span active. Instrumentations ask for it several times a call, mostly with the same base. */
  over(base: Context): Context {
    if (this.last?.base !== base) {
      const marked = base
        .setValue(RUN_KEY, this.runId)
        .setValue(ROOT_KEY, this.rootId)
        .setValue(PRIVACY_KEY, this.privacy);
      this.last = { base, context: trace.setSpan(marked, this.span) };
    }
    return this.last.context;
  }
}

/** The spans that stand for the runs of wrapped graphs, made when first asked for. */
export class SpanContexts {
  private readonly hub: OtelHub;
  private readonly byRun = new Map<string, RunSpan>();
  private readonly maxRemembered: number;

  constructor(hub: OtelHub, options: { readonly maxRemembered?: number } = {}) {
    this.hub = hub;
    this.maxRemembered = options.maxRemembered ?? MAX_REMEMBERED;
  }

  /** The span of a run; undefined for a run that no tracer follows. */
  of(runId: string): RunSpan | undefined {
    const known = this.byRun.get(runId);
    if (known !== undefined) return known;
    const run = this.hub.findRun(runId);
    return run === undefined ? undefined : this.remember(runId, run);
  }

  private remember(runId: string, run: GraphRun): RunSpan {
    const { parentSpan } = run;
    const span = trace.wrapSpanContext({
      traceId: parentSpan?.traceId ?? otelTraceId(run.rootId),
      spanId: otelSpanId(runId),
      traceFlags: this.flags(run),
      ...(parentSpan?.traceState ? { traceState: createTraceState(parentSpan.traceState) } : {}),
    });
    const made = new RunSpan(runId, run, span);
    this.byRun.set(runId, made);
    if (this.byRun.size > this.maxRemembered) {
      const [oldest] = this.byRun.keys();
      if (oldest !== undefined) this.byRun.delete(oldest);
    }
    return made;
  }

  /**
   * Where somebody holds the spans until the decision, all have to be recorded. Where nobody does, the decision of the
   * caller is the only one there is.
   */
  private flags({ parentSpan }: GraphRun): number {
    if (parentSpan === undefined || this.hub.holdsSpans) return TraceFlags.SAMPLED;
    return parentSpan.traceFlags;
  }
}
