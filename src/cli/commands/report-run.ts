import { EXIT, type ExitCode, runFolder, SluiceError, sluiceHome, UsageError } from '../../core/index.ts';
import { type Baseline, baselineScores } from '../../evals/baseline/index.ts';
import { DEFAULT_THRESHOLD, gate, toScoreSet } from '../../evals/gate/index.ts';
import type { Results } from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';
import { type BaselineSource, loadBaseline } from './baseline-source.ts';
import { commentOnPullRequest, printReport, writeReports } from './eval-report.ts';
import { findFinishedRun } from './finished-run.ts';
import type { ReportValues } from './report.ts';

/** Makes the reports of a finished run again, with the renderers of `sluice eval`. */
export async function runReport(values: ReportValues, context: CommandContext): Promise<ExitCode> {
  const home = sluiceHome(context.env, context.cwd);
  const results = await findFinishedRun({ home, runId: values.runId, suite: values.suite }, context);
  const baseline = await comparedBaseline(results, values.baseline, context);
  // The table of a run that was not gated is that of a verdict without a baseline.
  const verdict =
    results.verdict ??
    gate({
      candidate: toScoreSet(results),
      policy: { threshold: DEFAULT_THRESHOLD, min: {}, evaluators: {} },
      suite: results.head.suite,
    });
  const scores = baseline && baselineScores(baseline);
  const shown = { results, verdict, folder: runFolder(home, results.head.runId), baseline: scores };
  const made = await writeReports(shown, context);
  printReport({ ...shown, ...made, json: values.json }, context);
  if (values.comment) await commentOnPullRequest(shown, context);
  return EXIT.pass;
}

/** The baseline that the run was compared with, where it is still there: another one's scores would not fit the verdict. */
async function comparedBaseline(
  { baseline, head }: Results,
  file: string | undefined,
  context: CommandContext,
): Promise<Baseline | undefined> {
  if (baseline === undefined) {
    if (file === undefined) return undefined;
    throw new UsageError('BASELINE_OTHER', `Run ${head.runId} was not compared with a baseline.`, {
      hint: 'Leave --baseline away, or run sluice eval again to compare.',
    });
  }
  const found = await loadOrWarn({ suite: head.suite, file }, context);
  if (found?.runId === baseline.runId && found.acceptedAt === baseline.acceptedAt) return found;
  const what = `Run ${head.runId} was compared with the baseline of run ${baseline.runId}`;
  if (file !== undefined)
    throw new UsageError('BASELINE_OTHER', `${file} is another baseline: ${what}.`, {
      hint: `Take the file from git: git show <commit>:datasets/baselines/${head.suite}.json`,
    });
  context.logger.warn(
    `${what}, which is no longer here: single examples are shown without their scores in it (--baseline names its file).`,
  );
  return undefined;
}

/** A baseline that nobody asked for by name and that cannot be read is no reason to make no report. */
async function loadOrWarn(source: BaselineSource, context: CommandContext): Promise<Baseline | undefined> {
  try {
    return await loadBaseline(source, context);
  } catch (error) {
    if (source.file !== undefined || !(error instanceof SluiceError)) throw error;
    context.logger.warn(error.message);
    return undefined;
  }
}
