/** A span outside the graph that encloses a graph run, for example the HTTP server span of the request. */
export interface ParentSpan {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** W3C trace flags; bit 0 is "sampled". */
  readonly traceFlags: number;
  /** The `tracestate` header that came with it. */
  readonly traceState?: string | undefined;
  /** Whether it lies in another process. */
  readonly isRemote?: boolean | undefined;
}

/** Gives back a finished span without what must not leave memory. Never throws. */
export type SpanCleaner = (span: unknown) => unknown;

/** What is private in the spans that are recorded beside the runs of a tracer. */
export interface SpanPrivacy {
  /** For a span that begins in this run; undefined when the run is not known. */
  cleanerOf(runId: string | undefined): SpanCleaner;
}

/** Where a run belongs. */
export interface GraphRun {
  /** Run id of the root of its trace. */
  readonly rootId: string;
  /** What encloses the root. */
  readonly parentSpan?: ParentSpan | undefined;
  /** What applies to spans recorded inside of it; undefined when nothing is hidden. */
  readonly privacy?: SpanPrivacy | undefined;
}

/** The runs of wrapped graphs that are under way. */
export interface GraphRuns {
  /** The trace of a run, until its root has ended. Called often: must be cheap. */
  find(runId: string): GraphRun | undefined;
  /** Spans inside of a dropped run were given up while it can still be kept. Called for runs of others too. */
  noteLostSpans?(rootId: string, count: number): void;
}
