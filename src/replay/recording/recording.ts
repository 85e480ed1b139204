import { isRecord, type Span, type SpanError, type Trace } from '../../core/index.ts';
import type { CallKind } from '../contract.ts';
import {
  type CallInput,
  messagesInput,
  promptInput,
  queryInput,
  requestInput,
  toolInput,
} from './call-input.ts';
import { nodePath } from './place.ts';

/**
 * How a recorded call ended. `value`: what it returned, as JSON. `failed`: what it threw. `interrupted`: what it asked of a
 * person. `cancelled`: it was stopped while it ran. `missing`: the record does not say.
 */
export type RecordedResult =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: SpanError }
  | { readonly kind: 'interrupted'; readonly value: unknown }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'missing'; readonly reason: string };

/** One recorded call whose result can take the place of a live one. */
export interface RecordedCall {
  readonly spanId: string;
  readonly kind: CallKind;
  /** How it was called: through LangChain's classes, or by a request to the API of a model. */
  readonly via: 'langchain' | 'request';
  readonly name: string;
  /** Nodes it was made in; see `PlayedCall.node`. */
  readonly node: string | undefined;
  /** Node and enclosing tools: calls in the same place stand for each other. */
  readonly place: string;
  /** One execution of a node: retries share it, visits and parallel branches do not. */
  readonly task: string;
  /** The how-manieth call of its kind (of a tool: of this tool) in its place, from 0. */
  readonly ordinal: number;
  /** Undefined where the record lacks it. */
  readonly input: CallInput | undefined;
  readonly result: RecordedResult;
  /** True when the model sent its answer in pieces. */
  readonly streamed: boolean;
  /** How long each piece was, where it was recorded; see `splitMessage`. */
  readonly pieces: readonly unknown[] | undefined;
  /** Number of model, tool and retriever calls inside of it. */
  readonly innerCalls: number;
}

/** The calls of a recorded run, in the order in which they began. */
export interface Recording {
  readonly trace: Trace;
  readonly calls: readonly RecordedCall[];
  /** What it lacks, for the reader to know before anything is run. */
  readonly notes: readonly string[];
}

const KIND_OF_TYPE: Readonly<Partial<Record<Span['type'], CallKind>>> = {
  llm: 'model',
  tool: 'tool',
  retriever: 'retriever',
};

/**
 * Reads a trace as a recording. Its model, tool and retriever spans hold what was given and returned; where a payload was
 * hidden or cut the call is listed as missing and `notes` says so.
 */
export function recordingOf(trace: Trace): Recording {
  const byId = new Map(trace.spans.map((span) => [span.id, span]));
  const interrupts = interruptValues(trace);
  const counts = new Map<string, number>();
  const inner = innerCallCounts(trace, byId);
  const calls: RecordedCall[] = [];
  for (const span of [...trace.spans].sort((a, b) => a.startTimeMs - b.startTimeMs)) {
    const kind = KIND_OF_TYPE[span.type];
    if (kind === undefined) continue;
    const where = whereabouts(span, byId);
    const counter = [kind, where.place, kind === 'tool' ? span.name : ''].join('\u0000');
    const ordinal = counts.get(counter) ?? 0;
    counts.set(counter, ordinal + 1);
    calls.push({
      spanId: span.id,
      kind,
      name: span.name,
      ...where,
      ordinal,
      ...readInput(kind, span),
      result: readResult(span, interrupts),
      streamed: span.events.some(({ name }) => name === 'first_token'),
      pieces: readPieces(span),
      innerCalls: inner.get(span.id) ?? 0,
    });
  }
  return { trace, calls, notes: notesOf(calls) };
}

function whereabouts(span: Span, byId: ReadonlyMap<string, Span>) {
  const tools: string[] = [];
  const nodes: string[] = [];
  let task: string | undefined;
  for (let at = byId.get(span.parentId ?? ''); at !== undefined; at = byId.get(at.parentId ?? '')) {
    if (at.type === 'tool') tools.unshift(at.name);
    if (at.type === 'node') {
      nodes.unshift(at.name);
      task ??= at.id;
    }
  }
  const node = nodePath(span.checkpointNs) ?? (nodes.length === 0 ? undefined : nodes.join('/'));
  const place = placeOf(node, tools);
  return { node, place, task: taskOf(span.checkpointNs ?? task ?? '', tools) };
}

/** Where a call is made: its node and the tools around it. */
export function placeOf(node: string | undefined, tools: readonly string[]): string {
  return [node ?? '', ...tools].join('>');
}

/** One execution of a place. */
export function taskOf(checkpointNs: string, tools: readonly string[]): string {
  return [checkpointNs, ...tools].join('>');
}

function innerCallCounts(trace: Trace, byId: ReadonlyMap<string, Span>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const span of trace.spans) {
    if (KIND_OF_TYPE[span.type] === undefined) continue;
    for (let at = byId.get(span.parentId ?? ''); at !== undefined; at = byId.get(at.parentId ?? '')) {
      if (KIND_OF_TYPE[at.type] !== undefined) counts.set(at.id, (counts.get(at.id) ?? 0) + 1);
    }
  }
  return counts;
}

function readInput(kind: CallKind, span: Span): Pick<RecordedCall, 'input' | 'via'> {
  const { inputs } = span;
  if (kind === 'model') return readModelInput(span);
  if (!isRecord(inputs) || isIncomplete(span, 'inputs')) return { via: 'langchain', input: undefined };
  const given = inputs[kind === 'tool' ? 'input' : 'query'];
  if (kind === 'retriever') {
    return { via: 'langchain', input: typeof given === 'string' ? queryInput(given) : undefined };
  }
  return { via: 'langchain', input: given === undefined ? undefined : toolInput(given) };
}

function readModelInput(span: Span): Pick<RecordedCall, 'input' | 'via'> {
  const { inputs } = span;
  if (!isRecord(inputs) || isIncomplete(span, 'inputs')) return { via: 'langchain', input: undefined };
  const { messages, prompts } = inputs;
  if (Array.isArray(messages) && Array.isArray(messages[0])) {
    return { via: 'langchain', input: messagesInput(messages[0]) };
  }
  if (Array.isArray(prompts) && typeof prompts[0] === 'string') {
    return { via: 'langchain', input: promptInput(prompts[0]) };
  }
  // The clients of models' APIs, as langsmith wraps them, are recorded with the body of their request.
  return { via: 'request', input: requestInput(inputs) };
}

function readResult(span: Span, interrupts: unknown[]): RecordedResult {
  if (span.outcome === 'cancelled') return { kind: 'cancelled' };
  if (span.outcome === 'interrupted') return { kind: 'interrupted', value: interrupts.shift() };
  if (span.error !== undefined) return { kind: 'failed', error: span.error };
  const gap = span.gaps.find(({ field }) => field === 'outputs')?.reason;
  if (gap !== undefined) return { kind: 'missing', reason: GAP_TEXT[gap] };
  const value = span.type === 'llm' ? span.outputs : outputOf(span);
  return value === undefined
    ? { kind: 'missing', reason: 'its result was not recorded' }
    : { kind: 'value', value };
}

const GAP_TEXT = {
  hidden: 'its result was hidden when it was recorded',
  truncated: 'its result was cut when it was recorded',
  unserializable: 'its result could not be written when it was recorded',
} as const;

function outputOf(span: Span): unknown {
  const field = span.type === 'tool' ? 'output' : 'documents';
  return isRecord(span.outputs) && field in span.outputs ? span.outputs[field] : span.outputs;
}

function isIncomplete(span: Span, field: 'inputs' | 'outputs'): boolean {
  return span.gaps.some((gap) => gap.field === field);
}

function readPieces(span: Span): readonly unknown[] | undefined {
  const data = span.events.find(({ name }) => name === 'pieces')?.data;
  return Array.isArray(data) ? data : undefined;
}

/** What the run asked of people, in order. */
function interruptValues(trace: Trace): unknown[] {
  return trace.spans
    .flatMap(({ events }) => events)
    .filter(({ name }) => name === 'interrupt')
    .flatMap(({ data }) => (isRecord(data) && Array.isArray(data['interrupts']) ? data['interrupts'] : []))
    .map((interrupt: unknown) => (isRecord(interrupt) ? interrupt['value'] : interrupt));
}

function notesOf(calls: readonly RecordedCall[]): string[] {
  const notes: string[] = [];
  const missing = calls.filter(({ result }) => result.kind === 'missing');
  if (missing.length > 0) {
    const names = [...new Set(missing.map(describeCall))].slice(0, 3).join(', ');
    notes.push(`${missing.length} of ${calls.length} recorded calls have no result to play: ${names}.`);
  }
  const unread = calls.filter(({ input }) => input === undefined).length;
  if (unread > 0) {
    notes.push(
      `${unread} of ${calls.length} recorded calls lack their input: they are matched by their place alone.`,
    );
  }
  return notes;
}

/** A call in words: `node draft, model call 2 (FakeListChatModel)`. */
export function describeCall(call: {
  readonly node?: string | undefined;
  readonly kind: CallKind;
  readonly ordinal: number;
  readonly name: string;
}): string {
  const { node, kind, ordinal, name } = call;
  const where = node === undefined ? '' : `node ${node}, `;
  return kind === 'tool'
    ? `${where}call ${ordinal + 1} of tool ${name}`
    : `${where}${kind} call ${ordinal + 1} (${name})`;
}
