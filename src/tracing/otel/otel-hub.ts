import type { GraphRun, GraphRuns, ParentSpan } from './graph-runs.ts';
import { type TailDecision, TailDecisions } from './tail-decisions.ts';

/** Makes the spans of a kept trace; called with the resource of the SDK that will export them. */
export type SpanFactory = (resource: unknown) => readonly unknown[];

/** A span processor of the application's own SDK that takes the spans of kept graph runs. */
export interface SpanSink {
  /** Hands the spans to the application's processors, as spans that have ended. */
  emit(factory: SpanFactory): void;
}

const MAX_LEFT_RUNNING = 2_000;

/** What joins the tracer and OpenTelemetry. It exists without the API; with it, the bridge fills it in. */
export class OtelHub {
  readonly decisions: TailDecisions;
  private readonly runs = new Set<GraphRuns>();
  private readonly sinks = new Set<SpanSink>();
  /** Runs that went on after their root had ended, the oldest first. */
  private readonly leftRunning = new Map<string, GraphRun>();
  private holders = 0;
  private rootStarting: (() => ParentSpan | undefined) | undefined;
  private rootListener: (() => void) | undefined;

  constructor(decisions: TailDecisions = new TailDecisions()) {
    this.decisions = decisions;
  }

  /** Whether the application's own SDK takes the spans of graph runs. */
  get hasSink(): boolean {
    return this.sinks.size > 0;
  }

  /** Whether anybody holds the spans beside a graph run until its decision. */
  get holdsSpans(): boolean {
    return this.holders > 0;
  }

  /**
   * To be called when a root begins, in the context of its caller: makes sure that the active span can be found inside
   * the graph, and returns the span that encloses the run. Undefined while no OpenTelemetry API is in use.
   */
  startRoot(): ParentSpan | undefined {
    this.rootListener?.();
    return this.rootStarting?.();
  }

  /** Sets who is told when a root begins, to look again for what the application may have registered since. */
  onRoot(listener: (() => void) | undefined): void {
    this.rootListener = listener;
  }

  /** Sets what {@link startRoot} does. */
  connect(rootStarting: () => ParentSpan | undefined): void {
    this.rootStarting = rootStarting;
  }

  /** Makes the runs of a tracer known. Returns what takes them back. */
  addRuns(runs: GraphRuns): () => void {
    this.runs.add(runs);
    return () => void this.runs.delete(runs);
  }

  /**
   * To be called when a root has ended, with the runs of it that have not: a branch beside the one that failed may go on
   * for a while, and what it still does belongs to the trace.
   */
  endRoot(run: GraphRun, stillRunning: Iterable<string>): void {
    if (this.rootStarting === undefined) return;
    for (const runId of stillRunning) {
      this.leftRunning.set(runId, run);
      if (this.leftRunning.size <= MAX_LEFT_RUNNING) continue;
      const [oldest] = this.leftRunning.keys();
      if (oldest !== undefined) this.leftRunning.delete(oldest);
    }
  }

  /** To be called when a run has been decided. Free while nobody holds spans for it. */
  decideRoot(rootId: string, decision: TailDecision): void {
    if (this.holdsSpans) this.decisions.decide(rootId, decision);
  }

  /** The trace of a run, whichever tracer follows it. */
  findRun(runId: string): GraphRun | undefined {
    for (const runs of this.runs) {
      const found = runs.find(runId);
      if (found !== undefined) return found;
    }
    return this.leftRunning.get(runId);
  }

  /** Tells the tracers that spans inside of a dropped run were given up while the run can still be kept. */
  noteLostSpans(rootId: string, count: number): void {
    for (const runs of this.runs) runs.noteLostSpans?.(rootId, count);
  }

  /** Notes that somebody holds spans. Returns what takes it back, once. */
  addHolder(): () => void {
    let held = true;
    this.holders += 1;
    return () => {
      if (held) this.holders -= 1;
      held = false;
    };
  }

  /** Adds a processor of the application's. Returns what takes it back. */
  addSink(sink: SpanSink): () => void {
    this.sinks.add(sink);
    return () => void this.sinks.delete(sink);
  }

  /** Hands the spans of a kept trace to the application's SDK. */
  emit(factory: SpanFactory): void {
    for (const sink of this.sinks) sink.emit(factory);
  }
}

/**
 * The hub of this process: an application names its span processor in one place and wraps its graphs in another, and the
 * OpenTelemetry API that joins them is global as well.
 */
export const otelHub = new OtelHub();
