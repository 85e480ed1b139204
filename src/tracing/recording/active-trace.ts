import type { ParentSpan } from '../otel/index.ts';
import { newSpan, snapshot } from './new-span.ts';
import type { RawTrace, SpanStart } from './raw-trace.ts';

/** A moment, by both clocks. */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** A trace whose root has not ended. */
export interface ActiveTrace {
  readonly trace: RawTrace;
  /** What has been weighed of the payloads it holds now. */
  seen: WeakSet<object>;
  readonly startedAt: Moment;
}

/** The trace of a root that begins now. */
export function activeTrace(
  start: SpanStart,
  startedAt: Moment,
  parentSpan: ParentSpan | undefined,
): ActiveTrace {
  const root = newSpan({ ...start, parentId: undefined, inputs: snapshot(start.inputs) }, startedAt.wallMs);
  const trace: RawTrace = {
    root,
    spans: [root],
    parentSpan,
    checkpointId: undefined,
    resumedFrom: undefined,
    interrupted: false,
    hasInnerPrivacy: false,
    suspicious: false,
    sizeBytes: 0,
    cutAtMs: undefined,
    failedLate: false,
    spansDropped: 0,
  };
  return { trace, seen: new WeakSet(), startedAt };
}
