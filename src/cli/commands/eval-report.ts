import { appendFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { v4 as uuidv4 } from 'uuid';
import { errorMessage, SluiceError } from '../../core/index.ts';
import { writeFileAtomic } from '../../evals/atomic-file.ts';
import type { OpenDataset } from '../../evals/datasets/index.ts';
import type { Experiment } from '../../evals/experiment.ts';
import { callsByExample, type ScoreSet, type Verdict } from '../../evals/gate/index.ts';
import {
  annotationLines,
  type ComparedBaseline,
  type Evidence,
  htmlReportText,
  junitText,
  type Results,
  renderMarkdownSummary,
  renderTerminalReport,
  resultsText,
  toResults,
  writeResults,
} from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';
import { collectEvidence } from './report-evidence.ts';

/** A baseline as a report needs it. */
export interface ReportBaseline extends ComparedBaseline {
  readonly scores: ScoreSet;
}

/** What {@link reportRun} reports. */
export interface RunReport {
  readonly experiment: Experiment;
  readonly verdict: Verdict;
  /** False: the verdict is not part of the results, only its scores are shown. */
  readonly gated: boolean;
  /** What it was compared with; absent without one. */
  readonly baseline?: ReportBaseline | undefined;
  readonly folder: string;
  /** The dataset of the run, where it is open. Default: it is opened. */
  readonly dataset?: OpenDataset | undefined;
  /** Print `results.json` to standard output. */
  readonly json: boolean;
  /** Put the summary on the pull request that the workflow runs for. Default false. */
  readonly comment?: boolean;
}

/** Examples of each list on the page of a job, which several jobs share. */
const PAGE_EXAMPLES = 50;

/** Writes the files of a finished run and prints its report. The results come last: they say that the run is finished. */
export async function reportRun(report: RunReport, context: CommandContext): Promise<void> {
  const { experiment, verdict, gated, baseline, folder, dataset } = report;
  const results = toResults(experiment, gated ? verdict : undefined, gated ? baseline : undefined);
  const shown = { results, verdict, folder, dataset, baseline: baseline?.scores };
  const { written, evidence } = await writeReports(shown, context);
  const resultsPath = await writeResults(folder, results);
  await appendStepSummary(shown, context);
  printReport({ ...shown, evidence, written: [...written, resultsPath], json: report.json }, context);
  if (report.comment === true) await commentOrWarn(shown, context);
}

/** A finished run with everything its reports show. */
export interface ShownRun {
  readonly results: Results;
  /** What the tables show; the verdict in `results` is null for a run that was not gated. */
  readonly verdict: Verdict;
  readonly folder: string;
  readonly baseline: ScoreSet | undefined;
  /** Its dataset, where it is open. Default: it is opened. */
  readonly dataset?: OpenDataset | undefined;
}

/** Writes `report.html`, `summary.md` and `junit.xml` into the folder of a run, readable by their owner only. */
export async function writeReports(
  shown: ShownRun,
  context: Pick<CommandContext, 'cwd' | 'logger'>,
): Promise<{ readonly written: readonly string[]; readonly evidence: Evidence }> {
  const { results, verdict, folder, baseline } = shown;
  const evidence = await collectEvidence(shown, context);
  const files = [
    ['report.html', () => htmlReportText({ results, verdict, baseline, evidence })],
    ['summary.md', () => renderMarkdownSummary({ results, verdict })],
    ['junit.xml', () => junitText({ results, verdict })],
  ] as const;
  const written: string[] = [];
  for (const [name, render] of files) {
    const path = join(folder, name);
    await writeFileAtomic(path, render(), { mode: 0o600 });
    written.push(path);
  }
  return { written, evidence };
}

/** What {@link printReport} prints. */
interface PrintedReport extends ShownRun {
  readonly evidence: Evidence;
  readonly written: readonly string[];
  readonly json: boolean;
}

/** Prints the report, and in GitHub Actions marks the lines of the dataset that got worse. */
export function printReport(report: PrintedReport, context: CommandContext): void {
  const { results, verdict, written, json, evidence } = report;
  const { cwd, env, stdout, stderr } = context;
  const { head, calls } = results;
  const output = json ? stderr : stdout;
  const text = renderTerminalReport({
    verdict,
    gated: results.verdict !== null,
    suite: head.suite,
    examples: callsByExample(calls).length,
    repeats: head.repeats,
    written: written.map((path) => shownPath(cwd, path)),
    columns: output.columns,
    color: output.color,
  });
  if (env['GITHUB_ACTIONS'] === 'true') {
    if (results.verdict !== null) {
      const lines = new Map(
        [...evidence].flatMap(([id, { line }]) => (line === undefined ? [] : [[id, line]])),
      );
      const file = repositoryPath(resolve(cwd, head.dataset), { cwd, env });
      const marks = annotationLines({ verdict, suite: head.suite, file, lines });
      output.write(marks.map((mark) => `${mark}\n`).join(''));
    }
    // A line of an agent's answer that looks like a workflow command must not be one.
    const token = uuidv4();
    output.write(`::stop-commands::${token}\n${text}::${token}::\n`);
  } else output.write(text);
  if (json) for (const piece of resultsText(results)) stdout.write(piece);
}

/** Annotations name files from the root of the checkout, which need not be the working directory. */
function repositoryPath(path: string, { cwd, env }: Pick<CommandContext, 'cwd' | 'env'>): string {
  const shown = relative(env['GITHUB_WORKSPACE'] || cwd, path);
  return shown.split(sep).join('/');
}

async function appendStepSummary({ results, verdict }: ShownRun, context: CommandContext): Promise<void> {
  const stepSummary = context.env['GITHUB_STEP_SUMMARY'];
  if (!stepSummary) return;
  try {
    await appendFile(stepSummary, renderMarkdownSummary({ results, verdict, maxExamples: PAGE_EXAMPLES }));
  } catch (error) {
    // The verdict is worth more than its copy on the run page.
    context.logger.warn(`GITHUB_STEP_SUMMARY: could not append the summary: ${errorMessage(error)}`);
  }
}

/** Puts the summary on the pull request. */
export async function commentOnPullRequest(
  { results, verdict }: Pick<ShownRun, 'results' | 'verdict'>,
  { env, signal, stderr }: CommandContext,
): Promise<void> {
  const { commentBody, commentName, currentPullRequest, upsertComment } = await import('../github/index.ts');
  const pullRequest = await currentPullRequest(env);
  if (pullRequest === undefined) {
    stderr.write('This workflow does not run for a pull request: no comment was made.\n');
    return;
  }
  const body = commentBody({ results, verdict, runUrl: pullRequest.runUrl });
  const name = commentName(results);
  const { action, url } = await upsertComment(pullRequest, { name, body, fetch, signal });
  stderr.write(`The comment on pull request ${pullRequest.number} was ${action}: ${url}\n`);
}

/** The verdict stands, whatever GitHub answers. */
async function commentOrWarn(shown: ShownRun, context: CommandContext): Promise<void> {
  try {
    await commentOnPullRequest(shown, context);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    context.logger.warn([error.message, ...(error.hint === undefined ? [] : [error.hint])].join(' '));
  }
}

/** From the working directory where it is in it. */
export function shownPath(cwd: string, path: string): string {
  const shown = relative(cwd, path);
  return shown.startsWith('..') ? path : shown;
}
