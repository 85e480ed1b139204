import { join, relative, sep } from 'node:path';
import { EXIT, type ExitCode, NoVerdictError, runFolder, sluiceHome, UsageError } from '../../core/index.ts';
import { writeFileAtomic } from '../../evals/atomic-file.ts';
import {
  listRunIds,
  type RunSummary,
  readRunSummary,
  renderHtmlHistory,
  renderTerminalHistory,
} from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';
import { shownPath } from './eval-report.ts';
import type { HistoryValues } from './history.ts';

const DEFAULT_LIMIT = { terminal: 20, page: 200 } as const;

/** Shows past runs. Only a summary of each is kept in memory. */
export async function runHistory(values: HistoryValues, context: CommandContext): Promise<ExitCode> {
  const { cwd, env, stdout } = context;
  if (values.html && values.json)
    throw new UsageError('FLAG_CONFLICT', '--html and --json are two ways to print it: give one.');
  const home = sluiceHome(env, cwd);
  const limit = values.limit ?? (values.html || values.json ? DEFAULT_LIMIT.page : DEFAULT_LIMIT.terminal);
  const suites = await readHistory({ home, limit, suite: values.suite }, context);
  if (values.json) {
    stdout.write(`${JSON.stringify({ runs: [...suites.values()].flat() }, null, 2)}\n`);
  } else if (values.html) {
    const path = join(home, 'history.html');
    const reportOf = (runId: string) =>
      [...relative(home, runFolder(home, runId)).split(sep), 'report.html'].map(encodeURIComponent).join('/');
    await writeFileAtomic(path, renderHtmlHistory({ suites, reportOf }), { mode: 0o600 });
    stdout.write(`Wrote ${shownPath(cwd, path)}\n`);
  } else {
    const { columns, color } = stdout;
    const parts = [...suites].map(([suite, runs]) => renderTerminalHistory({ suite, runs, columns, color }));
    stdout.write(parts.join('\n'));
  }
  return EXIT.pass;
}

/** The newest finished runs by suite, each oldest first. */
async function readHistory(
  query: { readonly home: string; readonly limit: number; readonly suite: string | undefined },
  { logger }: CommandContext,
): Promise<ReadonlyMap<string, readonly RunSummary[]>> {
  const { home, limit, suite } = query;
  const suites = new Map<string, RunSummary[]>();
  for (const runId of await listRunIds(home)) {
    const summary = await readOrWarn(home, runId, logger);
    if (summary === undefined || (suite !== undefined && summary.suite !== suite)) continue;
    const runs = suites.get(summary.suite) ?? [];
    if (runs.length === 0) suites.set(summary.suite, runs);
    if (runs.length < limit) runs.push(summary);
    if (suite !== undefined && runs.length === limit) break;
  }
  if (suites.size === 0)
    throw new NoVerdictError(
      'RUN_MISSING',
      `There is no finished run${suite === undefined ? '' : ` of suite ${suite}`} in ${home}.`,
      { hint: 'Make one: sluice eval' },
    );
  return new Map(
    [...suites].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, runs]) => [name, runs.toReversed()]),
  );
}

/** One damaged run does not hide the others. */
async function readOrWarn(
  home: string,
  runId: string,
  logger: CommandContext['logger'],
): Promise<RunSummary | undefined> {
  try {
    return await readRunSummary(home, runId);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    logger.warn(`A run is passed over: ${error.message}`);
    return undefined;
  }
}
