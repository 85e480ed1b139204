import type { Outcome, SpanType } from '../core/index.ts';

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
}

/** A span while it is in memory: nothing in it is copied or encoded. */
export interface RawSpan extends Omit<SpanStart, 'inputs'> {
  inputs: unknown;
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
  /** Payloads that were given up under memory pressure. */
  payloadsReleased: boolean;
}

/** A trace while it is in memory. */
export interface RawTrace {
  readonly root: RawSpan;
  /** In the order they started, the root first. */
  readonly spans: RawSpan[];
  /** Checkpoint at which the run was interrupted or resumed. */
  checkpointId: string | undefined;
  /** Whether the graph paused before its end: a dynamic interrupt, or a static one with nothing thrown. */
  interrupted: boolean;
  /** Whether anything in it has thrown so far: such a trace is given up last. */
  suspicious: boolean;
  /** Estimate of the payload bytes it keeps alive. */
  sizeBytes: number;
  /** Spans left out because the trace had reached its limit. */
  spansDropped: number;
}
