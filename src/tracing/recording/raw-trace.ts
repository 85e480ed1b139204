import type { Outcome, SpanType, Usage } from '../../core/index.ts';
import type { ParentSpan } from '../otel/index.ts';
import type { Privacy } from '../redaction/index.ts';

/** Something that happened inside a running span. `data` is a reference, encoded only if the trace is kept. */
export interface RawEvent {
  readonly name: string;
  readonly timeMs: number;
  readonly data?: unknown;
}

/** What is known of a span when it starts. Payloads are references into the user's own objects. */
export interface SpanStart {
  readonly id: string;
  /** Undefined for a run that nothing encloses. */
  readonly parentId: string | undefined;
  readonly name: string;
  readonly type: SpanType;
  readonly inputs: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly model?: string | undefined;
  readonly toolCallId?: string | undefined;
  /**
   * Name that the code gave a tool, or that a graph was compiled with: `name` is the caller's where the caller named the run.
   * Undefined for anything else, and where it is not known.
   */
  readonly ownName?: string | undefined;
  /** Class of what runs: a name that no caller can give it. Undefined for what langsmith reports. */
  readonly className?: string | undefined;
  /** The handler that reported it: what another one says of it is said twice. */
  readonly source?: object | undefined;
  /** What can abort the run that begins here, where the call that began it was seen. */
  readonly signal?: AbortSignal | undefined;
}

/** A span while it is in memory: nothing in it is copied or encoded. */
export interface RawSpan extends Omit<SpanStart, 'inputs' | 'metadata' | 'tags' | 'model' | 'signal'> {
  inputs: unknown;
  model?: string | undefined;
  metadata: Readonly<Record<string, unknown>>;
  tags: readonly string[];
  outputs: unknown;
  readonly startTimeMs: number;
  /** Undefined while it runs. */
  endTimeMs: number | undefined;
  /** What was thrown, or undefined. `failed` tells the two apart: anything can be thrown. */
  thrown: unknown;
  failed: boolean;
  /** Set when the trace is settled. */
  outcome: Outcome | undefined;
  readonly events: RawEvent[];
  /** Until the trace is settled. */
  signal?: AbortSignal | undefined;
  /** Of graphs that are wrapped themselves, with other options than the tracer that records them: they begin here. */
  innerPrivacy?: readonly Privacy[] | undefined;
  /** Payloads that were given up under memory pressure. */
  payloadsReleased: boolean;
  /** What a model call reported, noted when its payloads are given up: tokens are counted of every run. */
  usage?: Usage;
}

/** A run that was interrupted, as a link to it needs it. */
export interface InterruptedRun {
  readonly runId: string;
  /** 32 lower-case hex digits: the OpenTelemetry trace that it is in. */
  readonly otelTraceId: string;
}

/** A trace while it is in memory. */
export interface RawTrace {
  readonly root: RawSpan;
  /** In the order they started, the root first. */
  readonly spans: RawSpan[];
  /** The OpenTelemetry span outside of the graph that encloses it. */
  readonly parentSpan?: ParentSpan | undefined;
  /** Checkpoint at which the run was interrupted or resumed. */
  checkpointId: string | undefined;
  /** Checkpoint of an interrupt that this run went on from. */
  resumedFrom: string | undefined;
  /** The run that was interrupted there, once it is found. */
  resumedRun?: InterruptedRun | undefined;
  /** Whether the graph paused before its end: a dynamic interrupt, or a static one with nothing thrown. */
  interrupted: boolean;
  /** Whether a span in it has an `innerPrivacy`. */
  hasInnerPrivacy?: boolean | undefined;
  /** Whether anything in it has thrown so far: such a trace is given up last. */
  suspicious: boolean;
  /** Estimate of the payload bytes it keeps alive. */
  sizeBytes: number;
  /** When it was ended before its root: at its age limit, or with the process. Wall time in milliseconds since the epoch. */
  cutAtMs?: number | undefined;
  /** Whether its root failed after that. */
  failedLate?: boolean | undefined;
  /** Spans left out because the trace had reached its limit. */
  spansDropped: number;
}
