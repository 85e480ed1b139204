import { NoVerdictError, UsageError } from '../../core/index.ts';
import { listRunIds, type Results, readResults, readRunSummary } from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';

const MIN_PREFIX = 4;

/** Which run is meant. */
export interface RunQuery {
  readonly home: string;
  /** An id or its beginning; absent: the newest finished run. */
  readonly runId: string | undefined;
  /** Only runs of this suite. */
  readonly suite: string | undefined;
}

/**
 * The finished run that is meant.
 *
 * @throws UsageError `RUN_UNKNOWN` or `RUN_AMBIGUOUS`; NoVerdictError `RUN_UNFINISHED` for one without results,
 * `RUN_MISSING` where there is no finished one.
 */
export async function findFinishedRun(
  { home, runId, suite }: RunQuery,
  context: Pick<CommandContext, 'logger'>,
): Promise<Results> {
  const ids = await listRunIds(home);
  if (runId === undefined) return newest(ids, { home, suite }, context);
  const matches = ids.includes(runId)
    ? [runId]
    : ids.filter((id) => runId.length >= MIN_PREFIX && id.startsWith(runId));
  const [found, other] = matches;
  if (found === undefined)
    throw new UsageError('RUN_UNKNOWN', `There is no run ${JSON.stringify(runId)}.`, {
      hint: `Runs are in ${home}/runs; the first ${MIN_PREFIX} characters of an id are enough.`,
    });
  if (other !== undefined)
    throw new UsageError('RUN_AMBIGUOUS', `${matches.length} runs begin with ${JSON.stringify(runId)}.`, {
      hint: `They are ${matches.slice(0, 5).join(', ')}.`,
    });
  const results = await readResults(home, found);
  if (results === undefined)
    throw new NoVerdictError('RUN_UNFINISHED', `Run ${found} is not finished.`, {
      hint: 'Run `sluice eval` again: it resumes where the run stopped.',
    });
  if (suite !== undefined && results.head.suite !== suite)
    throw new UsageError('RUN_UNKNOWN', `Run ${found} is of suite ${results.head.suite}, not ${suite}.`);
  return results;
}

async function newest(
  ids: readonly string[],
  { home, suite }: Omit<RunQuery, 'runId'>,
  { logger }: Pick<CommandContext, 'logger'>,
): Promise<Results> {
  for (const id of ids) {
    try {
      const summary = await readRunSummary(home, id);
      if (summary === undefined || (suite !== undefined && summary.suite !== suite)) continue;
      const results = await readResults(home, id);
      if (results !== undefined) return results;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      logger.warn(`A run is passed over: ${error.message}`);
    }
  }
  const which = suite === undefined ? '' : ` of suite ${suite}`;
  throw new NoVerdictError('RUN_MISSING', `There is no finished run${which} in ${home}.`, {
    hint: 'Make one: sluice eval',
  });
}
