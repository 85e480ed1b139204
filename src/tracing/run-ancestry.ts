import type { SpanType } from '../core/index.ts';
import {
  LANGSMITH_KEYS,
  orderSegment,
  parseDottedOrder,
  RUN_TYPES,
  type RunType,
} from './exporters/langsmith/index.ts';
import type { RawSpan } from './raw-trace.ts';
import { recorderOf } from './recorder.ts';

/** A run under way in the words of langsmith's run trees. */
export interface RunAncestry {
  readonly id: string;
  readonly name: string;
  readonly run_type: RunType;
  readonly start_time: number;
  readonly trace_id: string;
  /** The place the exporter will give it. */
  readonly dotted_order: string;
  readonly parent_run_id?: string;
  readonly tags: string[];
  readonly extra: { metadata: Record<string, unknown> };
}

/** Where a run under way stands in its trace; undefined when it is not recorded. */
export function ancestryOf(id: string): RunAncestry | undefined {
  const recorder = recorderOf(id);
  const span = recorder?.find(id);
  if (recorder === undefined || span === undefined) return undefined;
  const segments: string[] = [];
  let at: RawSpan | undefined = span;
  let root = span;
  while (at !== undefined) {
    segments.unshift(orderSegment(at.startTimeMs, at.id));
    root = at;
    at = at.parentId === undefined ? undefined : recorder.find(at.parentId);
  }
  const outer = parseDottedOrder(root.metadata[LANGSMITH_KEYS.parent]);
  if (outer !== undefined) segments.unshift(outer.dottedOrder);
  const parentId = span.parentId ?? outer?.runId;
  return {
    id,
    name: span.name,
    run_type: finerType(span) ?? langSmithType(span.type),
    start_time: Math.floor(span.startTimeMs),
    trace_id: outer?.traceId ?? root.id,
    dotted_order: segments.join('.'),
    ...(parentId === undefined ? {} : { parent_run_id: parentId }),
    tags: [...span.tags],
    extra: { metadata: withoutKeys(span.metadata) },
  };
}

/** The type of a span for a run of langsmith's, and the finer type where the span's does not say it. */
export function spanTypeOf(runType: string): {
  readonly type: SpanType;
  readonly finer: RunType | undefined;
} {
  if (runType === 'llm' || runType === 'tool' || runType === 'retriever')
    return { type: runType, finer: undefined };
  const finer = RUN_TYPES.find((type) => type === runType && type !== 'chain');
  return { type: 'chain', finer };
}

function finerType(span: RawSpan): RunType | undefined {
  return RUN_TYPES.find((type) => type === span.metadata[LANGSMITH_KEYS.runType]);
}

function langSmithType(type: SpanType): RunType {
  return type === 'llm' || type === 'tool' || type === 'retriever' ? type : 'chain';
}

/** Nested runs inherit metadata, but not what is said of this run alone. */
function withoutKeys(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = new Set<string>(Object.values(LANGSMITH_KEYS));
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !own.has(key)));
}
