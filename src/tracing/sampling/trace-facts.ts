import type { Outcome } from '../../core/index.ts';
import type { PlacedSpan } from '../span-place.ts';
import type { IncomingSampling } from './trace-state.ts';

/** What a decision can be made from in a span. References into the run's own objects: read, never change. */
export interface SpanFacts extends PlacedSpan {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly startTimeMs: number;
  readonly endTimeMs: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly inputs: unknown;
  readonly outputs: unknown;
  /** What was thrown. */
  readonly thrown: unknown;
}

/** What a decision is made from: a finished run. */
export interface TraceFacts {
  /** The root's run id. */
  readonly traceId: string;
  readonly outcome: Outcome;
  /** From the start of the root to its end, in milliseconds. */
  readonly durationMs: number;
  /** In the order they started, the root first. */
  readonly spans: readonly SpanFacts[];
  /** How a calling service has sampled, where it said so. */
  readonly incoming?: IncomingSampling;
}
