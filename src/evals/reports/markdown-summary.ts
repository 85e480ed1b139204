import { callsByExample, type Verdict } from '../gate/index.ts';
import { type ChangedExample, changedExamples } from './changed-examples.ts';
import { traceCommand } from './commands.ts';
import { markdownText } from './plain-text.ts';
import type { Results } from './results.ts';
import { scoreRows } from './score-row.ts';
import { evaluatorLines, familyText, roundsText, verdictWord } from './verdict-label.ts';

/** Options of {@link renderMarkdownSummary}. */
export interface MarkdownSummaryOptions {
  readonly results: Results;
  /** What the table shows; the verdict in `results` is null for a run that was not gated. */
  readonly verdict: Verdict;
  /** Examples of each list that are shown. Default 1000: a page that takes this has room for a megabyte. */
  readonly maxExamples?: number;
  /** Where the rest of a list that is cut is. Default `results.json`. */
  readonly rest?: string;
}

const SIGN = { pass: '✅', fail: '❌', no_verdict: '⚠️' } as const;

/**
 * The report of a run for a page that renders Markdown, such as the summary of a GitHub Actions step. Everything that
 * comes from a dataset, an agent or an evaluator is escaped. Ends with a newline.
 */
export function renderMarkdownSummary({
  results,
  verdict,
  maxExamples = 1_000,
  rest = 'results.json',
}: MarkdownSummaryOptions): string {
  const { head } = results;
  const gated = results.verdict !== null;
  const suite = markdownText(head.suite);
  const title = gated ? `${SIGN[verdict.status]} ${verdictWord(verdict)}: ${suite}` : `${suite}: not gated`;
  const examples = callsByExample(results.calls).length;
  const { extra } = verdict.rounds;
  const facts = [
    `${examples} example${examples === 1 ? '' : 's'}${head.repeats === 1 ? '' : ` x ${head.repeats} repeats`}${extra === 0 ? '' : ` + ${extra} extra round${extra === 1 ? '' : 's'}`}`,
    `target ${markdownText(head.target)}`,
    ...(head.split === undefined ? [] : [`split ${markdownText(head.split)}`]),
    ...(head.commit === undefined
      ? []
      : [`commit ${markdownText(head.commit.replace(/^(.{12}).*?(-dirty(\.[0-9a-f]+)?)?$/, '$1$2'))}`]),
    `run ${markdownText(head.runId)}`,
  ];
  const parts = [`## ${title}`, facts.join(' · '), renderTable(verdict, gated)];
  if (gated && verdict.reasons.length > 0)
    parts.push(
      verdict.reasons
        .map(({ effect, message, hint }) => {
          const label = { fail: '**Fail**', no_verdict: '**No verdict**', warning: 'Note' }[effect];
          return `- ${label}: ${markdownText(message, 500)}${hint === undefined ? '' : ` ${markdownText(hint, 500)}`}`;
        })
        .join('\n'),
    );
  if (gated) parts.push(...figures(verdict));
  const cut = { max: maxExamples, rest };
  const critical = verdict.critical.filter(({ status }) => status !== 'pass');
  parts.push(
    ...table(
      'Critical examples that did not pass',
      ['Example', 'Why', 'Trace'],
      critical.map((entry) => [
        markdownText(entry.exampleId),
        markdownText(entry.reason ?? ''),
        trace(entry.runId),
      ]),
      cut,
    ),
    ...table('Worse', CHANGE_HEAD, changedExamples(verdict.worse).map(changeCells), cut),
    ...table('Better', CHANGE_HEAD, changedExamples(verdict.better).map(changeCells), cut),
  );
  return `${parts.join('\n\n')}\n`;
}

/** Lines of figures; beyond these the table has to do. */
const MAX_FIGURES = 10;

/** How far each gated score can be trusted, and what the extra rounds were for. */
function figures(verdict: Verdict): string[] {
  const lines = evaluatorLines(verdict, MAX_FIGURES).map((line) => `- ${markdownText(line, 400)}`);
  const notes = [roundsText(verdict), familyText(verdict)].filter((text) => text !== undefined);
  return [
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
    ...(notes.length === 0 ? [] : [notes.map((note) => markdownText(note, 300)).join(' ')]),
  ];
}

const CHANGE_HEAD = ['Example', 'Scores', 'Comment', 'Trace'] as const;

function changeCells({ exampleId, agentFailed, scores, comments, runIds }: ChangedExample): string[] {
  const said = comments.map((comment) => markdownText(comment));
  return [
    markdownText(exampleId),
    markdownText(scores.join(', '), 300),
    [...(agentFailed ? ['**agent failed**'] : []), ...said].join(' · '),
    runIds.map(trace).join(' · '),
  ];
}

function trace(runId: string | undefined): string {
  const command = traceCommand(runId);
  return command === undefined ? markdownText(runId ?? '', 80) : markdownText(command, 200);
}

function renderTable(verdict: Verdict, gated: boolean): string {
  const rows = scoreRows(verdict).map((row) => {
    const now = row.missing === '' ? row.now : `${row.now} (${row.missing})`;
    const key = markdownText(row.key);
    return gated ? [key, row.baseline, now, row.change, row.limit, row.verdict] : [key, now];
  });
  const head = gated ? ['Evaluator', 'Baseline', 'Now', 'Change', 'Limit', 'Verdict'] : ['Evaluator', 'Now'];
  return lines(head, rows);
}

function table(
  title: string,
  head: readonly string[],
  rows: readonly string[][],
  { max, rest }: { readonly max: number; readonly rest: string },
): string[] {
  if (rows.length === 0) return [];
  const more = rows.length > max ? [`and ${rows.length - max} more in ${rest}`] : [];
  return [`### ${title} (${rows.length})`, lines(head, rows.slice(0, max)), ...more];
}

function lines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
