import {
  isUuid,
  NoVerdictError,
  OUTCOMES,
  type Outcome,
  type PayloadGap,
  SPAN_TYPES,
  type Span,
  type SpanError,
  type SpanType,
  TRACE_SCHEMA_VERSION,
  type Trace,
  toTraceIdHex,
  traceSchema,
  UsageError,
} from '../../core/index.ts';
import { ERROR, GENAI, OPERATION, SLUICEGATE } from '../../tracing/exporters/otlp/index.ts';
import { failingSpan } from './failing-span.ts';
import {
  jsonPayload,
  modelInputs,
  modelOutputs,
  type Payload,
  retrieverPayload,
  toolPayload,
} from './genai-payloads.ts';
import { lacksOf } from './lacks.ts';
import type { FlatSpan } from './otlp-spans.ts';
import type { FoundTrace } from './trace-source.ts';

/** The OpenTelemetry trace id for an id as people have it: a run id, or the trace id itself. */
export function openTelemetryId(id: string): string {
  const hex = isUuid(id) ? toTraceIdHex(id) : id.toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hex)) return hex;
  throw new UsageError('TRACE_ID_INVALID', `${JSON.stringify(id)} is neither a run id nor a trace id.`, {
    hint: 'A run id is a UUID, a trace id has 32 hex digits; beginnings of ids are known to the embedded store alone.',
  });
}

/**
 * The run in the spans of an OpenTelemetry trace that this package has exported: the mapping of its exporter, read backwards.
 * Spans of others in the same trace, such as that of the HTTP request, are left out.
 *
 * @param id The run id or trace id that was asked for; chooses among several runs in one trace.
 * @throws NoVerdictError `TRACE_NOT_FOUND`, `TRACE_FOREIGN` or `TRACE_INCOMPLETE`; UsageError `TRACE_AMBIGUOUS`.
 */
export function traceOfSpans(spans: readonly FlatSpan[], id: string, where: string): FoundTrace {
  if (spans.length === 0) throw notFound(id, where);
  const ours = spans.filter(({ attributes }) => typeof attributes[SLUICEGATE.rootRunId] === 'string');
  if (ours.length === 0) {
    throw new NoVerdictError(
      'TRACE_FOREIGN',
      `No span of trace ${id} in ${where} was written by this package.`,
      {
        hint: 'Only runs of a graph that was wrapped by traceGraph() can be read back from OpenTelemetry.',
      },
    );
  }
  const rootId = chosenRoot(ours, id, where);
  const members = ours
    .filter(({ attributes }) => attributes[SLUICEGATE.rootRunId] === rootId)
    .toSorted((a, b) => a.startTimeMs - b.startTimeMs);
  const root = members.find(({ attributes }) => attributes[SLUICEGATE.runId] === rootId);
  if (root === undefined) {
    throw new NoVerdictError('TRACE_INCOMPLETE', `The root span of run ${rootId} is not in ${where}.`, {
      hint: 'It may not have been written yet, or have been dropped on the way: try again, or replay from another source.',
    });
  }
  const trace = buildTrace(members, root, rootId);
  const isContentAbsent = trace.spans.every(
    ({ inputs, outputs }) => inputs === undefined && outputs === undefined,
  );
  const lacks = isContentAbsent
    ? [
        'No content was captured: the exporter wrote no messages, arguments or results. Record with captureContent to be able to replay from here.',
      ]
    : [
        ...lacksOf(trace),
        'OpenTelemetry keeps neither the classes of models nor the ids and names of messages: calls are matched by what was said.',
      ];
  return { trace, lacks };
}

function notFound(id: string, where: string): NoVerdictError {
  return new NoVerdictError('TRACE_NOT_FOUND', `No trace ${id} in ${where}.`, {
    hint: 'It may have been sampled out, be older than what is kept there, or have another trace id: that of a request around the run.',
  });
}

function chosenRoot(ours: readonly FlatSpan[], id: string, where: string): string {
  const wanted = ours.find(
    ({ attributes }) => attributes[SLUICEGATE.runId] === id || attributes[SLUICEGATE.rootRunId] === id,
  );
  if (wanted !== undefined) return String(wanted.attributes[SLUICEGATE.rootRunId]);
  const roots = [...new Set(ours.map(({ attributes }) => String(attributes[SLUICEGATE.rootRunId])))];
  const [only] = roots;
  if (only !== undefined && roots.length === 1) return only;
  throw new UsageError('TRACE_AMBIGUOUS', `Trace ${id} in ${where} holds ${roots.length} runs.`, {
    hint: `Give the id of one of them:\n  ${roots.slice(0, 10).join('\n  ')}`,
  });
}

function buildTrace(members: readonly FlatSpan[], root: FlatSpan, rootId: string): Trace {
  const runIds = new Map(members.map((span) => [span.spanId, String(span.attributes[SLUICEGATE.runId])]));
  const spans = members.map((span) =>
    toSpan(span, span === root, span === root ? null : parentOf(span, runIds, rootId)),
  );
  // Parents first: clocks of several processes may disagree.
  spans.sort((a, b) => (a.id === rootId ? -1 : b.id === rootId ? 1 : 0));
  const { attributes } = root;
  const rootSpan = spans[0];
  const usage = spans.flatMap((span) =>
    span.type === 'llm' && span.usage !== undefined ? [span.usage] : [],
  );
  const failing = failingSpan(spans, rootId);
  const threadId = textOf(attributes[GENAI.conversationId]);
  const checkpointId = textOf(attributes[SLUICEGATE.checkpointId]);
  const resumedCheckpoint = textOf(attributes[SLUICEGATE.resumedFromCheckpointId]);
  const resumedRun = textOf(attributes[SLUICEGATE.resumedFromRunId]);
  return traceSchema.parse({
    schemaVersion: TRACE_SCHEMA_VERSION,
    id: rootId,
    name: rootSpan?.name ?? root.name,
    outcome: outcomeOf(root),
    startTimeMs: root.startTimeMs,
    endTimeMs: root.endTimeMs,
    ...(threadId === undefined ? {} : { threadId }),
    ...(checkpointId === undefined ? {} : { checkpointId }),
    ...(resumedCheckpoint === undefined
      ? {}
      : {
          resumedFrom: {
            checkpointId: resumedCheckpoint,
            ...(resumedRun === undefined ? {} : { runId: resumedRun }),
          },
        }),
    ...(rootSpan?.error === undefined ? {} : { error: rootSpan.error }),
    ...(failing === undefined ? {} : { failingSpanId: failing.id }),
    decision: {
      reason: textOf(attributes[SLUICEGATE.decisionReason]) ?? 'unknown',
      weight: numberOf(attributes[SLUICEGATE.decisionWeight]) ?? 1,
    },
    ...(usage.length === 0
      ? {}
      : {
          usage: {
            inputTokens: sum(usage.map(({ inputTokens }) => inputTokens)),
            outputTokens: sum(usage.map(({ outputTokens }) => outputTokens)),
            totalTokens: sum(usage.map(({ totalTokens }) => totalTokens)),
          },
        }),
    spans,
  });
}

function parentOf(span: FlatSpan, runIds: ReadonlyMap<string, string>, rootId: string): string {
  return (span.parentSpanId === undefined ? undefined : runIds.get(span.parentSpanId)) ?? rootId;
}

function toSpan(flat: FlatSpan, isRoot: boolean, parentId: string | null): Span {
  const { attributes } = flat;
  const type = typeOf(flat);
  const { inputs, outputs } = payloads(type, flat);
  const gaps: PayloadGap[] = [
    ...(inputs.kind === 'cut' ? [{ field: 'inputs', reason: 'truncated' } as const] : []),
    ...(outputs.kind === 'cut' ? [{ field: 'outputs', reason: 'truncated' } as const] : []),
  ];
  const error = errorOf(flat);
  const [inputTokens, outputTokens] = [
    numberOf(attributes[GENAI.usageInputTokens]),
    numberOf(attributes[GENAI.usageOutputTokens]),
  ];
  const hasUsage = inputTokens !== undefined || outputTokens !== undefined;
  const optional = {
    node: textOf(attributes[SLUICEGATE.node]),
    step: numberOf(attributes[SLUICEGATE.step]),
    checkpointNs: textOf(attributes[SLUICEGATE.checkpointNs]),
    model: textOf(attributes[GENAI.requestModel]),
    toolCallId: textOf(attributes[GENAI.toolCallId]),
  };
  const tags = attributes[SLUICEGATE.tags];
  return {
    id: String(attributes[SLUICEGATE.runId]),
    parentId,
    name: nameOf(flat, type),
    type,
    startTimeMs: flat.startTimeMs,
    endTimeMs: Math.max(flat.endTimeMs, flat.startTimeMs),
    outcome: outcomeOf(flat),
    ...(error === undefined ? {} : { error }),
    ...(inputs.kind === 'value' ? { inputs: inputs.value } : {}),
    ...(outputs.kind === 'value' ? { outputs: outputs.value } : {}),
    gaps,
    metadata: metadataOf(attributes, type),
    tags: isRoot && Array.isArray(tags) ? tags.map(String) : [],
    events: flat.events
      .filter(({ name }) => name !== 'exception')
      .map((event) => {
        const data = jsonPayload(event.attributes[SLUICEGATE.eventData]);
        return {
          name: event.name,
          timeMs: event.timeMs,
          ...(data.kind === 'value' ? { data: data.value } : {}),
        };
      }),
    ...(hasUsage
      ? {
          usage: {
            inputTokens: inputTokens ?? 0,
            outputTokens: outputTokens ?? 0,
            totalTokens: (inputTokens ?? 0) + (outputTokens ?? 0),
          },
        }
      : {}),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function typeOf({ attributes }: FlatSpan): SpanType {
  const type = attributes[SLUICEGATE.type];
  return SPAN_TYPES.find((known) => known === type) ?? 'chain';
}

function outcomeOf({ attributes, failed }: FlatSpan): Outcome {
  const outcome = attributes[SLUICEGATE.outcome];
  return OUTCOMES.find((known) => known === outcome) ?? (failed ? 'error' : 'success');
}

/** The exporter puts what was done before the name. */
function nameOf({ name, attributes }: FlatSpan, type: SpanType): string {
  const own = textOf(attributes[type === 'graph' ? GENAI.agentName : GENAI.toolName]);
  if (own !== undefined && (type === 'graph' || type === 'tool')) return own;
  const operation = Object.values(OPERATION).find((known) => name.startsWith(`${known} `));
  return type === 'llm' || type === 'retriever' ? name.slice((operation ?? '').length).trim() : name;
}

function payloads(type: SpanType, { attributes }: FlatSpan): { inputs: Payload; outputs: Payload } {
  switch (type) {
    case 'llm':
      return {
        inputs: modelInputs(attributes[GENAI.inputMessages]),
        outputs: modelOutputs(attributes[GENAI.outputMessages], {
          model: textOf(attributes[GENAI.responseModel]),
          responseId: textOf(attributes[GENAI.responseId]),
          inputTokens: numberOf(attributes[GENAI.usageInputTokens]),
          outputTokens: numberOf(attributes[GENAI.usageOutputTokens]),
        }),
      };
    case 'tool':
      return {
        inputs: toolPayload(attributes[GENAI.toolCallArguments], 'input'),
        outputs: toolPayload(attributes[GENAI.toolCallResult], 'output'),
      };
    case 'retriever':
      return {
        inputs: retrieverPayload(attributes[GENAI.retrievalQueryText], 'query'),
        outputs: retrieverPayload(attributes[GENAI.retrievalDocuments], 'documents'),
      };
    default:
      return {
        inputs: jsonPayload(attributes[SLUICEGATE.inputs]),
        outputs: jsonPayload(attributes[SLUICEGATE.outputs]),
      };
  }
}

function errorOf({ attributes, events, failed, statusMessage }: FlatSpan): SpanError | undefined {
  const thrown = events.find(({ name }) => name === 'exception')?.attributes;
  const handled = textOf(attributes[SLUICEGATE.handledErrorType]);
  if (handled !== undefined) {
    return { name: handled, message: textOf(attributes[SLUICEGATE.handledErrorMessage]) ?? '' };
  }
  if (thrown === undefined && !failed) return undefined;
  const stack = textOf(thrown?.[ERROR.exceptionStacktrace]);
  return {
    name: textOf(thrown?.[ERROR.exceptionType]) ?? textOf(attributes[ERROR.type]) ?? 'Error',
    message: textOf(thrown?.[ERROR.exceptionMessage]) ?? statusMessage ?? '',
    ...(stack === undefined ? {} : { stack }),
  };
}

function metadataOf(attributes: FlatSpan['attributes'], type: SpanType): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith(SLUICEGATE.metadataPrefix))
      metadata[key.slice(SLUICEGATE.metadataPrefix.length)] = value;
  }
  if (type !== 'llm') return metadata;
  const settings = {
    ls_model_name: attributes[GENAI.requestModel],
    ls_temperature: attributes[GENAI.requestTemperature],
    ls_max_tokens: attributes[GENAI.requestMaxTokens],
    ls_stop: attributes[GENAI.requestStopSequences],
  };
  for (const [key, value] of Object.entries(settings)) if (value !== undefined) metadata[key] = value;
  return metadata;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
