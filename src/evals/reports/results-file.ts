import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, hasErrorCode, runFolder, UsageError } from '../../core/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { CallColumns } from '../columns/index.ts';
import { type ScoredCall, scoredCallSchema } from '../experiment.ts';
import { readLines } from '../line-reader.ts';
import { schemaIssues } from '../schema-issue.ts';
import { type Results, resultsHeadSchema, resultsSchema, resultsText } from './results.ts';

/** The file of a run that says it is finished. */
export const RESULTS_FILE = 'results.json';

/** The line of `results.json` after which its calls stand, one a line. */
export const CALLS_LINE = '  "calls": [';

/** Writes `results.json` whole or not at all, readable by its owner only. Returns its path. */
export async function writeResults(folder: string, results: Results): Promise<string> {
  const path = join(folder, RESULTS_FILE);
  await writeFileAtomic(path, resultsText(results), { mode: 0o600 });
  return path;
}

/**
 * Reads the results of a run; undefined for a run that is not finished.
 *
 * @throws UsageError `RESULTS_INVALID` naming file and field.
 */
export async function readResults(home: string, runId: string): Promise<Results | undefined> {
  return readResultsFile(join(runFolder(home, runId), RESULTS_FILE));
}

/** Reads a `results.json` wherever it is; undefined where there is none. Throws as {@link readResults}. */
export async function readResultsFile(path: string): Promise<Results | undefined> {
  let text: string;
  try {
    // As it is written, line by line; a file that was changed is read whole, which is also what says what is wrong with it.
    const results = await readByLine(path);
    if (results !== undefined) return results;
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw new UsageError('RESULTS_UNREADABLE', `${path}: ${errorMessage(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError('RESULTS_INVALID', `${path}: not valid JSON: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  const parsed = resultsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = schemaIssues(parsed.error);
  throw new UsageError(
    'RESULTS_INVALID',
    `${path}: ${first?.path || 'file'}: ${first?.message ?? 'not valid'}`,
    {
      cause: parsed.error,
    },
  );
}

async function readByLine(path: string): Promise<Results | undefined> {
  const head: string[] = [];
  const calls = new CallColumns();
  let part: 'head' | 'calls' | 'end' = 'head';
  for await (const line of readLines(path)) {
    if (part === 'head') {
      if (line.startsWith(CALLS_LINE)) part = line === CALLS_LINE ? 'calls' : 'end';
      else head.push(line);
    } else if (part === 'calls') {
      if (line === '  ]') part = 'end';
      else {
        const call = parseCall(line);
        if (call === undefined) return undefined;
        calls.push(call);
      }
    } else if (line !== '}') return undefined;
  }
  if (part !== 'end') return undefined;
  const value = parseJson(`${head.join('\n').replace(/,$/, '')}\n}`);
  const parsed = resultsHeadSchema.safeParse(value);
  return parsed.success ? { ...parsed.data, calls } : undefined;
}

function parseCall(line: string): ScoredCall | undefined {
  const parsed = scoredCallSchema.safeParse(parseJson(line.replace(/,$/, '')));
  return parsed.success ? parsed.data : undefined;
}

/** Undefined for text that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The ids of the runs in a home, newest first: run ids are UUIDs of version 7, which sort by time. */
export async function listRunIds(home: string): Promise<string[]> {
  try {
    const entries = await readdir(join(home, 'runs'), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory());
    return folders.map((entry) => entry.name).sort((a, b) => (a < b ? 1 : -1));
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return [];
    throw new UsageError('RUNS_UNREADABLE', errorMessage(error), { cause: error });
  }
}
