import { join } from 'node:path';
import { errorMessage, hasErrorCode, runFolder, UsageError } from '../../core/index.ts';
import { scoredCallSchema } from '../experiment.ts';
import { readLines } from '../line-reader.ts';
import { schemaIssues } from '../schema-issue.ts';
import { resultsHeadSchema } from './results.ts';
import { CALLS_LINE, RESULTS_FILE } from './results-file.ts';
import { type MeanScores, type RunSummary, toRunSummary } from './run-summary.ts';

/**
 * What history shows of a run; undefined for one that is not finished. Of a run with a verdict only the beginning of
 * `results.json` is read; of another one its calls one after the other, so that memory does not grow with the run.
 *
 * @throws UsageError `RESULTS_INVALID` naming file and field, `RESULTS_UNREADABLE` when it cannot be read.
 */
export async function readRunSummary(home: string, runId: string): Promise<RunSummary | undefined> {
  const path = join(runFolder(home, runId), RESULTS_FILE);
  const reader = readLines(path);
  try {
    const results = parseHead(await readUntilCalls(reader), path);
    if (results.verdict !== null) return toRunSummary(results);
    return toRunSummary(results, await meanScores(reader, path));
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    if (error instanceof UsageError) throw error;
    throw new UsageError('RESULTS_UNREADABLE', `${path}: ${errorMessage(error)}`, { cause: error });
  } finally {
    await reader.return(undefined);
  }
}

async function readUntilCalls(reader: AsyncIterator<string>): Promise<string> {
  const head: string[] = [];
  for (;;) {
    const { value, done } = await reader.next();
    if (done === true) return head.join('\n');
    if (value.startsWith(CALLS_LINE)) return `${head.join('\n').replace(/,\s*$/, '')}\n}`;
    head.push(value);
  }
}

function parseHead(text: string, path: string) {
  const parsed = resultsHeadSchema.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  const [first] = schemaIssues(parsed.error);
  const where = first?.path || 'file';
  throw new UsageError('RESULTS_INVALID', `${path}: ${where}: ${first?.message ?? 'not valid'}`, {
    cause: parsed.error,
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError('RESULTS_INVALID', `${path}: not valid JSON: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Means over repeats within an example, then over examples; the calls of an example stand together. */
async function meanScores(reader: AsyncIterator<string>, path: string): Promise<MeanScores> {
  const totals = new Map<string, { sum: number; count: number }>();
  const add = (to: typeof totals, key: string, value: number) => {
    const total = to.get(key) ?? { sum: 0, count: 0 };
    to.set(key, { sum: total.sum + value, count: total.count + 1 });
  };
  let current: { readonly id: string; readonly scores: typeof totals } | undefined;
  const close = () => {
    for (const [key, { sum, count }] of current?.scores ?? []) add(totals, key, sum / count);
  };
  for (;;) {
    const { value, done } = await reader.next();
    if (done === true || value.startsWith('  ]')) break;
    if (value.trim() === '') continue;
    const call = scoredCallSchema.parse(parseJson(value.replace(/,\s*$/, ''), path));
    if (current?.id !== call.exampleId) {
      close();
      current = { id: call.exampleId, scores: new Map() };
    }
    if (call.critical) continue;
    for (const [key, score] of Object.entries(call.scores))
      if (score.status === 'scored') add(current.scores, key, score.score);
  }
  close();
  return new Map([...totals].map(([key, { sum, count }]) => [key, sum / count]));
}
