import type { z } from 'zod';
import {
  DEFAULT_PROJECT,
  restoreShared,
  SharedJsonError,
  type Span,
  spanSchema,
  type Trace,
  type TraceSummary,
  traceSummarySchema,
  traceTexts,
} from '../core/index.ts';
import type { TracePin } from './trace-pin.ts';

/** A row of the table `traces`. `record` is a {@link TraceSummary} as JSON; the other columns repeat parts of it. */
export interface TraceRow {
  readonly id: string;
  readonly name: string;
  readonly thread_id: string | null;
  readonly outcome: string;
  readonly start_time_ms: number;
  readonly end_time_ms: number;
  readonly reason: string;
  readonly weight: number;
  readonly span_count: number;
  /** Name and message, for people who query the database themselves. */
  readonly error: string | null;
  readonly project: string;
  /** Of an interrupted run. */
  readonly checkpoint_id: string | null;
  readonly record: string;
}

/** A row of the table `spans`. `record` is a {@link Span} as JSON; `position` is its place in the trace, from 0. */
export interface SpanRow {
  readonly trace_id: string;
  readonly position: number;
  readonly id: string;
  readonly record: string;
}

/** What a stored record holds, or what is wrong with it: one phrase without a full stop. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** A trace without its spans. */
export function summaryOf(trace: Trace): TraceSummary {
  const { spans, ...head } = trace;
  return { ...head, spanCount: spans.length };
}

/** A trace as the row that a list reads. */
export function traceRow(trace: Trace): TraceRow {
  return {
    id: trace.id,
    name: trace.name,
    thread_id: trace.threadId ?? null,
    outcome: trace.outcome,
    start_time_ms: trace.startTimeMs,
    end_time_ms: trace.endTimeMs,
    reason: trace.decision.reason,
    weight: trace.decision.weight,
    span_count: trace.spans.length,
    error: trace.error === undefined ? null : `${trace.error.name}: ${trace.error.message}`,
    project: projectOf(trace),
    checkpoint_id: interruptOf(trace) ?? null,
    record: JSON.stringify(summaryOf(trace)),
  };
}

/** The project of a trace. */
export function projectOf({ project }: Pick<Trace, 'project'>): string {
  return project ?? DEFAULT_PROJECT;
}

/** The checkpoint at which a trace was interrupted. */
export function interruptOf({
  outcome,
  checkpointId,
}: Pick<Trace, 'outcome' | 'checkpointId'>): string | undefined {
  return outcome === 'interrupted' ? checkpointId : undefined;
}

/** The spans of a trace as rows, and what stands in several places of them. */
export interface SpanRows {
  /** In order. */
  readonly spans: readonly SpanRow[];
  /** A list as JSON; null when nothing does. */
  readonly shared: string | null;
}

/** The spans of a trace as rows. The messages of a conversation stand in the state of every step, and are written once. */
export function spanRows(trace: Trace): SpanRows {
  const { spans, shared } = traceTexts(trace);
  return {
    spans: spans.map((record, position) => ({
      trace_id: trace.id,
      position,
      id: trace.spans[position]?.id ?? '',
      record,
    })),
    shared: shared ?? null,
  };
}

/** Reads what {@link traceRow} wrote. */
export function parseSummary(record: string): Parsed<TraceSummary> {
  return parseRecord(record, traceSummarySchema);
}

/** Reads what {@link traceRow} and {@link spanRows} wrote. */
export function parseTrace(
  record: string,
  spanRecords: readonly string[],
  sharedRecord: string | null,
): Parsed<Trace> {
  const summary = parseSummary(record);
  if (!summary.ok) return summary;
  const { spanCount, ...head } = summary.value;
  if (spanCount !== spanRecords.length) {
    return { ok: false, problem: `${spanRecords.length} of its ${spanCount} spans are there` };
  }
  const values: unknown[] = [];
  for (const [position, spanRecord] of spanRecords.entries()) {
    const json = parseJson(spanRecord);
    if (!json.ok) return { ok: false, problem: `span ${position + 1} of ${spanCount}: ${json.problem}` };
    values.push(json.value);
  }
  const restored =
    sharedRecord === null ? { ok: true as const, value: values } : unshare(values, sharedRecord);
  if (!restored.ok) return restored;
  const spans: Span[] = [];
  for (const [position, value] of restored.value.entries()) {
    const span = checked(value, spanSchema);
    if (!span.ok) return { ok: false, problem: `span ${position + 1} of ${spanCount}: ${span.problem}` };
    spans.push(span.value);
  }
  return { ok: true, value: { ...head, spans } };
}

function unshare(values: readonly unknown[], sharedRecord: string): Parsed<unknown[]> {
  const shared = parseJson(sharedRecord);
  if (!shared.ok || !Array.isArray(shared.value))
    return { ok: false, problem: 'its shared parts are not a list' };
  try {
    return { ok: true, value: restoreShared({ shared: shared.value, values }) };
  } catch (thrown) {
    if (thrown instanceof SharedJsonError) return { ok: false, problem: thrown.message };
    throw thrown;
  }
}

/** Reads the columns `pin_reason` and `pinned_at_ms`, whose types the table enforces; null for a trace without a pin. */
export function parsePin(row: Readonly<Record<string, unknown>> | undefined): { readonly pin?: TracePin } {
  if (row === undefined || row['pin_reason'] === null) return {};
  return { pin: { reason: String(row['pin_reason']), pinnedAtMs: Number(row['pinned_at_ms']) } };
}

function parseRecord<Value>(record: string, schema: z.ZodType<Value>): Parsed<Value> {
  const json = parseJson(record);
  return json.ok ? checked(json.value, schema) : json;
}

function parseJson(record: string): Parsed<unknown> {
  try {
    return { ok: true, value: JSON.parse(record) };
  } catch {
    return { ok: false, problem: 'its record is not JSON' };
  }
}

function checked<Value>(json: unknown, schema: z.ZodType<Value>): Parsed<Value> {
  const result = schema.safeParse(json);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'record';
  return { ok: false, problem: `${field}: ${issue?.message ?? 'is not valid'}` };
}
