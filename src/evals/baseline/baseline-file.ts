import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errorMessage, hasErrorCode, isRecord, UsageError } from '../../core/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { schemaIssues } from '../schema-issue.ts';
import { BASELINE_SCHEMA_VERSION, type Baseline } from './baseline.ts';
import { readBaselineLines } from './baseline-lines.ts';
import { baselineFileSchema, baselineText, fromFile } from './baseline-text.ts';

/** What a suite may be called: its name is also the name of its baseline file. */
export const SUITE_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/**
 * Where the baseline of a suite is kept: `datasets/baselines/<suite>.json` under the working directory.
 *
 * @throws UsageError `SUITE_NAME_INVALID` for a name that could not be a file of that folder.
 */
export function baselinePath(cwd: string, suite: string): string {
  if (!SUITE_NAME.test(suite))
    throw new UsageError('SUITE_NAME_INVALID', `Not a suite name: ${JSON.stringify(suite)}.`, {
      hint: 'Use lower-case letters, digits, dots, hyphens and underscores.',
    });
  return join(cwd, 'datasets', 'baselines', `${suite}.json`);
}

/**
 * Reads the baseline of a suite; undefined when none was accepted yet.
 *
 * @throws UsageError `BASELINE_INVALID` naming file and field for a file that is damaged or of another version.
 */
export async function readBaseline(cwd: string, suite: string): Promise<Baseline | undefined> {
  const path = baselinePath(cwd, suite);
  const file = relative(cwd, path);
  let text: string;
  try {
    const baseline = await readBaselineLines(path);
    if (baseline?.suite === suite) return baseline;
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw new UsageError('BASELINE_UNREADABLE', `${file}: ${errorMessage(error)}`, { cause: error });
  }
  return parseBaseline(text, file, suite);
}

/** Parses the text of a baseline file; `file` is what errors call it. */
export function parseBaseline(text: string, file: string, suite: string): Baseline {
  const invalid = (message: string, cause?: unknown) =>
    new UsageError('BASELINE_INVALID', `${file}: ${message}`, {
      cause,
      hint: 'Restore the file from git, or accept a run again: sluice baseline accept',
    });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const conflict = /^(<<<<<<<|>>>>>>>)/m.test(text) ? ' (it has merge conflict markers)' : '';
    throw invalid(`not valid JSON${conflict}: ${errorMessage(error)}`, error);
  }
  if (
    isRecord(value) &&
    typeof value['schemaVersion'] === 'number' &&
    value['schemaVersion'] > BASELINE_SCHEMA_VERSION
  )
    throw invalid(`written by a newer version of sluice (schema ${value['schemaVersion']})`);
  const parsed = baselineFileSchema.safeParse(value);
  if (!parsed.success) {
    const [first] = schemaIssues(parsed.error);
    throw invalid(`${first?.path || 'file'}: ${first?.message ?? 'not valid'}`, parsed.error);
  }
  const baseline = fromFile(parsed.data);
  if (baseline.suite !== suite)
    throw invalid(`suite: is ${JSON.stringify(baseline.suite)}, not ${JSON.stringify(suite)}`);
  const seen = new Map<string, number>();
  for (const { id } of baseline.examples) {
    const first = seen.get(id);
    if (first !== undefined)
      throw invalid(`examples[${seen.size}].id: ${JSON.stringify(id)} is already examples[${first}]`);
    seen.set(id, seen.size);
  }
  return baseline;
}

/** The suites that have a baseline, by name. */
export async function baselineSuites(cwd: string): Promise<string[]> {
  try {
    const names = await readdir(dirname(baselinePath(cwd, 'any')));
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return [];
    throw new UsageError('BASELINE_UNREADABLE', errorMessage(error), { cause: error });
  }
}

/** Writes the baseline of a suite whole or not at all. Returns the path. */
export async function writeBaseline(cwd: string, baseline: Baseline): Promise<string> {
  const path = baselinePath(cwd, baseline.suite);
  await writeFileAtomic(path, baselineText(baseline));
  return path;
}
