import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { errorMessage, hasErrorCode, isRecord, UsageError } from '../../core/index.ts';
import { type Baseline, parseBaseline, readBaseline, toBaseline } from '../../evals/baseline/index.ts';
import { RESULTS_FILE, type Results, readResultsFile } from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';

/** Which baseline is asked for. */
export interface BaselineSource {
  readonly suite: string;
  /** A baseline file, a `results.json`, or a folder that holds one of those; from the working directory. */
  readonly file?: string | undefined;
}

/**
 * The baseline of a suite: from `file`, else from `SLUICE_BASELINE`, else the accepted one of the project, which may be
 * missing. A `results.json`, such as the artifact of the main branch's last run, is taken as if it had been accepted; of a
 * folder of them the newest of the suite is.
 *
 * @throws UsageError `BASELINE_MISSING` for a file or folder that is not there or holds no run of the suite, `BASELINE_INVALID`
 * and `RESULTS_INVALID` for one that cannot be read; what `toBaseline` throws for a run that cannot be a baseline.
 */
export async function loadBaseline(
  { suite, file }: BaselineSource,
  { cwd, env }: Pick<CommandContext, 'cwd' | 'env'>,
): Promise<Baseline | undefined> {
  const [path, said] =
    file === undefined ? [env['SLUICE_BASELINE'] || undefined, 'SLUICE_BASELINE'] : [file, '--baseline'];
  if (path === undefined) return readBaseline(cwd, suite);
  const absolute = resolve(cwd, path);
  const missing = (what: string) =>
    new UsageError('BASELINE_MISSING', `${said}: ${what}`, {
      hint: `Give a baseline file, the ${RESULTS_FILE} of a finished run, or a folder with one of suite ${suite}.`,
    });
  let isFolder: boolean;
  try {
    isFolder = (await stat(absolute)).isDirectory();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) throw missing(`there is no file ${path}.`);
    throw new UsageError('BASELINE_UNREADABLE', `${said}: ${errorMessage(error)}`, { cause: error });
  }
  if (!isFolder) return readAny(absolute, path, suite);
  const found = await newestResults(absolute, suite);
  if (found !== undefined) return acceptedAsIs(found);
  throw missing(`${path} has no ${RESULTS_FILE} of suite ${suite}.`);
}

async function readAny(absolute: string, shown: string, suite: string): Promise<Baseline> {
  const text = await readFile(absolute, 'utf8');
  if (!isResults(text)) return parseBaseline(text, shown, suite);
  const results = await readResultsFile(absolute);
  if (results?.head.suite === suite) return acceptedAsIs(results);
  throw new UsageError(
    'BASELINE_INVALID',
    `${shown}: is a run of suite ${JSON.stringify(results?.head.suite)}, not ${JSON.stringify(suite)}.`,
  );
}

/** Text that is no JSON is left to the reader of baselines, whose error says so. */
function isResults(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && 'calls' in value && 'head' in value;
  } catch {
    return false;
  }
}

async function newestResults(folder: string, suite: string): Promise<Results | undefined> {
  let newest: Results | undefined;
  for (const name of await readdir(folder, { recursive: true })) {
    if (basename(name) !== RESULTS_FILE) continue;
    const results = await readResultsFile(join(folder, name));
    if (results === undefined || results.head.suite !== suite) continue;
    if (newest === undefined || Date.parse(results.finishedAt) > Date.parse(newest.finishedAt))
      newest = results;
  }
  return newest;
}

function acceptedAsIs({ head, finishedAt, calls }: Results): Baseline {
  return toBaseline({ head, finishedAt, calls }, finishedAt);
}
