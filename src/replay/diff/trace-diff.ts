import { diffArrays } from 'diff';
import {
  isRecord,
  type Outcome,
  rootSpan,
  type Span,
  stableStringify,
  type Trace,
  type Usage,
} from '../../core/index.ts';
import { type CanonicalMessage, canonical, isCanonicalMessage } from './canonical.ts';
import { compareRuns, type RunRow } from './compare-runs.ts';
import { type Divergence, errorChanges, hasGap, isKnown, outcomeChange } from './divergence.ts';
import { diffRuns, type RunDiff } from './run-diff.ts';
import { runShape } from './run-shape.ts';
import { nodeNames, runTree } from './run-tree.ts';
import { type FieldChange, valueDiff } from './value-diff.ts';
import { maskersFor } from './volatile.ts';

/** One side of a {@link DiffRow}. */
export interface RowSide {
  readonly spanId: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly tokens?: number;
}

/** A node or a call of the two runs side by side. */
export interface DiffRow {
  readonly depth: number;
  readonly kind: 'node' | 'model' | 'tool' | 'retriever';
  readonly name: string;
  /** `removed`: only in the first run. `added`: only in the second. */
  readonly mark: 'same' | 'changed' | 'removed' | 'added';
  readonly before?: RowSide;
  readonly after?: RowSide;
  /** What changed here, in words. */
  readonly differences: readonly string[];
  readonly changes: readonly FieldChange[];
}

/** A message of the final state. */
export interface MessageRow {
  readonly mark: 'same' | 'removed' | 'added';
  readonly role: string;
  readonly text: string;
}

/** Two runs of the same input, compared in full. */
export interface TraceDiff extends RunDiff {
  /** Where the two runs part; undefined when they are the same. */
  readonly first: Divergence | undefined;
  /** All places in which they differ, in the order in which they came about. */
  readonly divergences: readonly Divergence[];
  /** The two trees side by side, from the outermost graph inwards. */
  readonly rows: readonly DiffRow[];
  /** Fields of the final state that differ, messages apart. Empty where one of the runs left none. */
  readonly state: readonly FieldChange[];
  /** The conversation at the end; all of the same mark when it did not change. */
  readonly messages: readonly MessageRow[];
  readonly usage: { readonly before: Usage | undefined; readonly after: Usage | undefined };
  readonly durationMs: { readonly before: number; readonly after: number };
}

/** Options of {@link diffTraces}. */
export interface TraceDiffOptions {
  /** Whether what the two were called with is compared too. Default true. */
  readonly compareInput?: boolean;
}

/**
 * Compares two traces of the same input. Ids and times that differ from run to run are no differences; see
 * `maskersFor`. Pure.
 */
export function diffTraces(before: Trace, after: Trace, options: TraceDiffOptions = {}): TraceDiff {
  const masks = maskersFor(before, after);
  const nodes = new Set([...nodeNames(before), ...nodeNames(after)]);
  const { rows, divergences: found } = compareRuns(
    runTree(before, { mask: masks.before, nodes }),
    runTree(after, { mask: masks.after, nodes }),
  );
  const [a, b] = [rootSpan(before), rootSpan(after)];
  const inputs =
    options.compareInput === false || !isKnown({ span: a }, 'inputs') || !isKnown({ span: b }, 'inputs')
      ? []
      : valueDiff(canonical(a.inputs, masks.before), canonical(b.inputs, masks.after));
  const outputs = [canonical(a.outputs, masks.before), canonical(b.outputs, masks.after)] as const;
  // A run that failed has left no state to compare.
  const hasState = [a, b].every((span) => span.outputs !== undefined && !hasGap({ span }, 'outputs'));
  const state = hasState ? valueDiff(withoutMessages(outputs[0]), withoutMessages(outputs[1])) : [];
  const messages = hasState ? messageRows(messagesOf(outputs[0]), messagesOf(outputs[1])) : [];
  const divergences = [
    ...(inputs.length === 0
      ? []
      : [runDivergence('input', 'what the run was called with differs', inputs, a, b)]),
    ...found,
  ];
  if (divergences.length === 0) divergences.push(...endDivergences(a, b, outputs));
  return {
    ...diffRuns(runShape(before), runShape(after)),
    first: divergences[0],
    divergences,
    rows: rows.map(diffRow),
    state,
    messages,
    usage: { before: before.usage, after: after.usage },
    durationMs: { before: a.endTimeMs - a.startTimeMs, after: b.endTimeMs - b.startTimeMs },
  };
}

/** Where every node did the same, the run itself may still have ended otherwise. */
function endDivergences(a: Span, b: Span, outputs: readonly [unknown, unknown]): Divergence[] {
  const ended = outcomeChange(a, b);
  if (ended !== undefined)
    return [runDivergence('outcome', ended, errorChanges({ span: a }, { span: b }), a, b)];
  if (hasGap({ span: a }, 'outputs') || hasGap({ span: b }, 'outputs')) return [];
  const changes = valueDiff(outputs[0], outputs[1]);
  if (changes.length === 0) return [];
  return [runDivergence('final_state', 'the state at the end differs', changes, a, b)];
}

function runDivergence(
  kind: Divergence['kind'],
  words: string,
  changes: readonly FieldChange[],
  before: Span,
  after: Span,
): Divergence {
  return {
    kind,
    place: {},
    summary: `the run: ${words}`,
    changes,
    beforeSpanId: before.id,
    afterSpanId: after.id,
  };
}

function diffRow({ depth, kind, before, after, divergences }: RunRow): DiffRow {
  const mark =
    before === undefined
      ? 'added'
      : after === undefined
        ? 'removed'
        : divergences.length > 0
          ? 'changed'
          : 'same';
  return {
    depth,
    kind,
    name: (after ?? before)?.name ?? '',
    mark,
    ...(before === undefined ? {} : { before: rowSide(before.span) }),
    ...(after === undefined ? {} : { after: rowSide(after.span) }),
    differences: divergences.map(({ summary }) => summary),
    changes: divergences.flatMap(({ changes }) => changes),
  };
}

function rowSide(span: Span): RowSide {
  const { id, outcome, startTimeMs, endTimeMs, usage } = span;
  return {
    spanId: id,
    outcome,
    durationMs: Math.max(0, endTimeMs - startTimeMs),
    ...(usage === undefined ? {} : { tokens: usage.totalTokens }),
  };
}

function messagesOf(outputs: unknown): CanonicalMessage[] {
  const messages = isRecord(outputs) ? outputs['messages'] : undefined;
  return Array.isArray(messages) ? messages.filter(isCanonicalMessage) : [];
}

function withoutMessages(outputs: unknown): unknown {
  if (!isRecord(outputs) || messagesOf(outputs).length === 0) return outputs;
  const { messages: _messages, ...rest } = outputs;
  return rest;
}

function messageRows(before: readonly CanonicalMessage[], after: readonly CanonicalMessage[]): MessageRow[] {
  const keyed = (messages: readonly CanonicalMessage[]) =>
    messages.map((message) => ({ message, key: stableStringify(message) }));
  return diffArrays(keyed(before), keyed(after), { comparator: (a, b) => a.key === b.key }).flatMap((part) =>
    part.value.map(
      ({ message }): MessageRow => ({
        mark: part.added ? 'added' : part.removed ? 'removed' : 'same',
        role: message.role,
        text: messageText(message),
      }),
    ),
  );
}

/** What a message says, its tool calls in brackets behind it. */
function messageText({ content, toolCalls = [] }: CanonicalMessage): string {
  const calls = toolCalls.map(({ name, args }) => `[${String(name)}(${stableStringify(args)})]`);
  return [contentText(content), ...calls].filter((text) => text !== '').join(' ');
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content))
    return content === undefined || content === null ? '' : stableStringify(content);
  return content
    .map((block: unknown) =>
      isRecord(block) && typeof block['text'] === 'string' ? block['text'] : stableStringify(block),
    )
    .join(' ');
}
