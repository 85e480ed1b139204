import type { ReplayResult, RunShape, SequenceDiff, ToolCall } from '../replay/index.ts';
import { type Colors, colorsFor, outcomeLabel, plainLine, shortLine } from './trace-view/index.ts';

/** How a replay is shown. */
export interface ReplayViewStyle {
  readonly traceId: string;
  /** What it was replayed on, as it was given. */
  readonly on: string;
  readonly color: boolean;
}

const VERDICTS = {
  fixed: 'FIXED  the recorded failure is gone.',
  same: 'SAME  the outcome is no worse than the recorded one.',
  failing: 'FAILING  it still fails.',
  worse: 'WORSE  the outcome is worse than the recorded one.',
} as const;

const TEXT_LENGTH = 400;

/** What changed between a recorded run and its replay, the verdict last. */
export function renderReplay(result: ReplayResult, style: ReplayViewStyle): string {
  const colors = colorsFor(style.color);
  const { diff, verdict, runId } = result;
  const good = verdict === 'fixed' || verdict === 'same';
  const lines = [
    `Replay of ${plainLine(style.traceId)} on ${plainLine(style.on)}`,
    ...result.notes.map((note) => colors.dim(`  ${plainLine(note)}`)),
    '',
    row(
      'outcome',
      `${outcomeLabel(diff.before.outcome, colors)}  →  ${outcomeLabel(diff.after.outcome, colors)}`,
    ),
    ...errorRows(diff.before, diff.after),
    ...(result.partial ? [] : [...pathRows(diff.path), ...toolRows(diff.toolCalls, colors)]),
    ...answerRows(diff.before, diff.after),
    '',
    (good ? colors.green : colors.red)(VERDICTS[verdict]),
    ...(runId === undefined || result.partial
      ? []
      : [`The replay is a trace too: sluice traces show ${runId}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(8)} ${text}`;
}

function errorRows(before: RunShape, after: RunShape): string[] {
  if (before.error === undefined && after.error === undefined) return [];
  return [row('error', errorText(before)), row('', `→ ${errorText(after)}`)];
}

function errorText({ error, failedIn }: RunShape): string {
  if (error === undefined) return 'none';
  const where = failedIn === undefined ? '' : ` (in ${plainLine(failedIn)})`;
  return `${shortLine(`${error.name}: ${error.message}`, TEXT_LENGTH)}${where}`;
}

function pathRows(path: SequenceDiff<string>): string[] {
  const text = (nodes: readonly string[]) =>
    nodes.length === 0 ? '(none)' : nodes.map(plainLine).join(' → ');
  if (path.divergesAt === undefined) return [row('path', `${text(path.before)}  (same)`)];
  const at = path.divergesAt;
  return [
    row('path', `- ${text(path.before)}`),
    row('', `+ ${text(path.after)}`),
    row('', `first difference at step ${at + 1}: ${place(path.before[at])} became ${place(path.after[at])}`),
  ];
}

function place(node: string | undefined): string {
  return node === undefined ? 'the end' : plainLine(node);
}

function toolRows(calls: SequenceDiff<ToolCall>, colors: Colors): string[] {
  const { before, after, divergesAt } = calls;
  if (before.length === 0 && after.length === 0) return [];
  if (divergesAt === undefined) {
    return [row('tools', `${before.map((call) => plainLine(call.name)).join(', ')}  (same calls)`)];
  }
  const lines = [
    ...before.slice(divergesAt).map((call) => `- ${callText(call)}`),
    ...after.slice(divergesAt).map((call) => `+ ${callText(call)}`),
  ];
  const same = divergesAt === 0 ? [] : [colors.dim(`${divergesAt} the same, then:`)];
  return [...same, ...lines].map((line, index) => row(index === 0 ? 'tools' : '', line));
}

function callText({ name, args, outcome }: ToolCall): string {
  const failed = outcome === 'success' ? '' : `  ${outcome}`;
  return `${plainLine(name)}(${shortLine(args, 120)})${failed}`;
}

function answerRows(before: RunShape, after: RunShape): string[] {
  const text = (answer: string | undefined) =>
    answer === undefined ? '(none)' : shortLine(answer, TEXT_LENGTH);
  if (before.answer === after.answer) return [row('answer', `${text(after.answer)}  (same)`)];
  return [row('answer', `- ${text(before.answer)}`), row('', `+ ${text(after.answer)}`)];
}
