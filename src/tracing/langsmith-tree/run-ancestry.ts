import type { SpanType } from '../../core/index.ts';
import {
  LANGSMITH_KEYS,
  orderSegment,
  parseDottedOrder,
  RUN_TYPES,
  type RunType,
} from '../exporters/langsmith/index.ts';
import type { RawSpan } from '../recording/raw-trace.ts';
import { recorderOf } from '../recording/recorder.ts';

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

/** A run under way and the runs that enclose it, innermost first. */
export type RunChain = readonly [span: RawSpan, ...enclosing: RawSpan[]];

/** The chain of a run under way; undefined when it is not recorded. */
export function chainOf(id: string): RunChain | undefined {
  const recorder = recorderOf(id);
  const span = recorder?.find(id);
  if (recorder === undefined || span === undefined) return undefined;
  const enclosing: RawSpan[] = [];
  let at = span.parentId === undefined ? undefined : recorder.find(span.parentId);
  while (at !== undefined) {
    enclosing.push(at);
    at = at.parentId === undefined ? undefined : recorder.find(at.parentId);
  }
  return [span, ...enclosing];
}

/** Where a run stands in its trace. */
export function ancestryOf(chain: RunChain): RunAncestry {
  const [span] = chain;
  const root = chain.at(-1) ?? span;
  const segments = chain.map(({ startTimeMs, id }) => orderSegment(startTimeMs, id)).reverse();
  const outer = parseDottedOrder(root.metadata[LANGSMITH_KEYS.parent]);
  if (outer !== undefined) segments.unshift(outer.dottedOrder);
  const parentId = span.parentId ?? outer?.runId;
  return {
    id: span.id,
    name: span.name,
    run_type: finerType(span) ?? langSmithType(span.type),
    start_time: Math.floor(span.startTimeMs),
    trace_id: outer?.traceId ?? root.id,
    dotted_order: segments.join('.'),
    ...(parentId === undefined ? {} : { parent_run_id: parentId }),
    tags: [...span.tags],
    extra: inheritedExtra(span),
  };
}

/** What nested runs inherit. */
export function inheritedExtra(span: RawSpan): { metadata: Record<string, unknown> } {
  return { metadata: withoutKeys(span.metadata) };
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
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !OWN_KEYS.has(key)));
}

const OWN_KEYS = new Set<string>(Object.values(LANGSMITH_KEYS));
