import type { Attributes, Link, SpanContext } from '@opentelemetry/api';
import { isRecord, type Span, type SpanType, type Trace } from '../../../core/index.ts';
import { otelSpanId, otelTraceId, type ParentSpan } from '../../otel/index.ts';
import { ERROR, GENAI, OPERATION, providerName, SEMCONV_SCHEMA_URL, SLUICEGATE } from './genai-attributes.ts';
import { type GenAiMessage, toGenAiMessage, toGenAiMessages } from './genai-messages.ts';
import { modelFacts, modelInput, modelOutput } from './model-facts.ts';
import { fixedTraceState, highResTime, type OtelSpan, type OtelSpanEvent } from './otel-span.ts';

/** A trace that may have a parent outside of the graph, for example the HTTP server span of the request. */
export type LinkedTrace = Trace & { readonly parentSpan?: Omit<ParentSpan, 'traceFlags'> | undefined };

/** Options of {@link toOtelSpans}. */
export interface GenAiMappingOptions {
  /** The resource of the SDK that exports the spans. */
  readonly resource: unknown;
  /** Whether messages, tool arguments and results, and other payloads go into attributes. */
  readonly captureContent: boolean;
  /** The `tracestate` of the spans, for example with the sampling threshold. Default: that of the parent. */
  readonly traceState?: string | undefined;
  /** Version of this package, for the instrumentation scope. */
  readonly scopeVersion?: string | undefined;
}

/** `SpanKind` and `SpanStatusCode` of the API: a pure mapping does not load it. */
const INTERNAL = 0;
const CLIENT = 2;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;
const SAMPLED = 1;

/** Metadata that LangChain and LangGraph write themselves, and that has a place of its own or none. */
const INTERNAL_METADATA = /^(langgraph_|ls_|lc_|checkpoint_ns$|thread_id$|__)/;

/**
 * A kept trace as OpenTelemetry spans, by the GenAI semantic conventions. Trace and span ids are derived from the run
 * ids, so that a trace exported twice is the same trace, and spans recorded beside the graph can name their parents
 * beforehand. Only the outcome `error` is an error here. Pure.
 *
 * Source: OpenTelemetry semantic conventions 1.45, "Semantic conventions for generative client AI spans" and "GenAI
 * agent and framework spans".
 */
export function toOtelSpans(trace: LinkedTrace, options: GenAiMappingOptions): OtelSpan[] {
  const { parentSpan } = trace;
  const traceId = parentSpan?.traceId ?? otelTraceId(trace.id);
  const traceState = options.traceState ?? parentSpan?.traceState;
  const contextOf = (spanId: string): SpanContext => ({
    traceId,
    spanId,
    traceFlags: SAMPLED,
    ...(traceState ? { traceState: fixedTraceState(traceState) } : {}),
  });
  const known = new Set(trace.spans.map((span) => span.id));
  const parentOf = (span: Span): SpanContext | undefined => {
    if (span.parentId === null) {
      return parentSpan && { ...contextOf(parentSpan.spanId), isRemote: parentSpan.isRemote ?? false };
    }
    // The parent may have been left out at the limit of spans.
    return contextOf(otelSpanId(known.has(span.parentId) ? span.parentId : trace.id));
  };
  const scope = {
    name: 'sluicegate',
    ...(options.scopeVersion === undefined ? {} : { version: options.scopeVersion }),
    schemaUrl: SEMCONV_SCHEMA_URL,
  };
  return trace.spans.map((span): OtelSpan => {
    const context = contextOf(otelSpanId(span.id));
    const parent = parentOf(span);
    const failed = span.outcome === 'error';
    return {
      name: spanName(span),
      kind: span.type === 'llm' || span.type === 'retriever' ? CLIENT : INTERNAL,
      spanContext: () => context,
      ...(parent === undefined ? {} : { parentSpanContext: parent }),
      startTime: highResTime(span.startTimeMs),
      endTime: highResTime(span.endTimeMs),
      duration: highResTime(Math.max(0, span.endTimeMs - span.startTimeMs)),
      status: failed
        ? { code: STATUS_ERROR, ...(span.error === undefined ? {} : { message: span.error.message }) }
        : { code: STATUS_UNSET },
      attributes: present({
        ...identity(span, trace),
        ...operation(span),
        ...failure(span),
        ...(options.captureContent ? content(span) : {}),
      }),
      links: span.parentId === null ? resumeLinks(trace) : [],
      events: [...recordedEvents(span, options.captureContent), ...exceptionEvents(span)],
      ended: true,
      resource: options.resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  });
}

type Loose = Record<string, string | number | boolean | readonly string[] | undefined>;

const OPERATIONS: Readonly<Partial<Record<SpanType, string>>> = {
  graph: OPERATION.invokeAgent,
  llm: OPERATION.chat,
  tool: OPERATION.executeTool,
  retriever: OPERATION.retrieval,
};

function operationName(span: Span): string | undefined {
  if (span.type === 'llm' && span.metadata['ls_model_type'] === 'llm') return OPERATION.textCompletion;
  return OPERATIONS[span.type];
}

function spanName(span: Span): string {
  const name = operationName(span);
  if (name === undefined) return span.name;
  return `${name} ${span.type === 'llm' ? (span.model ?? span.name) : span.name}`;
}

/** What ties a span to the records of every other system. */
function identity(span: Span, trace: Trace): Loose {
  return {
    [SLUICEGATE.runId]: span.id,
    [SLUICEGATE.rootRunId]: trace.id,
    [SLUICEGATE.type]: span.type,
    [SLUICEGATE.outcome]: span.outcome,
    [SLUICEGATE.decisionWeight]: trace.decision.weight,
    [SLUICEGATE.node]: span.node,
    [SLUICEGATE.step]: span.step,
    [SLUICEGATE.checkpointNs]: span.checkpointNs,
    [GENAI.conversationId]: trace.threadId,
    ...(span.parentId === null
      ? {
          [SLUICEGATE.decisionReason]: trace.decision.reason,
          [SLUICEGATE.checkpointId]: trace.checkpointId,
          ...resumeFacts(trace),
          [SLUICEGATE.tags]: span.tags.length === 0 ? undefined : span.tags,
          ...callerMetadata(span),
        }
      : {}),
  };
}

function resumeFacts({ resumedFrom }: Trace): Loose {
  return {
    [SLUICEGATE.resumedFromRunId]: resumedFrom?.runId,
    [SLUICEGATE.resumedFromCheckpointId]: resumedFrom?.checkpointId,
  };
}

/** The root of a resume links to the root of the interrupted run, which ended before it began, maybe in another process. */
function resumeLinks(trace: Trace): Link[] {
  const runId = trace.resumedFrom?.runId;
  if (runId === undefined) return [];
  const context: SpanContext = {
    traceId: trace.resumedFrom?.otelTraceId ?? otelTraceId(runId),
    spanId: otelSpanId(runId),
    traceFlags: SAMPLED,
  };
  return [{ context, attributes: present(resumeFacts(trace)) }];
}

function callerMetadata(span: Span): Loose {
  const kept: Loose = {};
  for (const [key, value] of Object.entries(span.metadata)) {
    if (INTERNAL_METADATA.test(key)) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      kept[`${SLUICEGATE.metadataPrefix}${key}`] = value;
    }
  }
  return kept;
}

function operation(span: Span): Loose {
  const common = { [GENAI.operationName]: operationName(span) };
  switch (span.type) {
    case 'graph':
      return { ...common, [GENAI.agentName]: span.name };
    case 'llm':
      return { ...common, ...modelCall(span) };
    case 'tool':
      return { ...common, [GENAI.toolName]: span.name, [GENAI.toolCallId]: span.toolCallId };
    default:
      return common;
  }
}

function modelCall(span: Span): Loose {
  const { metadata, usage } = span;
  const facts = modelFacts(span);
  const provider = metadata['ls_provider'];
  const firstToken = span.events.find((event) => event.name === 'first_token');
  return {
    [GENAI.providerName]: typeof provider === 'string' ? providerName(provider) : undefined,
    [GENAI.requestModel]: span.model,
    [GENAI.requestTemperature]: numeric(metadata['ls_temperature']),
    [GENAI.requestMaxTokens]: numeric(metadata['ls_max_tokens']),
    [GENAI.requestStopSequences]: texts(metadata['ls_stop']),
    [GENAI.responseModel]: facts.model,
    [GENAI.responseId]: facts.responseId,
    [GENAI.responseFinishReasons]: facts.finishReasons.length === 0 ? undefined : facts.finishReasons,
    [GENAI.responseTimeToFirstChunk]:
      firstToken === undefined ? undefined : Math.max(0, firstToken.timeMs - span.startTimeMs) / 1000,
    [GENAI.usageInputTokens]: usage?.inputTokens,
    [GENAI.usageOutputTokens]: usage?.outputTokens,
  };
}

/** An error that was handled must not look like one: backends count `error.type` and exception events. */
function failure(span: Span): Loose {
  if (span.outcome === 'error') return { [ERROR.type]: span.error?.name ?? '_OTHER' };
  return {
    [SLUICEGATE.handledErrorType]: span.error?.name,
    [SLUICEGATE.handledErrorMessage]: span.error?.message,
  };
}

function exceptionEvents(span: Span): OtelSpanEvent[] {
  if (span.outcome !== 'error' || span.error === undefined) return [];
  return [
    {
      name: 'exception',
      time: highResTime(span.endTimeMs),
      attributes: present({
        [ERROR.exceptionType]: span.error.name,
        [ERROR.exceptionMessage]: span.error.message,
        [ERROR.exceptionStacktrace]: span.error.stack,
      }),
    },
  ];
}

function recordedEvents(span: Span, captureContent: boolean): OtelSpanEvent[] {
  return (
    span.events
      // For a replay alone.
      .filter(({ name }) => name !== 'pieces')
      .map(({ name, timeMs, data }) => ({
        name,
        time: highResTime(timeMs),
        ...(captureContent && data !== undefined
          ? { attributes: { [SLUICEGATE.eventData]: json(data) } }
          : {}),
      }))
  );
}

function content(span: Span): Loose {
  switch (span.type) {
    case 'llm':
      return {
        [GENAI.inputMessages]: messagesJson(modelInput(span.inputs)) ?? optionalJson(span.inputs),
        [GENAI.outputMessages]: messagesJson(modelOutput(span.outputs)) ?? optionalJson(span.outputs),
      };
    case 'tool':
      return {
        [GENAI.toolCallArguments]: unwrapped(span.inputs, 'input'),
        [GENAI.toolCallResult]: unwrapped(span.outputs, 'output'),
      };
    case 'retriever':
      return {
        [GENAI.retrievalQueryText]: unwrapped(span.inputs, 'query'),
        [GENAI.retrievalDocuments]: unwrapped(span.outputs, 'documents'),
      };
    case 'graph':
      return {
        ...stateContent(span),
        [SLUICEGATE.inputs]: optionalJson(span.inputs),
        [SLUICEGATE.outputs]: optionalJson(span.outputs),
      };
    default:
      return {
        [SLUICEGATE.inputs]: optionalJson(span.inputs),
        [SLUICEGATE.outputs]: optionalJson(span.outputs),
      };
  }
}

/** A graph over messages: what it was given, and the last message of its state, which is its answer. */
function stateContent(span: Span): Loose {
  const given = isRecord(span.inputs) ? toGenAiMessages(span.inputs['messages']) : undefined;
  const state = isRecord(span.outputs) ? span.outputs['messages'] : undefined;
  const last = Array.isArray(state) ? toGenAiMessage(state.at(-1), 'stop') : undefined;
  return {
    [GENAI.inputMessages]: messagesJson(given),
    [GENAI.outputMessages]: messagesJson(last?.role === 'assistant' ? [last] : undefined),
  };
}

function messagesJson(messages: readonly GenAiMessage[] | undefined): string | undefined {
  return messages === undefined ? undefined : json(messages);
}

/** The recorder wraps what a tool or retriever takes and gives in a record of one field. */
function unwrapped(payload: unknown, field: string): string | undefined {
  const value = isRecord(payload) && field in payload ? payload[field] : payload;
  return typeof value === 'string' ? value : optionalJson(value);
}

function optionalJson(value: unknown): string | undefined {
  return value === undefined ? undefined : json(value);
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function numeric(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? value.filter((member) => typeof member === 'string') : [];
  return list.length === 0 ? undefined : list;
}

function present(attributes: Loose): Attributes {
  const kept: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    kept[key] = typeof value === 'object' ? [...value] : value;
  }
  return kept;
}
