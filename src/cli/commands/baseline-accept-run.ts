import { relative } from 'node:path';
import {
  EXIT,
  type ExitCode,
  errorMessage,
  NoVerdictError,
  SluiceError,
  sluiceHome,
  UsageError,
} from '../../core/index.ts';
import {
  type Baseline,
  readBaseline,
  summarizeBaseline,
  toBaseline,
  writeBaseline,
} from '../../evals/baseline/index.ts';
import { formatScore } from '../../evals/gate/index.ts';
import {
  listRunIds,
  plainText,
  type Results,
  readResults,
  readRunSummary,
} from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';
import type { BaselineAcceptValues } from './baseline-accept.ts';

const MIN_PREFIX = 4;

/** Writes the baseline of a finished run and says what changed. */
export async function runBaselineAccept(
  values: BaselineAcceptValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { cwd, env, clock, stdout, logger } = context;
  const home = sluiceHome(env, cwd);
  const results =
    values.runId === undefined
      ? await newestRun(home, values.suite, context)
      : await runById(home, values.runId, values.suite);
  const experiment = { head: results.head, finishedAt: results.finishedAt, calls: results.calls };
  const baseline = toBaseline(experiment, new Date(clock.now()).toISOString());
  const before = await previous(cwd, baseline.suite, context);
  const path = relative(cwd, await writeBaseline(cwd, baseline));
  if (results.verdict?.status === 'fail')
    logger.warn('The gate failed this run: what it got worse at is now what later runs are compared with.');
  if (values.json) {
    const scores = summarizeBaseline(baseline);
    const { suite, runId, acceptedAt, repeats } = baseline;
    const examples = baseline.examples.length;
    stdout.write(
      `${JSON.stringify({ suite, runId, acceptedAt, path, examples, repeats, scores }, null, 2)}\n`,
    );
  } else {
    stdout.write(describe(baseline, before, path));
  }
  return EXIT.pass;
}

async function runById(home: string, typed: string, suite: string | undefined): Promise<Results> {
  const ids = await listRunIds(home);
  const matches = ids.includes(typed)
    ? [typed]
    : ids.filter((id) => typed.length >= MIN_PREFIX && id.startsWith(typed));
  const [runId, other] = matches;
  if (runId === undefined)
    throw new UsageError('RUN_UNKNOWN', `There is no run ${JSON.stringify(typed)}.`, {
      hint: `Runs are in ${home}/runs; the first ${MIN_PREFIX} characters of an id are enough.`,
    });
  if (other !== undefined)
    throw new UsageError('RUN_AMBIGUOUS', `${matches.length} runs begin with ${JSON.stringify(typed)}.`, {
      hint: `They are ${matches.slice(0, 5).join(', ')}.`,
    });
  const results = await readResults(home, runId);
  if (results === undefined)
    throw new NoVerdictError(
      'RUN_UNFINISHED',
      `Run ${runId} is not finished: only a finished run can be a baseline.`,
      {
        hint: 'Run `sluice eval` again: it resumes where the run stopped.',
      },
    );
  if (suite !== undefined && results.head.suite !== suite)
    throw new UsageError('RUN_UNKNOWN', `Run ${runId} is of suite ${results.head.suite}, not ${suite}.`);
  return results;
}

async function newestRun(home: string, suite: string | undefined, context: CommandContext): Promise<Results> {
  const newest = new Map<string, Results>();
  for (const runId of await listRunIds(home)) {
    const summary = await orWarn(() => readRunSummary(home, runId), context);
    if (summary === undefined || newest.has(summary.suite)) continue;
    const results = await orWarn(() => readResults(home, runId), context);
    if (results === undefined) continue;
    if (summary.suite === suite) return results;
    newest.set(summary.suite, results);
  }
  const suites = [...newest.keys()].sort();
  if (suite !== undefined)
    throw new UsageError('RUN_UNKNOWN', `There is no finished run of suite ${JSON.stringify(suite)}.`, {
      hint:
        suites.length === 0
          ? `Run it first: sluice eval ${suite}`
          : `Finished runs are of ${suites.join(', ')}.`,
    });
  const [only, other] = newest.values();
  if (only === undefined)
    throw new UsageError('RUN_UNKNOWN', `There is no finished run in ${home}/runs.`, {
      hint: 'Run a suite first: sluice eval',
    });
  if (other !== undefined)
    throw new UsageError('SUITE_AMBIGUOUS', `Which suite? There are runs of ${suites.join(', ')}.`, {
      hint: `Name one: sluice baseline accept --suite ${suites[0]}`,
    });
  return only;
}

/** A damaged run of another day must not keep a good one from being accepted. */
async function orWarn<Value>(
  read: () => Promise<Value | undefined>,
  { logger }: CommandContext,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    logger.warn(`Skipped a run: ${errorMessage(error)}`);
    return undefined;
  }
}

/** Accepting is how a damaged baseline is mended, so that it must not stop at one. */
async function previous(
  cwd: string,
  suite: string,
  { logger }: CommandContext,
): Promise<Baseline | undefined> {
  try {
    return await readBaseline(cwd, suite);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    logger.warn(`Replaced: ${errorMessage(error)}`);
    return undefined;
  }
}

function describe(baseline: Baseline, before: Baseline | undefined, path: string): string {
  const was = new Map(
    (before === undefined ? [] : summarizeBaseline(before)).map(({ key, mean }) => [key, mean]),
  );
  const lines = summarizeBaseline(baseline).map(({ key, mean }) => {
    const old = was.get(key) ?? null;
    const from = old === null ? '' : ` (was ${formatScore(old)})`;
    return `  ${plainText(key)}  ${mean === null ? 'not scored' : formatScore(mean)}${from}`;
  });
  const { suite, runId, examples, repeats } = baseline;
  return [
    `Accepted run ${runId} as the baseline of ${suite}: ${examples.length} example${examples.length === 1 ? '' : 's'} x ${repeats}.`,
    ...lines,
    `Wrote ${path}. Commit it: the gate compares with what is in git.`,
    '',
  ].join('\n');
}
