import type { Trace } from '../../core/index.ts';
import { otelTraceId } from '../otel/index.ts';
import {
  checkpointRandomness,
  exportedTraceState,
  type IncomingSampling,
  incomingSampling,
  wasSampled,
} from '../sampling/index.ts';

/**
 * What the `tracestate` of an exported trace says of its sampling. A sampled trace says at which threshold it was kept, and
 * by what it was decided where that was not its id; one kept for a reason of its own is not probabilistic.
 */
export function traceStateOf(trace: Trace): string {
  const { id, parentSpan, decision } = trace;
  return exportedTraceState({
    traceIdHex: parentSpan?.traceId ?? otelTraceId(id),
    weight: decision.weight,
    sampled: wasSampled(decision),
    incoming: decidedBy(trace),
    parentState: parentSpan?.traceState,
  });
}

/** A caller's threshold comes first; the halves of a story share the bits of their checkpoint. */
function decidedBy(trace: Trace): IncomingSampling {
  const incoming = incomingOf(trace);
  const checkpoint =
    trace.resumedFrom?.checkpointId ?? (trace.outcome === 'interrupted' ? trace.checkpointId : undefined);
  return incoming.threshold !== undefined || checkpoint === undefined
    ? incoming
    : { randomness: checkpointRandomness(checkpoint) };
}

function incomingOf({ parentSpan }: Trace): IncomingSampling {
  return parentSpan === undefined ? {} : incomingSampling(parentSpan.traceId, parentSpan.traceState);
}
