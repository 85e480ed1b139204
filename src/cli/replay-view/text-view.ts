import type {
  BlockedCall,
  PlayedCall,
  ReplayResult,
  RunShape,
  SequenceDiff,
  ToolCall,
  TraceDiff,
} from '../../replay/index.ts';
import { isTraceDiff } from '../../replay/index.ts';
import {
  type Colors,
  colorsFor,
  formatCount,
  formatDuration,
  outcomeLabel,
  plainLine,
  shortLine,
} from '../trace-view/index.ts';
import { changeLines, valueText } from './change-lines.ts';
import { treeLines } from './tree-lines.ts';
import { isGood, modeText, verdictText } from './verdict-text.ts';

/** How a replay is shown. */
export interface ReplayViewStyle {
  readonly traceId: string;
  /** What it was replayed on, as it was given. */
  readonly on: string;
  /** What the unpatched build is, as it was given. */
  readonly baseline?: string | undefined;
  readonly color: boolean;
  readonly columns: number;
}

const TEXT_LENGTH = 400;
const FIRST = { changes: 6, lines: 12, width: 160 };
const FEW = { changes: 8, lines: 6, width: 120 };
const MAX_LISTED = 10;

/** What changed between a recorded run and its replay, the verdict last. */
export function renderReplay(result: ReplayResult, style: ReplayViewStyle): string {
  const colors = colorsFor(style.color);
  const { diff, verdict, runId } = result;
  const lines = [
    `Replay of ${plainLine(style.traceId)} on ${plainLine(style.on)}`,
    colors.dim(`  ${modeText(result)}`),
    ...result.notes.map((note) => colors.dim(`  ${plainLine(note)}`)),
    '',
    ...(isTraceDiff(diff) ? firstRows(diff, result, colors) : []),
    row(
      'outcome',
      `${outcomeLabel(diff.before.outcome, colors)}  →  ${outcomeLabel(diff.after.outcome, colors)}`,
    ),
    ...errorRows(diff.before, diff.after),
    ...(result.partial ? [] : [...pathRows(diff.path), ...toolRows(diff.toolCalls, colors)]),
    ...answerRows(diff.before, diff.after),
    ...(isTraceDiff(diff) ? detailRows(diff, result, style, colors) : []),
    ...callRows(result.calls, colors),
    ...blockedRows(result.blocked, colors),
    ...baselineRows(result, colors),
    '',
    (isGood(verdict) ? colors.green : colors.red)(verdictText(verdict)),
    ...(result.stopped === undefined ? [] : [`  ${plainLine(result.stopped)}`, ...stopAdvice(result)]),
    ...(runId === undefined || result.partial
      ? []
      : [`The replay is a trace too: sluice traces show ${runId}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(8)} ${text}`;
}

function block(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => row(index === 0 ? label : '', line));
}

function firstRows(diff: TraceDiff, result: ReplayResult, colors: Colors): string[] {
  const { first } = diff;
  if (first === undefined) return [row('first', 'no difference: every node did the same')];
  const changes = changeLines(first.changes, colors, FIRST);
  const more = diff.divergences.length - 1;
  const label = notFromPatch(first.summary, result)
    ? '  (not from the patch: the baseline differs here too)'
    : '';
  return [
    row('first', colors.bold(`${plainLine(first.summary)}${label}`)),
    ...changes.map((line) => row('', `  ${line}`)),
    ...(more > 0 ? [row('', colors.dim(`${formatCount(more, 'more difference')} after it`))] : []),
    '',
  ];
}

/** Differences between the record and the unpatched build are there without the patch. */
function notFromPatch(summary: string, { baseline }: ReplayResult): boolean {
  return baseline?.diff.divergences.some((each) => each.summary === summary) === true;
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
  return block('tools', [...same, ...lines]);
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

function detailRows(diff: TraceDiff, result: ReplayResult, style: ReplayViewStyle, colors: Colors): string[] {
  const { usage, durationMs } = diff;
  const changed = diff.messages.filter(({ mark }) => mark !== 'same');
  const titles = [
    result.baseline === undefined || result.baseline.stopped !== undefined ? 'recorded' : 'baseline',
    'replayed',
  ] as const;
  const tree = diff.first === undefined ? [] : treeLines(diff.rows, titles, style.columns, colors);
  return [
    ...block('state', changeLines(diff.state, colors, FEW)),
    ...block(
      'messages',
      changed.slice(0, MAX_LISTED).map(({ mark, role, text }) => {
        const line = `${mark === 'added' ? '+' : '-'} ${role}: ${shortLine(text, FEW.width)}`;
        return mark === 'added' ? colors.green(line) : colors.red(line);
      }),
    ),
    ...(usage.before === undefined && usage.after === undefined
      ? []
      : [row('tokens', `${usage.before?.totalTokens ?? '-'}  →  ${usage.after?.totalTokens ?? '-'}`)]),
    row('latency', `${formatDuration(durationMs.before)}  →  ${formatDuration(durationMs.after)}`),
    ...(tree.length === 0 ? [] : ['', ...tree]),
  ];
}

function callRows(calls: readonly PlayedCall[], colors: Colors): string[] {
  if (calls.length === 0) return [];
  const count = (match: PlayedCall['match']) => calls.filter((call) => call.match === match).length;
  const parts = [
    [count('exact'), 'as recorded'],
    [count('ordinal'), 'by their place, asked differently'],
    [count('live'), 'live'],
    [count('stub'), 'stubbed'],
    [count('miss'), 'missed'],
  ] as const;
  const summary = parts.flatMap(([amount, words]) => (amount === 0 ? [] : [`${amount} ${words}`])).join(', ');
  const odd = calls.filter(({ match }) => match === 'stub' || match === 'miss').slice(0, MAX_LISTED);
  return [
    '',
    row('calls', summary),
    ...odd.map((call) => {
      const where = call.node === undefined ? '' : `${plainLine(call.node)}: `;
      const near = call.nearest === undefined ? '' : colors.dim(`  nearest: ${shortLine(call.nearest, 160)}`);
      return row('', `${call.match} ${where}${call.kind} ${plainLine(call.name)}${near}`);
    }),
  ];
}

function blockedRows(blocked: readonly BlockedCall[], colors: Colors): string[] {
  return block(
    'blocked',
    blocked.map((call) => {
      const where = call.node === undefined ? '' : ` in ${plainLine(call.node)}`;
      const at = call.at === undefined ? '' : colors.dim(`  at ${plainLine(call.at)}`);
      return `${colors.red(call.kind)} ${shortLine(call.what, 120)}${where}${at}`;
    }),
  );
}

function baselineRows({ baseline }: ReplayResult, colors: Colors): string[] {
  if (baseline === undefined) return [];
  const { diff, outcome, stopped } = baseline;
  if (stopped !== undefined) {
    return ['', row('baseline', `could not be replayed, so the record is compared: ${plainLine(stopped)}`)];
  }
  const [first] = diff.divergences;
  return [
    '',
    row(
      'baseline',
      `${outcomeLabel(outcome, colors)}  ${first === undefined ? 'the same as recorded: every difference above is from the patch' : 'differs from the record, which is not from the patch:'}`,
    ),
    ...(first === undefined
      ? []
      : diff.divergences.slice(0, 3).map(({ summary }) => row('', plainLine(summary)))),
  ];
}

function stopAdvice({ calls, blocked }: ReplayResult): string[] {
  const missed = calls.find(({ match }) => match === 'miss');
  const hosts = blocked.filter(({ kind }) => kind !== 'tool' && kind !== 'checkpoint' && kind !== 'file');
  if (missed?.kind === 'model')
    return [
      '  Let the model answer: --on-miss live (or --model live), or go on with a made-up answer: --on-miss stub.',
    ];
  if (missed !== undefined) {
    return [
      `  Let it run: --allow-tool ${valueText(missed.name, 60)}, or go on with a made-up result: --on-miss stub.`,
    ];
  }
  const [host] = hosts;
  return host === undefined ? [] : [`  Let it through: --allow-host ${valueText(host.what, 80)}`];
}
