import { type PayloadGap, rootSpan, type Span, type SpanError, type Trace } from '../../core/index.ts';
import type { TracePin } from '../../store/index.ts';
import { type Colors, colorsFor, outcomeLabel, outcomeMark } from './outcome-mark.ts';
import { FULL_PAYLOAD, payloadLines, SHORT_PAYLOAD } from './payload-text.ts';
import { plainLine, plainText, shortLine } from './plain-text.ts';
import { spanTree, type TreeLine } from './span-tree.ts';
import type { PageStyle } from './trace-list.ts';
import { formatAge, formatDecision, formatDuration, formatMoment, formatTokens } from './units.ts';

/** How a trace is shown. */
export interface TracePageStyle extends Pick<PageStyle, 'color' | 'nowMs'> {
  /** Whole payloads and stacks instead of their first lines. */
  readonly isFull: boolean;
}

/** A trace and what the store knows about it. */
export interface StoredTrace {
  readonly trace: Trace;
  readonly pin?: TracePin;
}

const STACK_LINES = 4;
const MESSAGE_LENGTH = 600;
const LINE_LENGTH = 160;

/** A trace as a page: its head, the tree of its spans with the failure in place, what went in and came out, what next. */
export function renderTrace({ trace, pin }: StoredTrace, style: TracePageStyle): string {
  const colors = colorsFor(style.color);
  const root = rootSpan(trace);
  const failing = failingSpan(trace);
  const sections = [
    head({ trace, ...(pin && { pin }) }, style, colors),
    spanTree(trace).flatMap((line) => treeLines(line, trace, failing, style, colors)),
    // The input of the failing span is shown in the tree already.
    root === failing ? [] : payloadSection('Input', root, 'inputs', style, colors),
    payloadSection('Output', root, 'outputs', style, colors),
    [nextStep(trace, root)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function head({ trace, pin }: StoredTrace, { nowMs }: TracePageStyle, colors: Colors): string[] {
  const { usage } = trace;
  const rows: [label: string, value: string | undefined][] = [
    ['id', plainLine(trace.id)],
    ['name', plainLine(trace.name)],
    ['outcome', outcomeLabel(trace.outcome, colors)],
    ['project', trace.project === undefined ? undefined : plainLine(trace.project)],
    ['thread', trace.threadId === undefined ? undefined : plainLine(trace.threadId)],
    ['checkpoint', trace.checkpointId === undefined ? undefined : plainLine(trace.checkpointId)],
    [
      'resumed from',
      trace.resumedFrom && plainLine(trace.resumedFrom.runId ?? 'a run that is not known here'),
    ],
    ['started', `${formatMoment(trace.startTimeMs)} (${formatAge(trace.startTimeMs, nowMs)})`],
    ['duration', formatDuration(trace.endTimeMs - trace.startTimeMs)],
    ['tokens', usage && `${usage.totalTokens} (${usage.inputTokens} in, ${usage.outputTokens} out)`],
    ['kept because', plainLine(formatDecision(trace.decision))],
    ['pinned', pin && `${shortLine(pin.reason, LINE_LENGTH)} (${formatAge(pin.pinnedAtMs, nowMs)})`],
  ];
  return rows.flatMap(([label, value]) =>
    value === undefined ? [] : [`${colors.dim(label.padEnd('kept because'.length))}  ${value}`],
  );
}

/** The span to look at first; undefined for a run that did not fail. */
function failingSpan(trace: Trace): Span | undefined {
  const marked = trace.spans.find((span) => span.id === trace.failingSpanId);
  if (marked !== undefined) return marked;
  return trace.outcome === 'error' ? rootSpan(trace) : undefined;
}

function treeLines(
  line: TreeLine,
  trace: Trace,
  failing: Span | undefined,
  style: TracePageStyle,
  colors: Colors,
): string[] {
  const { span } = line;
  const isFailing = span === failing;
  const facts = [
    isFailing
      ? colors.bold(colors.red(shortLine(span.name, LINE_LENGTH)))
      : shortLine(span.name, LINE_LENGTH),
    colors.dim(span.model === undefined ? span.type : `${span.type} ${shortLine(span.model, LINE_LENGTH)}`),
    formatDuration(span.endTimeMs - span.startTimeMs),
    formatTokens(span.usage),
    span.outcome === 'success' ? undefined : span.outcome,
    isFailing ? colors.red('◀ failed here') : undefined,
  ].filter((fact) => fact !== undefined);
  const lines = [`${line.branch}${outcomeMark(span.outcome, colors)} ${facts.join('  ')}`];
  const below = (text: string) => lines.push(`${line.stem}${text}`.trimEnd());
  if (isFailing) {
    const error = span.error ?? trace.error;
    if (error !== undefined) for (const text of errorLines(error, style, colors)) below(text);
    below(colors.dim('input'));
    for (const text of payload(span, 'inputs', style)) below(`  ${text}`);
  } else if (isOrigin(line)) {
    below(colors.yellow(shortLine(errorTitle(line.span.error), LINE_LENGTH)));
  }
  return lines;
}

/** An error is shown where it began, and not again at every span it passed on its way up. */
function isOrigin({ span, children }: TreeLine): boolean {
  if (span.error === undefined || (span.outcome !== 'error' && span.outcome !== 'handled_error'))
    return false;
  return !children.some((child) => child.error?.message === span.error?.message);
}

function errorTitle(error: SpanError | undefined): string {
  return error === undefined ? '' : `${error.name}: ${error.message}`;
}

function errorLines(error: SpanError, { isFull }: TracePageStyle, colors: Colors): string[] {
  const message = isFull ? errorTitle(error) : errorTitle(error).slice(0, MESSAGE_LENGTH);
  const cut = message.length < errorTitle(error).length ? '… (--full shows all)' : '';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  const shown = isFull ? frames : frames.slice(0, STACK_LINES);
  const left = frames.length - shown.length;
  return [
    ...plainText(`${message}${cut}`)
      .split('\n')
      .map((line) => colors.red(line)),
    ...shown.map((frame) => colors.dim(`  ${plainLine(frame)}`)),
    ...(left > 0 ? [colors.dim(`  … ${left} more; --full shows all`)] : []),
  ];
}

function payloadSection(
  title: string,
  span: Span,
  field: PayloadGap['field'],
  style: TracePageStyle,
  colors: Colors,
): string[] {
  if (field === 'outputs' && span.outputs === undefined && !span.gaps.some((gap) => gap.field === field))
    return [];
  return [colors.bold(title), ...payload(span, field, style).map((line) => `  ${line}`)];
}

const GAP_TEXT: Readonly<Record<PayloadGap['reason'], string>> = {
  hidden: 'hidden: the tracing options keep it out of the record',
  truncated: 'not recorded in full: it was too large',
  unserializable: 'not recorded: it cannot be written as JSON',
};

const UNUSABLE_TEXT: Readonly<Record<PayloadGap['reason'], string>> = {
  hidden: 'hidden',
  truncated: 'not recorded in full',
  unserializable: 'not recorded',
};

function payload(span: Span, field: PayloadGap['field'], style: TracePageStyle): string[] {
  const gap = span.gaps.find((candidate) => candidate.field === field);
  const note = gap === undefined ? [] : [`(${GAP_TEXT[gap.reason]})`];
  const value = span[field];
  if (value === undefined) return gap === undefined ? ['(none)'] : note;
  return [...note, ...payloadLines(value, style.isFull ? FULL_PAYLOAD : SHORT_PAYLOAD)];
}

function nextStep(trace: Trace, root: Span): string {
  const gap = root.gaps.find((candidate) => candidate.field === 'inputs');
  if (gap !== undefined) return `It cannot be replayed: its input was ${UNUSABLE_TEXT[gap.reason]}.`;
  return `Replay it: sluice replay ${plainLine(trace.id)} --graph <file.ts#export>`;
}
