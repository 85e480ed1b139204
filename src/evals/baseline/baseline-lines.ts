import { z } from 'zod';
import type { Measurement } from '../gate/index.ts';
import { readLines } from '../line-reader.ts';
import { BASELINE_SCHEMA_VERSION, type Baseline, baselineHeadShape } from './baseline.ts';
import { BaselineColumns } from './baseline-columns.ts';
import { entrySchema } from './baseline-text.ts';

const headSchema = z.strictObject({
  schemaVersion: z.literal(BASELINE_SCHEMA_VERSION),
  ...baselineHeadShape,
});

/**
 * Reads a baseline file line by line, as `baselineText` writes it, so that no more of it is in memory than its columns.
 * Undefined for a file that is written in another way, or has a mistake: reading it whole says which. Throws what reading
 * a file throws.
 */
export async function readBaselineLines(path: string): Promise<Baseline | undefined> {
  const lines = readLines(path);
  try {
    const head = await readHead(lines);
    if (head === undefined) return undefined;
    const examples = new BaselineColumns();
    if (!(await readExamples(lines, examples))) return undefined;
    return (await readUnbounded(lines, examples)) ? { ...head, examples } : undefined;
  } finally {
    await lines.return(undefined);
  }
}

type Lines = AsyncGenerator<string>;

async function readHead(lines: Lines): Promise<z.infer<typeof headSchema> | undefined> {
  const head: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) return undefined;
    if (value === '  "examples": [') break;
    head.push(value);
  }
  const text = head.join('\n').replace(/^\uFEFF/, '');
  return headSchema.safeParse(parseJson(`${text.replace(/,$/, '')}\n}`)).data;
}

async function readExamples(lines: Lines, examples: BaselineColumns): Promise<boolean> {
  const ids = new Set<string>();
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) return false;
    if (value === '  ],') return examples.length > 0;
    const entry = entrySchema.safeParse(parseJson(value.replace(/,$/, ''))).data;
    if (entry === undefined || ids.has(entry.id)) return false;
    const { runs, failed = [], scores } = entry;
    if (failed.some((run) => run >= runs)) return false;
    if (Object.values(scores).some((values) => values.length !== runs)) return false;
    ids.add(entry.id);
    examples.push(entry);
  }
}

async function readUnbounded(lines: Lines, examples: BaselineColumns): Promise<boolean> {
  const { value: first } = await lines.next();
  if (first === '  "unbounded": {') {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) return false;
      if (value === '  }') break;
      if (!readKey(value, examples)) return false;
    }
  } else if (first !== '  "unbounded": {}') return false;
  return (await lines.next()).value === '}' && (await lines.next()).done === true;
}

function readKey(line: string, examples: BaselineColumns): boolean {
  const parsed = parseJson(`{${line.replace(/,$/, '')}}`);
  if (typeof parsed !== 'object' || parsed === null) return false;
  for (const [key, values] of Object.entries(parsed)) {
    if (!Array.isArray(values) || values.length !== examples.length) return false;
    for (const [index, runs] of (values as unknown[]).entries()) {
      if (!Array.isArray(runs) || runs.length !== examples.runsAt(index)) return false;
      if (!runs.every(isMeasurement)) return false;
      examples.addScores(index, key, runs);
    }
  }
  return true;
}

/** By hand: a schema would make a copy of each of a million numbers. */
function isMeasurement(value: unknown): value is Measurement {
  return value === null || value === 'not_measured' || Number.isFinite(value);
}

/** Undefined for text that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
