import { z } from 'zod';
import type { EvaluatorInfo } from '../experiment.ts';
import { type Measurement, ownerOf } from '../gate/index.ts';
import {
  BASELINE_SCHEMA_VERSION,
  type Baseline,
  type BaselineCall,
  type BaselineExample,
  baselineHeadShape,
} from './baseline.ts';
import { BaselineColumns, type ExampleEntry } from './baseline-columns.ts';

const measurementSchema = z.union([z.number(), z.null(), z.literal('not_measured')]);

export const entrySchema = z.strictObject({
  id: z.string().min(1),
  contentHash: z.string().min(1),
  critical: z.literal(true).optional(),
  runs: z.number().int().positive(),
  /** Runs in which the agent failed, from 0. Absent when it failed in none. */
  failed: z.array(z.number().int().nonnegative()).min(1).optional(),
  /** By score key: one measurement a run. */
  scores: z.record(z.string(), z.array(measurementSchema)),
});

const examplesOf = <Example extends z.ZodType>(example: Example) => z.array(example).min(1);

/** What is in the file. Times and other scores without a bound stand apart: they change with every run. */
const fileSchema = z
  .strictObject({
    schemaVersion: z.literal(BASELINE_SCHEMA_VERSION),
    ...baselineHeadShape,
    examples: examplesOf(entrySchema),
    /** By score key: the runs of every example, in their order. */
    unbounded: z.record(z.string(), z.array(z.array(measurementSchema))).default({}),
  })
  .superRefine(({ examples, unbounded }, context) => {
    const wrong = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const [index, { runs, failed = [], scores }] of examples.entries()) {
      for (const [key, values] of Object.entries(scores))
        if (values.length !== runs) wrong(['examples', index, 'scores', key], `must have ${runs} entries`);
      if (failed.some((run) => run >= runs)) wrong(['examples', index, 'failed'], `names no run of ${runs}`);
    }
    for (const [key, values] of Object.entries(unbounded)) {
      if (values.length !== examples.length)
        wrong(['unbounded', key], `must have ${examples.length} entries, one an example`);
      for (const [index, runs] of values.entries())
        if (runs.length !== examples[index]?.runs)
          wrong(['unbounded', key, index], `must have ${examples[index]?.runs ?? 0} entries`);
    }
  });

/** The file as it was before scores were put together by key. */
const firstFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  ...baselineHeadShape,
  examples: examplesOf(
    z.strictObject({
      id: z.string().min(1),
      contentHash: z.string().min(1),
      critical: z.literal(true).optional(),
      calls: z
        .array(
          z.strictObject({
            status: z.enum(['answered', 'agent_failed']),
            scores: z.record(z.string(), measurementSchema),
          }),
        )
        .min(1),
    }),
  ),
});

/** The content of a baseline file, of either version. */
export const baselineFileSchema = z.discriminatedUnion('schemaVersion', [fileSchema, firstFileSchema]);

/** The baseline that a file holds. */
export function fromFile(file: z.infer<typeof baselineFileSchema>): Baseline {
  if (file.schemaVersion === 1) {
    const { examples, ...head } = file;
    return { ...head, schemaVersion: BASELINE_SCHEMA_VERSION, examples: examples.map(withoutUndefined) };
  }
  const { examples, unbounded, ...head } = file;
  const columns = new BaselineColumns();
  for (const example of examples) columns.push(example);
  for (const [key, values] of Object.entries(unbounded))
    for (const [index, runs] of values.entries()) columns.addScores(index, key, runs);
  return { ...head, examples: columns };
}

function withoutUndefined<Example extends { readonly critical?: true | undefined }>({
  critical,
  ...example
}: Example) {
  return critical === undefined ? example : { ...example, critical };
}

/** The text of a baseline file; see {@link baselineText}. */
export function formatBaseline(baseline: Baseline): string {
  return [...baselineText(baseline)].join('');
}

/**
 * The text of a baseline file, made to be read as a difference in git: one example a line, in dataset order and with keys in a
 * fixed order, and one line for each score without a bound, such as a time, as those change with every run. In pieces, so
 * that a large one can be written without being in memory.
 */
export function* baselineText({ examples, evaluators, ...head }: Baseline): Generator<string> {
  const fields = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
  );
  const apart = [...scoreKeysOf(examples)].filter((key) => isUnbounded(key, evaluators)).sort();
  yield `{\n${fields.join('')}  "evaluators": `;
  yield* lines(evaluators, (info) => JSON.stringify(info), '[]');
  yield ',\n  "examples": ';
  yield* lines(examples, (example) => JSON.stringify(toEntry(example, apart)), '[]');
  yield ',\n  "unbounded": ';
  yield* lines(
    apart,
    (key) =>
      `${JSON.stringify(key)}: ${JSON.stringify(Array.from(examples, ({ calls }) => scoresOf(key, calls)))}`,
    '{}',
  );
  yield '\n}\n';
}

/** Lines in one piece of the text: few enough to hold, many enough that writing them costs little. */
const LINES_PER_PIECE = 500;

/** The items one a line between brackets; `brackets` alone for none. */
function* lines<Item>(
  items: Iterable<Item>,
  textOf: (item: Item) => string,
  brackets: '[]' | '{}',
): Generator<string> {
  let separator = `${brackets.slice(0, 1)}\n    `;
  let piece: string[] = [];
  let isEmpty = true;
  for (const item of items) {
    isEmpty = false;
    piece.push(`${separator}${textOf(item)}`);
    separator = ',\n    ';
    if (piece.length < LINES_PER_PIECE) continue;
    yield piece.join('');
    piece = [];
  }
  yield isEmpty ? brackets : `${piece.join('')}\n  ${brackets.slice(1)}`;
}

function scoreKeysOf(examples: Iterable<BaselineExample>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const example of examples) for (const key of keysOf(example)) all.add(key);
  return all;
}

function toEntry(example: BaselineExample, apart: readonly string[]): ExampleEntry {
  const { id, contentHash, critical, calls } = example;
  const failed = calls.flatMap(({ status }, run) => (status === 'agent_failed' ? [run] : []));
  const keys = keysOf(example).filter((key) => !apart.includes(key));
  return {
    id,
    contentHash,
    ...(critical === undefined ? {} : { critical }),
    runs: calls.length,
    ...(failed.length === 0 ? {} : { failed }),
    scores: Object.fromEntries(keys.sort().map((key) => [key, scoresOf(key, calls)])),
  };
}

function keysOf({ calls }: BaselineExample): string[] {
  return [...new Set(calls.flatMap(({ scores }) => Object.keys(scores)))];
}

function scoresOf(key: string, calls: readonly BaselineCall[]): Measurement[] {
  return calls.map(({ scores }) => (Object.hasOwn(scores, key) ? (scores[key] ?? null) : null));
}

function isUnbounded(key: string, evaluators: readonly EvaluatorInfo[]): boolean {
  return ownerOf(key, evaluators)?.range.includes(null) === true;
}
