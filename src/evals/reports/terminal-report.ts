import pc from 'picocolors';
import type { Reason, Verdict } from '../gate/index.ts';
import { type ChangedExample, changedExamples, kindsFirst } from './changed-examples.ts';
import { traceCommand } from './commands.ts';
import { headline } from './headline.ts';
import { plainText } from './plain-text.ts';
import { type ScoreRow, scoreRows } from './score-row.ts';
import { textTable, wrapPieces, wrapText } from './text-lines.ts';
import { evaluatorLines, familyText, roundsText, verdictWord } from './verdict-label.ts';

/** Options of {@link renderTerminalReport}. */
export interface TerminalReportOptions {
  readonly verdict: Verdict;
  /** False for a run that was not gated: the table is printed, a verdict is not. */
  readonly gated: boolean;
  readonly suite: string;
  readonly examples: number;
  readonly repeats: number;
  /** Files of the run, named before the verdict: what a cut list leaves out is in them. Default: none. */
  readonly written?: readonly string[];
  /** Examples of each list that are shown. Default 10. */
  readonly maxExamples?: number;
  /** Width that text is wrapped to. Commands and ids stay whole. Default 80. */
  readonly columns?: number;
  readonly color: boolean;
}

type Colors = ReturnType<typeof pc.createColors>;

/** Longest evaluator key in the table. */
const MAX_KEY_LENGTH = 40;
/** Evaluators whose figures are printed; those of the others are in the summary. */
const MAX_FIGURES = 4;
/** Scores named of one example; the rest is in the summary. */
const MAX_SCORES = 3;

interface Page extends Required<Pick<TerminalReportOptions, 'maxExamples' | 'columns'>> {
  readonly colors: Colors;
  /** Where the rest of a list that is cut is. */
  readonly rest: string;
}

/**
 * The report of a run for a terminal or a log, in the order in which it is read from below: the verdict in the last
 * line, above it the reasons, the examples that got worse with the command that opens each trace, critical ones first,
 * and the table. Ends with a newline.
 */
export function renderTerminalReport(options: TerminalReportOptions): string {
  const { verdict, gated, maxExamples = 10, columns = 80, written = [] } = options;
  const colors = pc.createColors(options.color);
  const rest = written.find((path) => path.endsWith('.md')) ?? 'results.json';
  const page: Page = { maxExamples, columns, colors, rest };
  const critical = verdict.critical.filter(({ status }) => status !== 'pass');
  const isCritical = new Set(critical.map(({ exampleId }) => exampleId));
  const allWorse = changedExamples(verdict.worse);
  const gotWorse = new Set(allWorse.map(({ exampleId }) => exampleId));
  const worse = kindsFirst(allWorse.filter(({ exampleId }) => !isCritical.has(exampleId)));
  const better = changedExamples(verdict.better).filter(({ exampleId }) => !gotWorse.has(exampleId));
  const parts = [
    renderTable(scoreRows(verdict), gated, colors),
    ...section(
      `Critical examples that did not pass: ${critical.length} of ${verdict.critical.length}`,
      critical.map(({ exampleId, status, reason = '', runId }) => [
        `  ${status === 'fail' ? colors.red('fail') : colors.yellow('unknown')}  ${plainText(exampleId)}`,
        ...wrapText(plainText(reason), '    ', columns),
        ...traceLine(runId, colors),
      ]),
      page,
    ),
    ...section(
      `Got worse: ${worse.length}${critical.length > 0 ? ' besides these' : ''}`,
      worse.map((example) => worseLines(example, page)),
      page,
    ),
    ...section(
      `Got better: ${better.length}`,
      better.map((example) => betterLines(example, page)),
      page,
    ),
  ];
  if (gated) {
    const figures = evaluatorLines(verdict, MAX_FIGURES).flatMap((line) =>
      wrapText(plainText(line, 400), '  ', columns),
    );
    const notes = [roundsText(verdict), familyText(verdict)].filter((text) => text !== undefined);
    const lines = [...figures, ...notes.flatMap((note) => wrapText(note, '  ', columns))];
    if (lines.length > 0) parts.push([colors.bold('How sure this is'), ...lines].join('\n'));
    const changed = [
      ['New since the baseline', verdict.added],
      ['Removed since the baseline', verdict.removed],
      ['Edited since the baseline', verdict.edited],
    ] as const;
    for (const [title, ids] of changed) {
      if (ids.length > 0)
        parts.push(wrapText(`${title} (${ids.length}): ${idList(ids, maxExamples)}`, '', columns).join('\n'));
    }
    if (verdict.reasons.length > 0)
      parts.push(verdict.reasons.flatMap((reason) => reasonLines(reason, page)).join('\n'));
  }
  if (written.length > 0) parts.push(['Wrote', ...written.map((path) => `  ${path}`)].join('\n'));
  const what = `${options.suite}, ${size(options)}`;
  parts.push(gated ? verdictLine(verdict, what, colors) : `Not gated: ${what}.`);
  return `${parts.join('\n\n')}\n`;
}

function renderTable(rows: readonly ScoreRow[], gated: boolean, colors: Colors): string {
  const head = gated ? ['evaluator', 'baseline', 'now', 'change', 'limit', 'verdict'] : ['evaluator', 'now'];
  const cells = rows.map((row) => {
    const key = plainText(row.key, MAX_KEY_LENGTH);
    const count = /\d+ missing$/.exec(row.missing)?.[0];
    const missing = count === undefined ? '' : `, ${count}`;
    return gated
      ? [key, row.baseline, row.now, row.change, row.worst, `${row.verdict}${missing}`]
      : [key, `${row.now}${missing}`];
  });
  const [first = '', ...lines] = textTable([head, ...cells], new Set(gated ? [1, 2, 3, 4] : []));
  return [colors.dim(first), ...lines.map((line, index) => paint(line, rows[index], colors))].join('\n');
}

/** Widths are counted before colours are put in. */
function paint(line: string, row: ScoreRow | undefined, colors: Colors): string {
  if (row === undefined || row.status === 'not_applicable') return colors.dim(line);
  const color = { pass: colors.green, fail: colors.red, no_verdict: colors.yellow }[row.status];
  const at = line.lastIndexOf(row.verdict);
  return at === -1 || !row.gated ? line : `${line.slice(0, at)}${color(line.slice(at))}`;
}

function worseLines(example: ChangedExample, page: Page): string[] {
  const { agentFailed, scores, comments, runIds } = example;
  const said = comments.map((comment) => plainText(comment)).join(' ');
  // A failed agent has the worst score of everything: one stands for all.
  const count = agentFailed ? 1 : MAX_SCORES;
  const label = agentFailed ? `${page.colors.red('the agent failed')}  ` : '';
  return [
    ...titleLines({ ...example, scores: scores.slice(0, count) }, label, scores.length - count, page),
    ...(said === '' ? [] : wrapText(said, '    ', page.columns)),
    ...runIds.flatMap((runId) => traceLine(runId, page.colors)),
  ];
}

function betterLines(example: ChangedExample, page: Page): string[] {
  const scores = example.scores.slice(0, MAX_SCORES);
  return titleLines({ ...example, scores }, '', example.scores.length - MAX_SCORES, page);
}

/** The example with its scores beside it, or below it where they do not fit. */
function titleLines(
  { exampleId, scores }: Pick<ChangedExample, 'exampleId' | 'scores'>,
  label: string,
  more: number,
  { columns }: Page,
): string[] {
  const title = `  ${plainText(exampleId)}  ${label}`;
  const pieces = scores.map((score, index) => {
    const rest = index < scores.length - 1 ? ',' : more > 0 ? ` and ${more} more` : '';
    return `${plainText(score, 100)}${rest}`;
  });
  const line = `${title}${pieces.join(' ')}`;
  return line.length <= columns ? [line] : [title.trimEnd(), ...wrapPieces(pieces, '    ', columns)];
}

function traceLine(runId: string | undefined, colors: Colors): string[] {
  const command = traceCommand(runId);
  return command === undefined ? [] : [colors.dim(`    ${command}`)];
}

function section(title: string, entries: readonly (readonly string[])[], page: Page): string[] {
  if (entries.length === 0) return [];
  const lines = entries.slice(0, page.maxExamples).flat();
  const more = entries.length - page.maxExamples;
  if (more > 0) lines.push(`  and ${more} more in ${page.rest}`);
  return [[page.colors.bold(title), ...lines].join('\n')];
}

function idList(ids: readonly string[], max: number): string {
  const shown = ids.slice(0, max).map((id) => plainText(id));
  return ids.length > max ? `${shown.join(', ')} and ${ids.length - max} more` : shown.join(', ');
}

function reasonLines({ effect, message, hint }: Reason, { columns, colors }: Page): string[] {
  const label = { fail: 'fail', no_verdict: 'no verdict', warning: 'note' }[effect];
  const color = { fail: colors.red, no_verdict: colors.yellow, warning: colors.dim }[effect];
  const [first = '', ...others] = wrapText(plainText(message, 500), `${label}: `, columns);
  return [
    first.replace(label, color(label)),
    ...others,
    // A hint names a command: it stays in one piece.
    ...(hint === undefined ? [] : [`${' '.repeat(label.length + 2)}${plainText(hint, 500)}`]),
  ];
}

function verdictLine(verdict: Verdict, what: string, colors: Colors): string {
  const color = { pass: colors.green, fail: colors.red, no_verdict: colors.yellow }[verdict.status];
  return `${colors.bold(color(verdictWord(verdict)))}  ${what}: ${plainText(headline(verdict), 500)}`;
}

function size({ examples, repeats }: TerminalReportOptions): string {
  return `${examples} example${examples === 1 ? '' : 's'}${repeats === 1 ? '' : ` x ${repeats} repeats`}`;
}
