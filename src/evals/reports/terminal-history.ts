import pc from 'picocolors';
import { formatScore } from '../gate/index.ts';
import { sparkText, trends } from './history-trend.ts';
import { plainText } from './plain-text.ts';
import type { RunSummary } from './run-summary.ts';
import { LABEL_TEXT, STATUS_TEXT } from './score-row.ts';
import { textTable } from './text-lines.ts';

/** Options of {@link renderTerminalHistory}. */
export interface TerminalHistoryOptions {
  readonly suite: string;
  /** Of this suite, oldest first. At least one. */
  readonly runs: readonly RunSummary[];
  readonly columns: number;
  readonly color: boolean;
}

/** Characters of a trend; the newest runs are shown. */
const MAX_SPARK = 40;
const MAX_KEY_LENGTH = 32;

/** The past runs of a suite for a terminal: the trend of each evaluator, then the runs, newest first. Ends with a newline. */
export function renderTerminalHistory({ suite, runs, columns, color }: TerminalHistoryOptions): string {
  const colors = pc.createColors(color);
  const all = trends(runs);
  const size = Math.max(8, Math.min(MAX_SPARK, columns - MAX_KEY_LENGTH - 20));
  const [trendHead = '', ...trendRows] = textTable(
    [
      ['evaluator', 'trend', 'first', 'last'],
      ...all.map(({ key, values, first, last, gated }) => [
        `${plainText(key, MAX_KEY_LENGTH)}${gated ? '' : ' (advisory)'}`,
        sparkText(values.slice(-size)),
        number(first),
        number(last),
      ]),
    ],
    new Set([2, 3]),
  );
  const keys = all.filter(({ gated }) => gated).map(({ key }) => key);
  const head = ['finished', 'run', 'commit', 'verdict'];
  const rows = runs.toReversed().map((run) => ({
    run,
    cells: [
      `${run.finishedAt.slice(0, 16).replace('T', ' ')}`,
      plainText(run.runId.slice(0, 18), 18),
      plainText(run.commit?.slice(0, 7) ?? '–', 7),
      verdictText(run),
      ...keys.map((key) => number(run.scores.find((score) => score.key === key)?.mean ?? null)),
    ],
  }));
  // Of many evaluators those that fit; each has its trend above.
  const table = (count: number) =>
    textTable(
      [
        [...head, ...keys.map((key) => plainText(key, 16))].slice(0, head.length + count),
        ...rows.map(({ cells }) => cells.slice(0, head.length + count)),
      ],
      new Set(keys.map((_key, index) => head.length + index)),
    );
  let count = keys.length;
  while (count > 0 && table(count).some((line) => line.length > columns)) count -= 1;
  const [runHead = '', ...runRows] = table(count);
  return `${[
    colors.bold(`${plainText(suite)}: ${runs.length} run${runs.length === 1 ? '' : 's'}`),
    [colors.dim(trendHead), ...trendRows].join('\n'),
    [colors.dim(runHead), ...runRows.map((line, index) => paint(line, rows[index]?.run, colors))].join('\n'),
  ].join('\n\n')}\n`;
}

/** The verdict of a past run in words. */
export function verdictText({ status, label }: Pick<RunSummary, 'status' | 'label'>): string {
  if (status === null) return 'not gated';
  return status === 'no_verdict' || label === null ? STATUS_TEXT[status] : LABEL_TEXT[label];
}

function paint(
  line: string,
  run: RunSummary | undefined,
  colors: ReturnType<typeof pc.createColors>,
): string {
  if (run === undefined || run.status === null) return line;
  const word = verdictText(run);
  const color = { pass: colors.green, fail: colors.red, no_verdict: colors.yellow }[run.status];
  return line.replace(word, color(word));
}

function number(value: number | null): string {
  return value === null ? '–' : formatScore(value);
}
