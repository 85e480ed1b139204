import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { errorMessage, hasErrorCode, UsageError } from '../../core/index.ts';
import type { Example } from '../example.ts';
import { checkExamples } from './check-examples.ts';
import { readCsv } from './csv.ts';
import { readJsonl } from './jsonl.ts';
import type { Reading } from './raw-example.ts';
import { readYaml } from './yaml-list.ts';

/** A dataset as it was read: every example is valid and every id is unique. */
export interface Dataset {
  /** As it was given. */
  readonly path: string;
  /** In file order. At least one. */
  readonly examples: readonly Example[];
  /** The line of the file on which each example begins, from 1, by example id. */
  readonly lines: ReadonlyMap<string, number>;
}

/** One mistake in a dataset file. */
export interface DatasetIssue {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Path of the field, for example `outputs.tools[0]`; absent when the whole line or file is meant. */
  readonly field?: string;
  /** Reads on after the field, without a full stop. */
  readonly message: string;
}

/** What {@link validateDataset} found. */
export interface DatasetReport {
  /** How many examples are valid. */
  readonly examples: number;
  /** In the order of lines. */
  readonly issues: DatasetIssue[];
}

/** Options of reading a dataset. */
export interface DatasetOptions {
  /** Folder that a relative path starts from. Default: the process's. Messages name the path as it was given. */
  readonly cwd?: string;
}

const READERS: ReadonlyMap<string, (bytes: Buffer) => Reading> = new Map([
  ['.jsonl', readJsonl],
  ['.ndjson', readJsonl],
  ['.yaml', readYaml],
  ['.yml', readYaml],
  ['.json', readYaml],
  ['.csv', readCsv],
]);

/**
 * Reads a dataset: JSON Lines (`.jsonl`, `.ndjson`), YAML or JSON (`.yaml`, `.yml`, `.json`) or CSV (`.csv`).
 *
 * @throws UsageError `DATASET_INVALID` naming file, line and field of the first mistake and the count of the others;
 * `DATASET_MISSING`, `DATASET_UNREADABLE` or `DATASET_FORMAT` where there is no such file, it cannot be read, or its
 * name does not tell the format.
 */
export async function loadDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const { dataset, issues } = await readDataset(path, options);
  const [first] = issues;
  if (first === undefined) return dataset;
  const others = issues.length - 1;
  const more = others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'mistake' : 'mistakes'})`;
  throw new UsageError('DATASET_INVALID', `${formatDatasetIssue(first)}${more}.`, {
    hint: `See all of them with: sluice dataset validate ${path}`,
  });
}

/**
 * Finds every mistake of a dataset.
 *
 * @throws UsageError as {@link loadDataset}, but `DATASET_INVALID`.
 */
export async function validateDataset(path: string, options: DatasetOptions = {}): Promise<DatasetReport> {
  const { dataset, issues } = await readDataset(path, options);
  return { examples: dataset.examples.length, issues };
}

/** `file:line: field: message`. */
export function formatDatasetIssue({ file, line, field, message }: DatasetIssue): string {
  return [`${file}:${line}`, ...(field === undefined ? [] : [field]), message].join(': ');
}

/** Reads what is valid of a dataset, with every mistake of the rest. Throws as {@link validateDataset}. */
export async function readDataset(
  path: string,
  { cwd }: DatasetOptions = {},
): Promise<{ readonly dataset: Dataset; readonly issues: DatasetIssue[] }> {
  const read = READERS.get(extname(path).toLowerCase());
  if (read === undefined) {
    throw new UsageError('DATASET_FORMAT', `The name of ${path} does not tell what format the dataset has.`, {
      hint: `Name it ${[...READERS.keys()].join(', ')}.`,
    });
  }
  const reading = read(await readBytes(path, cwd));
  const checked = checkExamples(reading.examples);
  const issues = [...reading.issues, ...checked.issues]
    .sort((a, b) => a.line - b.line)
    .map((issue): DatasetIssue => ({ file: path, ...issue }));
  if (issues.length === 0 && checked.examples.length === 0) {
    issues.push({ file: path, line: 1, message: 'the dataset has no examples' });
  }
  return { dataset: { path, examples: checked.examples, lines: checked.lines }, issues };
}

async function readBytes(path: string, cwd: string | undefined): Promise<Buffer> {
  try {
    return await readFile(cwd === undefined ? path : resolve(cwd, path));
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) {
      throw new UsageError('DATASET_MISSING', `There is no dataset ${path}.`, { cause: error });
    }
    throw new UsageError('DATASET_UNREADABLE', `Cannot read dataset ${path}: ${errorMessage(error)}.`, {
      cause: error,
    });
  }
}
