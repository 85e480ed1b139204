import { isRecord, type Span, stableStringify } from '../../core/index.ts';
import { type CanonicalMessage, isCanonicalMessage } from './canonical.ts';
import type { CallUnit, TaskUnit } from './run-tree.ts';
import { type FieldChange, valueDiff } from './value-diff.ts';

/** What kind of difference stands at a place. */
export type DivergenceKind =
  /** What the run was called with. */
  | 'input'
  /** The state that a node was given, although every node before it wrote the same. */
  | 'node_input'
  /** Instructions to a model: its system message or its prompt. */
  | 'prompt'
  /** The conversation that a model was given. */
  | 'messages'
  /** The model itself or its parameters. */
  | 'settings'
  /** The arguments of a tool, or the query of a retriever. */
  | 'arguments'
  /** What a call answered to the same request. */
  | 'result'
  | 'call_added'
  | 'call_missing'
  /** The same calls in another order. */
  | 'call_order'
  /** What a node wrote. */
  | 'output'
  /** How a node or the run ended. */
  | 'outcome'
  /** Where a router sent the run. */
  | 'route'
  /** Nodes that run in place of others, without a router that is known to have said so. */
  | 'path'
  /** The state or answer at the end, although every node wrote the same. */
  | 'final_state';

/** Where two runs part. */
export interface DivergencePlace {
  /** Nodes from the outermost graph inwards: `outer/inner`. Undefined for the run itself. */
  readonly node?: string;
  /** The how-manieth time that the node runs, from 1. */
  readonly visit?: number;
  readonly call?: {
    readonly kind: CallUnit['kind'];
    readonly name: string;
    /** The how-manieth of its kind in this node over the whole run, from 1. */
    readonly ordinal: number;
  };
}

/** A difference between two runs of the same input, at its place. */
export interface Divergence {
  readonly kind: DivergenceKind;
  readonly place: DivergencePlace;
  /** The place and the difference in words: `node draft, model call 2: the prompt changed here`. */
  readonly summary: string;
  readonly changes: readonly FieldChange[];
  readonly beforeSpanId?: string;
  readonly afterSpanId?: string;
}

/** The place of a task. */
export function taskPlace(task: TaskUnit): DivergencePlace {
  return { node: task.path, visit: task.visit };
}

/** The place of a call in a node, or in none. */
export function callPlace(call: CallUnit, task: TaskUnit | undefined): DivergencePlace {
  const { kind, name, ordinal } = call;
  return { ...(task === undefined ? {} : taskPlace(task)), call: { kind, name, ordinal } };
}

/** A place in words: `node draft, model call 2`, `node assist (2nd time)`, `the run`. */
export function placeText({ node, visit = 1, call }: DivergencePlace): string {
  const where = node === undefined ? 'the run' : `node ${node}`;
  if (call === undefined) return visit > 1 ? `${where} (${ordinalText(visit)} time)` : where;
  const what =
    call.kind === 'model' ? `model call ${call.ordinal}` : `${call.kind} call ${call.ordinal} (${call.name})`;
  return `${where}, ${what}`;
}

/** `1st`, `2nd`, `3rd`, `4th`, `11th`. */
export function ordinalText(value: number): string {
  const rest = value % 100;
  if (rest >= 11 && rest <= 13) return `${value}th`;
  return `${value}${({ 1: 'st', 2: 'nd', 3: 'rd' } as Record<number, string>)[value % 10] ?? 'th'}`;
}

/** What changed between two calls that stand in the same place: what was asked, then what came back. */
export function callDivergences(before: CallUnit, after: CallUnit, task: TaskUnit | undefined): Divergence[] {
  const place = callPlace(after, task);
  const at = { place, beforeSpanId: before.span.id, afterSpanId: after.span.id };
  const said = (kind: DivergenceKind, words: string, changes: readonly FieldChange[]): Divergence => ({
    kind,
    summary: `${placeText(place)}: ${words}`,
    changes,
    ...at,
  });
  const settings = [
    ...valueDiff(before.settings, after.settings),
    ...(before.params === undefined || after.params === undefined
      ? []
      : valueDiff(before.params, after.params)),
  ];
  const request =
    isKnown(before, 'inputs') && isKnown(after, 'inputs') ? valueDiff(before.request, after.request) : [];
  const asked = [
    ...(settings.length === 0 ? [] : [said('settings', `${settingsWords(settings)} changed here`, settings)]),
    ...(request.length === 0 ? [] : [requestDivergence(before, after, request, said)]),
  ];
  const outcomes = outcomeChange(before.span, after.span);
  if (outcomes !== undefined) return [...asked, said('outcome', outcomes, errorChanges(before, after))];
  if (hasGap(before, 'outputs') || hasGap(after, 'outputs')) return asked;
  const result = valueDiff(before.result, after.result);
  if (result.length === 0) return asked;
  const words = before.kind === 'model' ? 'the model answered differently here' : 'the result changed here';
  return [...asked, said('result', words, result)];
}

/** True when a payload is not in the record for another reason than that there was none. */
export function hasGap({ span }: { readonly span: Span }, field: 'inputs' | 'outputs'): boolean {
  return span.gaps.some((gap) => gap.field === field);
}

/** True when the record tells what something was given: everything is given something. */
export function isKnown(unit: { readonly span: Span }, field: 'inputs'): boolean {
  return unit.span[field] !== undefined && !hasGap(unit, field);
}

function requestDivergence(
  before: CallUnit,
  after: CallUnit,
  changes: readonly FieldChange[],
  said: (kind: DivergenceKind, words: string, changes: readonly FieldChange[]) => Divergence,
): Divergence {
  if (before.kind === 'tool') {
    return said('arguments', `the arguments of tool ${after.name} changed here`, changes);
  }
  if (before.kind === 'retriever') return said('arguments', 'the query changed here', changes);
  const [a, b] = [instructions(before.request), instructions(after.request)];
  if (stableStringify(a) !== stableStringify(b)) {
    return said('prompt', 'the prompt changed here', valueDiff(unwrap(a), unwrap(b), 'prompt'));
  }
  return said('messages', messagesWords(before.request, after.request), changes);
}

/** Of a conversation its system messages; of anything else all of it. */
function instructions(request: unknown): unknown[] {
  if (!Array.isArray(request)) return [request];
  const isConversation = request.some(isCanonicalMessage);
  if (!isConversation) return request;
  return request.filter((message) => !isCanonicalMessage(message) || message.role === 'system');
}

/** One system message is shown as the text that it is. */
function unwrap(prompts: readonly unknown[]): unknown {
  const [only] = prompts;
  if (prompts.length !== 1) return prompts.length === 0 ? undefined : prompts;
  return isCanonicalMessage(only) ? only.content : only;
}

function messagesWords(before: unknown, after: unknown): string {
  const [a, b] = [conversation(before), conversation(after)];
  const more = b.length - a.length;
  const at = a.findIndex((message, index) => stableStringify(message) !== stableStringify(b[index]));
  if (at >= 0 && b[at] !== undefined) {
    return `message ${at + 1} (${b[at].role}) that the model was given changed here`;
  }
  const count = Math.abs(more);
  return `the model was given ${count} ${count === 1 ? 'message' : 'messages'} ${more > 0 ? 'more' : 'fewer'} here`;
}

function conversation(request: unknown): CanonicalMessage[] {
  return Array.isArray(request) ? request.filter(isCanonicalMessage) : [];
}

function settingsWords(changes: readonly FieldChange[]): string {
  const [first] = changes;
  if (changes.length === 1 && first?.path === 'model') return 'the model';
  if (changes.every(({ path }) => /^(tools|functions)\b/.test(path))) return 'the tools given to the model';
  const names = changes.slice(0, 3).map(({ path }) => path);
  return `the settings of the model (${names.join(', ')}${changes.length > 3 ? ', …' : ''})`;
}

/** How one ended that the other did not; undefined where both ended alike. */
export function outcomeChange(before: Span, after: Span): string | undefined {
  const [a, b] = [endOf(before), endOf(after)];
  if (a === b) return undefined;
  if (before.outcome === 'error' && after.outcome !== 'error') {
    const now =
      after.outcome === 'interrupted' ? 'waits for a person here now' : 'does not fail here any more';
    return `it ${now}: ${a}`;
  }
  if (after.outcome === 'error') {
    return before.outcome === 'error' ? `it fails here with another error: ${b}` : `it fails here: ${b}`;
  }
  return `it ended here as ${b} instead of ${a}`;
}

/** An error is the same when its name and message are. Success that was reached by a retry is success. */
function endOf(span: Span): string {
  if (span.outcome !== 'error') return span.outcome === 'handled_error' ? 'success' : span.outcome;
  const { name, message } = span.error ?? { name: 'Error', message: '' };
  return `${name}: ${firstLine(message)}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** The errors of two spans as a change of a field. */
export function errorChanges(before: { readonly span: Span }, after: { readonly span: Span }): FieldChange[] {
  const text = ({ outcome, error }: Span) =>
    outcome === 'error' && error !== undefined ? `${error.name}: ${error.message}` : outcome;
  return valueDiff(text(before.span), text(after.span), 'outcome');
}

/** What a node wrote, in words: the fields that changed. */
export function outputWords(changes: readonly FieldChange[], before: unknown, after: unknown): string {
  if (!isRecord(before) || !isRecord(after)) return 'what it returned changed here';
  const fields = [...new Set(changes.map(({ path }) => path.split(/[.[]/, 1)[0] ?? ''))].filter(
    (field) => field !== '',
  );
  return `what it wrote to the state changed here: ${fields.join(', ')}`;
}
