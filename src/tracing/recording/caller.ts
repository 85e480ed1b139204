import type { ParentSpan } from '../otel/index.ts';
import { parseTraceParent } from '../sampling/index.ts';

/**
 * The span of another process that a run belongs to, from the headers `traceparent` and `tracestate` that were handed on as
 * its metadata; undefined without a valid one.
 */
export function callerOf(metadata: Readonly<Record<string, unknown>>): ParentSpan | undefined {
  const parent = parseTraceParent(metadata['traceparent']);
  if (parent === undefined) return undefined;
  const traceState = metadata['tracestate'];
  return { ...parent, ...(typeof traceState === 'string' ? { traceState } : {}), isRemote: true };
}
