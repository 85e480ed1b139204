import Table from 'cli-table3';
import pc from 'picocolors';
import type { Reason, Verdict } from '../gate/index.ts';
import { type ChangedExample, changedExamples } from './changed-examples.ts';
import { plainText } from './plain-text.ts';
import { type ScoreRow, STATUS_TEXT, scoreRows } from './score-row.ts';

/** Options of {@link renderTerminalReport}. */
export interface TerminalReportOptions {
  readonly verdict: Verdict;
  /** False for a run that was not gated: the table is printed, a verdict is not. */
  readonly gated: boolean;
  readonly suite: string;
  readonly examples: number;
  readonly repeats: number;
  /** Examples of each list that are shown. Default 10. */
  readonly maxExamples?: number;
  readonly color: boolean;
}

type Colors = ReturnType<typeof pc.createColors>;

/** The report of a run for a terminal or a log: table, examples that changed, reasons, verdict. Ends with a newline. */
export function renderTerminalReport(options: TerminalReportOptions): string {
  const { verdict, gated, maxExamples = 10 } = options;
  const colors = pc.createColors(options.color);
  const parts = [renderTable(scoreRows(verdict), gated, colors)];
  const critical = verdict.critical.filter(({ status }) => status !== 'pass');
  if (critical.length > 0) {
    parts.push(
      section(
        `Critical examples (${critical.length} of ${verdict.critical.length} did not pass)`,
        critical.map((entry) => [
          `${entry.status === 'fail' ? colors.red('fail') : colors.yellow('unknown')}  ${plainText(entry.exampleId)}  ${plainText(entry.reason ?? '')}`,
          ...traceLine(entry.runId, colors),
        ]),
        maxExamples,
        colors,
      ),
    );
  }
  for (const [title, list] of [
    ['Worse', changedExamples(verdict.worse)],
    ['Better', changedExamples(verdict.better)],
  ] as const) {
    if (list.length > 0)
      parts.push(section(`${title} (${list.length})`, changes(list, colors), maxExamples, colors));
  }
  for (const [title, ids] of [
    ['New since the baseline', verdict.added],
    ['Removed since the baseline', verdict.removed],
    ['Edited since the baseline', verdict.edited],
  ] as const) {
    if (ids.length > 0 && gated)
      parts.push(`${colors.bold(title)} (${ids.length}): ${idList(ids, maxExamples)}\n`);
  }
  parts.push(gated ? renderVerdict(options, colors) : `Not gated: ${options.suite}, ${size(options)}.\n`);
  return parts.join('\n');
}

function renderTable(rows: readonly ScoreRow[], gated: boolean, colors: Colors): string {
  const head = gated ? ['evaluator', 'baseline', 'now', 'change', 'limit', 'verdict'] : ['evaluator', 'now'];
  // Colours of the table itself are switched off: `style` would print them whatever the output is.
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const row of rows) {
    const key = plainText(row.key, 60);
    table.push(
      gated ? [key, row.baseline, row.now, row.change, row.limit, paint(row, colors)] : [key, row.now],
    );
  }
  return `${table.toString()}\n`;
}

function paint({ verdict, status, gated }: ScoreRow, colors: Colors): string {
  if (!gated) return colors.dim(verdict);
  if (status === 'pass') return colors.green(verdict);
  if (status === 'fail') return colors.red(verdict);
  return status === 'no_verdict' ? colors.yellow(verdict) : colors.dim(verdict);
}

function changes(list: readonly ChangedExample[], colors: Colors): string[][] {
  return list.map(({ exampleId, agentFailed, scores, comments, runIds }) => [
    `${plainText(exampleId)}  ${plainText(scores.join(', '), 300)}${agentFailed ? colors.red('  agent failed') : ''}`,
    ...comments.map((comment) => plainText(comment)),
    ...runIds.flatMap((runId) => traceLine(runId, colors)),
  ]);
}

function traceLine(runId: string | undefined, colors: Colors): string[] {
  return runId === undefined ? [] : [colors.dim(`sluice traces show ${plainText(runId, 80)}`)];
}

function section(title: string, entries: readonly string[][], max: number, colors: Colors): string {
  const lines = entries
    .slice(0, max)
    .flatMap(([first = '', ...rest]) => [`  ${first}`, ...rest.map((line) => `      ${line}`)]);
  if (entries.length > max) lines.push(`  and ${entries.length - max} more in results.json`);
  return `${colors.bold(title)}\n${lines.join('\n')}\n`;
}

function idList(ids: readonly string[], max: number): string {
  const shown = ids.slice(0, max).map((id) => plainText(id));
  return ids.length > max ? `${shown.join(', ')} and ${ids.length - max} more` : shown.join(', ');
}

function renderVerdict(options: TerminalReportOptions, colors: Colors): string {
  const { status, reasons } = options.verdict;
  const paintStatus = { pass: colors.green, fail: colors.red, no_verdict: colors.yellow }[status];
  const lines = [`${paintStatus(colors.bold(STATUS_TEXT[status]))}  ${options.suite}, ${size(options)}`];
  for (const reason of reasons) lines.push(...reasonLines(reason, colors));
  return `${lines.join('\n')}\n`;
}

function reasonLines(reason: Reason, colors: Colors): string[] {
  const label = { fail: colors.red('fail'), no_verdict: colors.yellow('no verdict'), warning: 'note' }[
    reason.effect
  ];
  const lines = [`  ${label}: ${plainText(reason.message, 500)}`];
  if (reason.hint !== undefined) lines.push(`    ${plainText(reason.hint, 500)}`);
  return lines;
}

function size({ examples, repeats }: TerminalReportOptions): string {
  return `${examples} example${examples === 1 ? '' : 's'}${repeats === 1 ? '' : ` x ${repeats} repeats`}`;
}
