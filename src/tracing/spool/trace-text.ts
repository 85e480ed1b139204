import {
  isRecord,
  restoreShared,
  SharedJsonError,
  type Trace,
  traceSchema,
  traceTexts,
} from '../../core/index.ts';
import type { RecordFormat, RecordReading } from './record-format.ts';

/** The text of a record, read: the trace, or what keeps it from being one of the version known here. */
export type TraceReading = RecordReading<Trace>;

/** Traces as the spool has them. */
export const TRACE_FORMAT: RecordFormat<Trace> = { noun: 'trace', text: traceText, read: readTraceText };

/** A trace as the text of a record. What stands in several of its spans, as the messages of a conversation do, is written once. */
export function traceText(trace: Trace | undefined): string {
  if (trace === undefined) return JSON.stringify(trace);
  const { spans, shared } = traceTexts(trace);
  const head = JSON.stringify({ ...trace, spans: undefined });
  const text = `${head.slice(0, -1)},"spans":[${spans.join(',')}]}`;
  return shared === undefined ? text : `{"shared":${shared},"trace":${text}}`;
}

/** Reads what {@link traceText} wrote, in this process or in another one. */
export function readTraceText(text: string): TraceReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  try {
    json = whole(json);
  } catch (thrown) {
    if (thrown instanceof SharedJsonError) return { problem: thrown.message };
    throw thrown;
  }
  const parsed = traceSchema.safeParse(json);
  if (parsed.success) return { trace: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${issue?.path.join('.') || 'record'}: ${issue?.message}` };
}

/** With what was taken out of its spans put back. */
function whole(json: unknown): unknown {
  if (!isRecord(json) || !Array.isArray(json['shared']) || !isRecord(json['trace'])) return json;
  const { shared, trace } = json as { shared: unknown[]; trace: Record<string, unknown> };
  const { spans } = trace;
  return Array.isArray(spans) ? { ...trace, spans: restoreShared({ shared, values: spans }) } : trace;
}
