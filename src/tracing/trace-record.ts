import {
  isRecord,
  type KeepDecision,
  type PayloadGap,
  type Span,
  type SpanError,
  TRACE_SCHEMA_VERSION,
  type Trace,
  type Usage,
} from '../core/index.ts';
import type { Settlement } from './outcome.ts';
import { encodePayload } from './payload.ts';
import type { RawSpan, RawTrace } from './raw-trace.ts';

/** What may leave memory. */
export interface RecordOptions {
  readonly hideInputs: boolean;
  readonly hideOutputs: boolean;
  /** Limit of one payload; what is over it is cut and marked. */
  readonly maxPayloadBytes: number;
}

const MAX_METADATA_BYTES = 32 * 1024;
const MAX_TEXT = 16 * 1024;

/** Encodes a settled trace: the only place where payloads are turned into data that outlives the run. */
export function recordTrace(
  raw: RawTrace,
  settlement: Settlement,
  decision: KeepDecision,
  options: RecordOptions,
): Trace {
  const { root } = raw;
  const spans = raw.spans.map((span) => recordSpan(span, root, options));
  const threadId = root.metadata['thread_id'];
  return {
    schemaVersion: TRACE_SCHEMA_VERSION,
    id: root.id,
    name: root.name,
    ...(typeof threadId === 'string' ? { threadId } : {}),
    ...(raw.checkpointId === undefined ? {} : { checkpointId: raw.checkpointId }),
    outcome: settlement.outcome,
    startTimeMs: root.startTimeMs,
    endTimeMs: root.endTimeMs ?? root.startTimeMs,
    ...(settlement.outcome === 'error' && root.failed
      ? { error: recordError((settlement.failingSpan ?? root).thrown) }
      : {}),
    ...(settlement.failingSpan === undefined ? {} : { failingSpanId: settlement.failingSpan.id }),
    decision,
    ...optional('usage', sumUsage(spans)),
    spans,
  };
}

function recordSpan(span: RawSpan, root: RawSpan, options: RecordOptions): Span {
  const gaps: PayloadGap[] = [];
  const payload = (field: PayloadGap['field'], value: unknown, hidden: boolean) => {
    if (value === undefined) {
      if (span.payloadsReleased) gaps.push({ field, reason: 'truncated' });
      return {};
    }
    if (hidden) {
      gaps.push({ field, reason: 'hidden' });
      return {};
    }
    const encoded = encodePayload(value, options.maxPayloadBytes);
    if (encoded.truncated) gaps.push({ field, reason: 'truncated' });
    return { [field]: encoded.value };
  };
  const { metadata } = span;
  return {
    id: span.id,
    parentId: span === root ? null : (span.parentId ?? root.id),
    name: span.name,
    type: span.type,
    startTimeMs: span.startTimeMs,
    endTimeMs: span.endTimeMs ?? span.startTimeMs,
    outcome: span.outcome ?? 'cancelled',
    ...(span.failed && (span.outcome === 'error' || span.outcome === 'handled_error')
      ? { error: recordError(span.thrown) }
      : {}),
    ...payload('inputs', span.inputs, options.hideInputs),
    // LangGraph's first step hands the input on: its output is the input once more.
    ...payload(
      'outputs',
      span.outputs,
      options.hideOutputs || (options.hideInputs && span.name === '__start__'),
    ),
    gaps,
    metadata: encodedRecord(metadata),
    tags: span.tags.map(String),
    events: span.events.map((event) => ({
      name: event.name,
      timeMs: event.timeMs,
      ...(event.data === undefined || options.hideOutputs
        ? {}
        : { data: encodePayload(event.data, options.maxPayloadBytes).value }),
    })),
    ...optional('usage', span.type === 'llm' ? readUsage(span.outputs) : undefined),
    ...(typeof metadata['langgraph_node'] === 'string' ? { node: metadata['langgraph_node'] } : {}),
    ...(typeof metadata['langgraph_step'] === 'number' ? { step: metadata['langgraph_step'] } : {}),
    ...(typeof metadata['langgraph_checkpoint_ns'] === 'string'
      ? { checkpointNs: metadata['langgraph_checkpoint_ns'] }
      : {}),
    ...optional('model', span.model),
    ...optional('toolCallId', span.toolCallId),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

function encodedRecord(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { value } = encodePayload(metadata, MAX_METADATA_BYTES);
  return isRecord(value) ? value : {};
}

function recordError(thrown: unknown): SpanError {
  if (thrown instanceof Error) {
    return {
      name: clip(String(thrown.name)),
      message: clip(String(thrown.message)),
      ...(typeof thrown.stack === 'string' ? { stack: clip(thrown.stack) } : {}),
    };
  }
  const { value } = encodePayload(thrown, MAX_TEXT);
  return { name: typeof thrown, message: typeof value === 'string' ? clip(value) : JSON.stringify(value) };
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** Chat models report usage on the message, older ones on the result. */
function readUsage(result: unknown): Usage | undefined {
  if (!isRecord(result)) return undefined;
  const usages: Usage[] = [];
  for (const generation of asArray(result['generations']).flatMap(asArray)) {
    const message = isRecord(generation) ? generation['message'] : undefined;
    const usage = isRecord(message) ? message['usage_metadata'] : undefined;
    if (isRecord(usage)) {
      usages.push(makeUsage(usage['input_tokens'], usage['output_tokens'], usage['total_tokens']));
    }
  }
  if (usages.length > 0) return usages.reduce(addUsage);
  const llmOutput = result['llmOutput'];
  const tokens = isRecord(llmOutput) ? llmOutput['tokenUsage'] : undefined;
  return isRecord(tokens)
    ? makeUsage(tokens['promptTokens'], tokens['completionTokens'], tokens['totalTokens'])
    : undefined;
}

function makeUsage(input: unknown, output: unknown, total: unknown): Usage {
  const inputTokens = count(input);
  const outputTokens = count(output);
  return { inputTokens, outputTokens, totalTokens: count(total) || inputTokens + outputTokens };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
}

function sumUsage(spans: readonly Span[]): Usage | undefined {
  const usages = spans.flatMap((span) => (span.usage === undefined ? [] : [span.usage]));
  return usages.length === 0 ? undefined : usages.reduce(addUsage);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
