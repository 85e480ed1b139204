import {
  isRecord,
  NoVerdictError,
  OUTCOMES,
  type Outcome,
  type PayloadGap,
  type Span,
  type SpanError,
  type SpanType,
  TRACE_SCHEMA_VERSION,
  traceSchema,
  type Usage,
} from '../../core/index.ts';
import { failingSpan } from './failing-span.ts';
import { lacksOf } from './lacks.ts';
import type { FoundTrace } from './trace-source.ts';

/** A run as either generation of LangSmith's API answers it. */
export type RunRecord = Readonly<Record<string, unknown>>;

/**
 * The trace that LangSmith's runs make up, whoever recorded them: this package or LangChain's own tracer.
 *
 * @param id The run that was asked for: its root is the root of the trace.
 * @throws NoVerdictError `TRACE_INCOMPLETE` when the root is missing or has not ended.
 */
export function traceOfRuns(runs: readonly RunRecord[], id: string): FoundTrace {
  const unique = [...new Map(runs.map((run) => [String(run['id']), run])).values()];
  const ordered = unique.toSorted((a, b) => compareText(orderOf(a), orderOf(b)));
  const ids = new Set(ordered.map((run) => String(run['id'])));
  const root =
    ordered.find((run) => parentIdOf(run) === undefined) ??
    ordered.find((run) => !ids.has(parentIdOf(run) ?? ''));
  if (root === undefined) throw incomplete(id, 'its root is not there');
  if (root['end_time'] === null || root['end_time'] === undefined)
    throw incomplete(id, 'it has not ended yet');
  const graphs = new Set(
    ordered.filter((run) => stepTag(run) !== undefined).flatMap((run) => parentIdOf(run) ?? []),
  );
  const rootId = String(root['id']);
  const spans = ordered.map((run) => toSpan(run, run === root, graphs, ids, rootId));
  const rootSpan = spans.find((span) => span.id === rootId);
  if (rootSpan === undefined) throw incomplete(id, 'its root is not there');
  const metadata = metadataOf(root);
  const named = spans.find((span) => span.id === metadata['sluice_failing_run_id']);
  const failing = named ?? failingSpan(spans, rootId);
  const threadId = textOf(root['thread_id'] ?? metadata['thread_id']);
  const checkpointId = textOf(metadata['sluice_checkpoint_id']);
  const resumedFrom = textOf(metadata['sluice_resumed_from_checkpoint_id']);
  const resumedRun = textOf(metadata['sluice_resumed_from_run_id']);
  const weight = metadata['sluice_decision_weight'];
  const usage = totalUsage(spans);
  const trace = traceSchema.parse({
    schemaVersion: TRACE_SCHEMA_VERSION,
    id: rootId,
    name: rootSpan.name,
    ...(threadId === undefined ? {} : { threadId }),
    ...(checkpointId === undefined ? {} : { checkpointId }),
    ...(resumedFrom === undefined
      ? {}
      : {
          resumedFrom: {
            checkpointId: resumedFrom,
            ...(resumedRun === undefined ? {} : { runId: resumedRun }),
          },
        }),
    outcome: rootSpan.outcome,
    startTimeMs: rootSpan.startTimeMs,
    endTimeMs: rootSpan.endTimeMs,
    ...(rootSpan.error === undefined ? {} : { error: rootSpan.error }),
    ...(failing === undefined ? {} : { failingSpanId: failing.id }),
    decision: {
      reason: textOf(metadata['sluice_decision_reason']) ?? 'langsmith',
      weight: typeof weight === 'number' && weight > 0 ? weight : 1,
    },
    ...(usage === undefined ? {} : { usage }),
    spans: [rootSpan, ...spans.filter((span) => span !== rootSpan)],
  });
  return { trace, lacks: lacksOf(trace) };
}

function incomplete(id: string, why: string): NoVerdictError {
  return new NoVerdictError('TRACE_INCOMPLETE', `Run ${id} in LangSmith is not complete: ${why}.`, {
    hint: 'LangSmith takes a few seconds until it shows a run: try again.',
  });
}

function toSpan(
  run: RunRecord,
  isRoot: boolean,
  graphs: ReadonlySet<string>,
  ids: ReadonlySet<string>,
  rootId: string,
): Span {
  const metadata = metadataOf(run);
  const id = String(run['id']);
  const type = typeOf(run, isRoot || graphs.has(id));
  const startTimeMs = momentMs(run['start_time']);
  const outcome = outcomeOf(run, metadata);
  const error = errorOf(run, metadata, outcome);
  const gaps = gapsOf(run, metadata, isRoot);
  const isMissing = (field: PayloadGap['field']) => gaps.some((gap) => gap.field === field);
  const parentId = parentIdOf(run);
  const usage = type === 'llm' ? usageOf(run, metadata) : undefined;
  const extra = isRecord(run['extra']) ? run['extra'] : {};
  const step = metadata['langgraph_step'] ?? stepTag(run);
  const optional = {
    node: textOf(metadata['langgraph_node']),
    step: typeof step === 'number' ? step : undefined,
    checkpointNs: textOf(metadata['langgraph_checkpoint_ns'] ?? metadata['checkpoint_ns']),
    model: type === 'llm' ? modelOf(metadata, extra) : undefined,
    toolCallId: textOf(extra['tool_call_id']),
  };
  const { inputs, outputs } = run;
  return {
    id,
    parentId: isRoot ? null : parentId !== undefined && ids.has(parentId) ? parentId : rootId,
    name: String(run['name'] ?? ''),
    type,
    startTimeMs,
    endTimeMs: Math.max(startTimeMs, momentMs(run['end_time'])),
    outcome,
    ...(error === undefined ? {} : { error }),
    ...(isMissing('inputs') || inputs === undefined || inputs === null
      ? {}
      : { inputs: type === 'tool' ? toolInputs(inputs) : inputs }),
    ...(isMissing('outputs') || outputs === undefined || outputs === null ? {} : { outputs }),
    gaps,
    metadata,
    tags: Array.isArray(run['tags']) ? run['tags'].map(String) : [],
    events: eventsOf(run),
    ...(usage === undefined ? {} : { usage }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function typeOf(run: RunRecord, isGraph: boolean): SpanType {
  const kind = String(run['run_type']).toLowerCase();
  if (kind === 'llm' || kind === 'tool' || kind === 'retriever') return kind;
  if (stepTag(run) !== undefined) return 'node';
  return isGraph ? 'graph' : 'chain';
}

/** LangGraph tags the run of a node with its superstep. */
function stepTag({ tags }: RunRecord): number | undefined {
  const tag = Array.isArray(tags) ? tags.find((each) => /^graph:step:\d+$/.test(String(each))) : undefined;
  return tag === undefined ? undefined : Number(String(tag).slice('graph:step:'.length));
}

function metadataOf(run: RunRecord): Record<string, unknown> {
  const extra = isRecord(run['extra']) ? run['extra'] : {};
  return {
    ...(isRecord(run['metadata']) ? run['metadata'] : {}),
    ...(isRecord(extra['metadata']) ? extra['metadata'] : {}),
  };
}

function parentIdOf(run: RunRecord): string | undefined {
  const direct = textOf(run['parent_run_id']);
  if (direct !== undefined) return direct;
  const line = run['parent_run_ids'];
  return Array.isArray(line) ? textOf(line.at(-1)) : undefined;
}

/** What LangGraph throws to leave a node is no failure; LangChain's own tracer reports it as one. */
const CONTROL_FLOW = /^(GraphInterrupt|NodeInterrupt|GraphBubbleUp|ParentCommand)\b/;

function outcomeOf(run: RunRecord, metadata: Readonly<Record<string, unknown>>): Outcome {
  const told = OUTCOMES.find((outcome) => outcome === metadata['sluice_outcome']);
  if (told !== undefined) return told;
  const error = textOf(run['error']);
  if (error === undefined) return 'success';
  const name = errorName(error);
  if (!CONTROL_FLOW.test(name)) return 'error';
  return /Interrupt/.test(name) ? 'interrupted' : 'success';
}

/** LangChain writes the message, an empty line and the stack; the stack begins with the name. */
function errorOf(
  run: RunRecord,
  metadata: Readonly<Record<string, unknown>>,
  outcome: Outcome,
): SpanError | undefined {
  const handled = textOf(metadata['sluice_handled_error']);
  if (outcome === 'handled_error' && handled !== undefined) {
    const [, name = 'Error', message = handled] = /^(\w+): (.*)$/s.exec(handled) ?? [];
    return { name, message };
  }
  const text = textOf(run['error']);
  if (text === undefined || outcome !== 'error') return undefined;
  const at = text.search(/\n\n\w*(Error|Exception)\b|\n\n(?=.*\n\s+at )/);
  const message = at < 0 ? text : text.slice(0, at);
  const stack = at < 0 ? undefined : text.slice(at).trim();
  return { name: errorName(text), message, ...(stack === undefined ? {} : { stack }) };
}

function errorName(text: string): string {
  const named = /(?:^|\n)(\w*(?:Error|Exception|Interrupt|BubbleUp|Command))\b/.exec(text)?.[1];
  return named ?? 'Error';
}

function gapsOf(run: RunRecord, metadata: Readonly<Record<string, unknown>>, isRoot: boolean): PayloadGap[] {
  const gaps: PayloadGap[] = [];
  const told = metadata['sluice_gaps'];
  for (const entry of Array.isArray(told) ? told : []) {
    const [, field, reason] =
      /^(inputs|outputs): (hidden|truncated|unserializable)$/.exec(String(entry)) ?? [];
    if (field !== undefined && reason !== undefined) {
      gaps.push({ field: field as PayloadGap['field'], reason: reason as PayloadGap['reason'] });
    }
  }
  const cut = metadata['sluice_truncated'];
  for (const field of ['inputs', 'outputs'] as const) {
    if (gaps.some((gap) => gap.field === field)) continue;
    if (Array.isArray(cut) && cut.includes(field)) gaps.push({ field, reason: 'truncated' });
    // LANGSMITH_HIDE_INPUTS and _OUTPUTS leave an empty object; no graph is called with one.
    else if (isRoot && field === 'inputs' && isEmptyRecord(run[field]))
      gaps.push({ field, reason: 'hidden' });
    else if (
      String(run['run_type']).toLowerCase() === 'llm' &&
      isEmptyRecord(run[field]) &&
      textOf(run['error']) === undefined
    ) {
      gaps.push({ field, reason: 'hidden' });
    }
  }
  return gaps;
}

function isEmptyRecord(value: unknown): boolean {
  return value === null || value === undefined || (isRecord(value) && Object.keys(value).length === 0);
}

/** Tracers of this package show the arguments by name; LangChain's callbacks hand them over as text. */
function toolInputs(inputs: unknown): unknown {
  if (!isRecord(inputs)) return { input: inputs };
  const keys = Object.keys(inputs);
  if (keys.length === 1 && keys[0] === 'input' && typeof inputs['input'] === 'string') return inputs;
  return { input: JSON.stringify(inputs) };
}

function eventsOf(run: RunRecord): Span['events'] {
  const events = Array.isArray(run['events']) ? run['events'].filter(isRecord) : [];
  let isFirst = true;
  return events.flatMap((event) => {
    const name = String(event['name']);
    if (name === 'start' || name === 'end' || name === 'error') return [];
    const timeMs = momentMs(event['time']);
    if (name === 'new_token') {
      const first = isFirst;
      isFirst = false;
      return first ? [{ name: 'first_token', timeMs }] : [];
    }
    const data = event['kwargs'];
    return [{ name, timeMs, ...(data === undefined ? {} : { data }) }];
  });
}

function modelOf(
  metadata: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>>,
): string | undefined {
  const params = isRecord(extra['invocation_params']) ? extra['invocation_params'] : {};
  return textOf(metadata['ls_model_name'] ?? params['model'] ?? params['model_name']);
}

function usageOf(run: RunRecord, metadata: Readonly<Record<string, unknown>>): Usage | undefined {
  const reported = metadata['usage_metadata'];
  const counts = isRecord(reported)
    ? [reported['input_tokens'], reported['output_tokens'], reported['total_tokens']]
    : [run['prompt_tokens'], run['completion_tokens'], run['total_tokens']];
  const [inputTokens, outputTokens, totalTokens] = counts.map((count) =>
    typeof count === 'number' && count >= 0 ? count : 0,
  );
  if (!inputTokens && !outputTokens && !totalTokens) return undefined;
  const [input, output] = [inputTokens ?? 0, outputTokens ?? 0];
  return { inputTokens: input, outputTokens: output, totalTokens: totalTokens || input + output };
}

function totalUsage(spans: readonly Span[]): Usage | undefined {
  const used = spans.flatMap(({ usage }) => (usage === undefined ? [] : [usage]));
  if (used.length === 0) return undefined;
  return used.reduce((a, b) => ({
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  }));
}

/** LangSmith answers with moments of microseconds, in UTC also where they have no zone. */
function momentMs(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return 0;
  const [, seconds = '', fraction = ''] = /^([^.Z+]+)(?:\.(\d+))?/.exec(value) ?? [];
  const wholeMs = Date.parse(`${seconds}Z`);
  return Number.isNaN(wholeMs) ? 0 : wholeMs + Number(`0.${fraction || '0'}`) * 1_000;
}

function orderOf(run: RunRecord): string {
  return textOf(run['dotted_order']) ?? String(run['start_time'] ?? '');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
