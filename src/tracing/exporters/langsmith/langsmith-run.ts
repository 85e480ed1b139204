import { v5 as uuidV5 } from 'uuid';
import { isRecord, isUuid, type Span, type SpanEvent, type Trace } from '../../../core/index.ts';
import { microsecondIso, parseDottedOrder, segmentOf } from './dotted-order.ts';
import { usageMetadata } from './usage-metadata.ts';

/** Kinds of runs that LangSmith draws. */
export const RUN_TYPES = ['chain', 'llm', 'tool', 'retriever', 'prompt', 'parser', 'embedding'] as const;
/** A kind of run that LangSmith draws. */
export type RunType = (typeof RUN_TYPES)[number];

/** A moment in a run. */
export interface LangSmithEvent {
  readonly name: string;
  /** ISO 8601 with microseconds. */
  readonly time: string;
  readonly kwargs?: unknown;
}

/** A finished run in the shape that LangSmith's ingest takes it as one `post`. */
export interface LangSmithRun {
  readonly id: string;
  readonly trace_id: string;
  readonly dotted_order: string;
  readonly parent_run_id?: string;
  readonly name: string;
  readonly run_type: RunType;
  /** ISO 8601 with microseconds, the same that `dotted_order` ends with. */
  readonly start_time: string;
  readonly end_time: string;
  /** The project. */
  readonly session_name: string;
  readonly tags: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Message and stack. Only of a run that failed: an interrupt is no error, nor is one that was handled. */
  readonly error?: string;
  readonly events: readonly LangSmithEvent[];
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * Metadata under which `src/tracing` hands over what only LangSmith asks for. It is taken out of a run's metadata and put
 * where LangSmith's own tracer puts it.
 */
export const LANGSMITH_KEYS = {
  /** The run type, where it is finer than the type of the span: `prompt`, `parser`, `embedding`. */
  runType: 'ls_run_type',
  /** Parameters a model was called with. */
  invocationParams: 'ls_invocation_params',
  /** `dotted_order` of the run outside of the graph that called it: the trace becomes a part of that one's. */
  parent: 'ls_parent_dotted_order',
  /** Project of the tracer that the caller has given to a run, where that is another one than the exporter's. */
  project: 'ls_caller_project',
} as const;

/** Namespace of the ids derived from run ids that are no UUIDs. */
const RUN_ID_NAMESPACE = '6e1f7f6c-6c1b-4d0e-9a55-0d7d2f1f6b0a';

const RUNTIME = { sdk: 'sluicegate', library: 'langchain-js', runtime: 'node' };

/**
 * The run tree that LangSmith's own tracer would show for a trace, each run finished.
 *
 * Beyond what that tracer sends, the metadata has `sluice_outcome` for every run and, for the root, why the trace was kept
 * (`sluice_decision_reason`) and how many runs it stands for (`sluice_decision_weight`), the checkpoint that links an
 * interrupted run with its resume (`sluice_checkpoint_id`), the interrupted run that a resume goes on from
 * (`sluice_resumed_from_run_id`, `sluice_resumed_from_checkpoint_id`) and where an error first appeared (`sluice_failing_run_id`).
 */
export function toLangSmithRuns(trace: Trace, options: { readonly project: string }): LangSmithRun[] {
  const root = trace.spans.find((span) => span.id === trace.id) ?? trace.spans[0];
  const outer = parseDottedOrder(root?.metadata[LANGSMITH_KEYS.parent]);
  const callersProject = root?.metadata[LANGSMITH_KEYS.project];
  const project = typeof callersProject === 'string' ? callersProject : options.project;
  const rootId = toUuid(root?.id ?? trace.id);
  const traceId = outer?.traceId ?? rootId;
  const orders = new Map<string, string>();
  return trace.spans.map((span) => {
    const isRoot = span === root;
    // A parent that is not in the trace would make the tree fall apart: such a span hangs below the root.
    const parentId = span.parentId !== null && orders.has(span.parentId) ? span.parentId : root?.id;
    const parentOrder = isRoot ? outer?.dottedOrder : orders.get(parentId ?? '');
    const startTime = microsecondIso(span.startTimeMs);
    const segment = segmentOf(startTime, toUuid(span.id));
    const dottedOrder = parentOrder === undefined ? segment : `${parentOrder}.${segment}`;
    orders.set(span.id, dottedOrder);
    const parentRunId = isRoot ? outer?.runId : toUuid(parentId ?? trace.id);
    return {
      id: toUuid(span.id),
      trace_id: traceId,
      dotted_order: dottedOrder,
      ...(parentRunId === undefined ? {} : { parent_run_id: parentRunId }),
      name: span.name,
      run_type: runType(span),
      start_time: startTime,
      end_time: microsecondIso(Math.max(span.endTimeMs, span.startTimeMs)),
      session_name: project,
      tags: span.tags,
      ...payloads(span),
      ...(span.outcome === 'error' && span.error !== undefined ? { error: errorText(span.error) } : {}),
      events: events(span, startTime),
      extra: extra(span, trace, isRoot),
    };
  });
}

/** LangSmith takes only UUIDs; a caller may have named its run otherwise. The same name gives the same UUID. */
function toUuid(id: string): string {
  return isUuid(id) ? id.toLowerCase() : uuidV5(id, RUN_ID_NAMESPACE);
}

function runType(span: Span): RunType {
  const finer = RUN_TYPES.find((type) => type === span.metadata[LANGSMITH_KEYS.runType]);
  if (finer !== undefined) return finer;
  return span.type === 'llm' || span.type === 'tool' || span.type === 'retriever' ? span.type : 'chain';
}

function payloads(span: Span): Pick<LangSmithRun, 'inputs' | 'outputs'> {
  const inputs = span.inputs === undefined ? {} : asRecord(span.inputs, 'input');
  const ended = span.error === undefined && (span.outcome === 'success' || span.outcome === 'handled_error');
  return {
    inputs: span.type === 'tool' ? toolInputs(inputs) : inputs,
    ...(span.outputs === undefined
      ? ended
        ? { outputs: {} }
        : {}
      : { outputs: asRecord(span.outputs, 'output') }),
  };
}

function asRecord(value: unknown, key: string): Record<string, unknown> {
  return isRecord(value) ? value : { [key]: value };
}

/** Callback handlers get the arguments of a tool as text; LangSmith shows them by name. */
function toolInputs(inputs: Record<string, unknown>): Record<string, unknown> {
  const { input, ...rest } = inputs;
  if (typeof input !== 'string' || !input.startsWith('{') || Object.keys(rest).length > 0) return inputs;
  try {
    const parsed: unknown = JSON.parse(input);
    return isRecord(parsed) ? parsed : inputs;
  } catch {
    // Text that only looks like arguments is shown as the text it is.
    return inputs;
  }
}

/** As LangChain's tracer words it: the message, then the stack. */
function errorText(error: NonNullable<Span['error']>): string {
  return error.stack === undefined ? error.message : `${error.message}\n\n${error.stack}`;
}

function events(span: Span, startTime: string): LangSmithEvent[] {
  const last = span.outcome === 'error' ? 'error' : 'end';
  return [
    { name: 'start', time: startTime },
    // LangSmith's own tracer does not say in which pieces an answer came.
    ...span.events.filter((event) => event.name !== 'pieces').map(toEvent),
    { name: last, time: microsecondIso(span.endTimeMs) },
  ];
}

/** LangSmith reads the time to the first token from the first `new_token`. */
function toEvent(event: SpanEvent): LangSmithEvent {
  const time = microsecondIso(event.timeMs);
  if (event.name === 'first_token') return { name: 'new_token', time };
  return {
    name: event.name,
    time,
    ...(event.data === undefined ? {} : { kwargs: asRecord(event.data, 'data') }),
  };
}

function extra(span: Span, trace: Trace, isRoot: boolean): Record<string, unknown> {
  const {
    [LANGSMITH_KEYS.runType]: _runType,
    [LANGSMITH_KEYS.invocationParams]: invocationParams,
    [LANGSMITH_KEYS.parent]: _parent,
    [LANGSMITH_KEYS.project]: _project,
    ...metadata
  } = span.metadata;
  const usage = span.type === 'llm' ? usageMetadata(span) : undefined;
  return {
    metadata: {
      ...(trace.threadId === undefined ? {} : { thread_id: trace.threadId }),
      ...metadata,
      ...(usage === undefined ? {} : { usage_metadata: usage }),
      ...sluiceMetadata(span, trace, isRoot),
    },
    runtime: RUNTIME,
    ...(span.toolCallId === undefined ? {} : { tool_call_id: span.toolCallId }),
    ...(invocationParams === undefined ? {} : { invocation_params: invocationParams }),
  };
}

function resumeMetadata({ resumedFrom }: Trace): Record<string, unknown> {
  if (resumedFrom === undefined) return {};
  const { runId, checkpointId } = resumedFrom;
  return {
    sluice_resumed_from_checkpoint_id: checkpointId,
    ...(runId === undefined ? {} : { sluice_resumed_from_run_id: toUuid(runId) }),
  };
}

function sluiceMetadata(span: Span, trace: Trace, isRoot: boolean): Record<string, unknown> {
  const { error } = span;
  return {
    sluice_outcome: span.outcome,
    ...(span.outcome === 'handled_error' && error !== undefined
      ? { sluice_handled_error: `${error.name}: ${error.message}` }
      : {}),
    ...(span.gaps.length === 0
      ? {}
      : { sluice_gaps: span.gaps.map(({ field, reason }) => `${field}: ${reason}`) }),
    ...(isUuid(span.id) ? {} : { sluice_run_id: span.id }),
    ...(isRoot
      ? {
          sluice_decision_reason: trace.decision.reason,
          sluice_decision_weight: trace.decision.weight,
          ...(trace.checkpointId === undefined ? {} : { sluice_checkpoint_id: trace.checkpointId }),
          ...resumeMetadata(trace),
          ...(trace.failingSpanId === undefined
            ? {}
            : { sluice_failing_run_id: toUuid(trace.failingSpanId) }),
        }
      : {}),
  };
}
