import { appendFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errorMessage } from '../../core/index.ts';
import { writeFileAtomic } from '../../evals/atomic-file.ts';
import type { Experiment } from '../../evals/experiment.ts';
import type { Verdict } from '../../evals/gate/index.ts';
import {
  formatResults,
  renderMarkdownSummary,
  renderTerminalReport,
  toResults,
  writeResults,
} from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';

/** What {@link reportRun} reports. */
export interface RunReport {
  readonly experiment: Experiment;
  readonly verdict: Verdict;
  /** False: the verdict is not part of the results, only its scores are shown. */
  readonly gated: boolean;
  readonly folder: string;
  /** Print `results.json` to standard output. */
  readonly json: boolean;
}

/** Examples of each list on the page of a job, which several jobs share. */
const PAGE_EXAMPLES = 50;

/** Writes the files of a finished run and prints its report. The results come last: they say that the run is finished. */
export async function reportRun(report: RunReport, context: CommandContext): Promise<void> {
  const { experiment, verdict, gated, folder } = report;
  const { cwd, env, stdout, stderr, logger } = context;
  const results = toResults(experiment, gated ? verdict : undefined);
  const summary = renderMarkdownSummary({ results, verdict });
  const summaryPath = join(folder, 'summary.md');
  await writeFileAtomic(summaryPath, summary, { mode: 0o600 });
  const resultsPath = await writeResults(folder, results);

  const written = [resultsPath, summaryPath].map((path) => shownPath(cwd, path));
  const stepSummary = env['GITHUB_STEP_SUMMARY'];
  if (stepSummary) {
    try {
      await appendFile(stepSummary, renderMarkdownSummary({ results, verdict, maxExamples: PAGE_EXAMPLES }));
    } catch (error) {
      // The verdict is worth more than its copy on the run page.
      logger.warn(`GITHUB_STEP_SUMMARY: could not append the summary: ${errorMessage(error)}`);
    }
  }
  const output = report.json ? stderr : stdout;
  output.write(
    renderTerminalReport({
      verdict,
      gated,
      suite: experiment.head.suite,
      examples: new Set(experiment.calls.map((call) => call.exampleId)).size,
      repeats: experiment.head.repeats,
      written,
      columns: output.columns,
      color: output.color,
    }),
  );
  if (report.json) stdout.write(formatResults(results));
}

/** From the working directory where it is in it. */
function shownPath(cwd: string, path: string): string {
  const shown = relative(cwd, path);
  return shown.startsWith('..') ? path : shown;
}
