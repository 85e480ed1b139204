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

const measurementSchema = z.union([z.number(), z.null(), z.literal('not_measured')]);

const exampleSchema = z.strictObject({
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
    examples: examplesOf(exampleSchema),
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
type BaselineFile = z.infer<typeof fileSchema>;

/** The baseline that a file holds. */
export function fromFile(file: z.infer<typeof baselineFileSchema>): Baseline {
  if (file.schemaVersion === 1) {
    const { examples, ...head } = file;
    return { ...head, schemaVersion: BASELINE_SCHEMA_VERSION, examples: examples.map(withoutUndefined) };
  }
  const { examples, unbounded, ...head } = file;
  return {
    ...head,
    examples: examples.map(({ id, contentHash, critical, runs, failed = [], scores }, index) => ({
      id,
      contentHash,
      ...(critical === undefined ? {} : { critical }),
      calls: Array.from({ length: runs }, (_, run): BaselineCall => {
        const own = [
          ...Object.entries(scores).map(([key, values]) => [key, values[run] ?? null] as const),
          ...Object.entries(unbounded).map(([key, values]) => [key, values[index]?.[run] ?? null] as const),
        ];
        return {
          status: failed.includes(run) ? 'agent_failed' : 'answered',
          scores: Object.fromEntries(own.sort(byKey)),
        };
      }),
    })),
  };
}

function withoutUndefined<Example extends { readonly critical?: true | undefined }>({
  critical,
  ...example
}: Example) {
  return critical === undefined ? example : { ...example, critical };
}

/**
 * The text of a baseline file, made to be read as a difference in git: one example a line, in dataset order and with keys in a
 * fixed order, and one line for each score without a bound, such as a time, as those change with every run.
 */
export function formatBaseline(baseline: Baseline): string {
  const { evaluators, examples, unbounded, ...head } = toFile(baseline);
  const fields = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  fields.push(
    `  "evaluators": ${lines(
      evaluators.map((info) => JSON.stringify(info)),
      '[',
      ']',
    )}`,
    `  "examples": ${lines(
      examples.map((example) => JSON.stringify(example)),
      '[',
      ']',
    )}`,
    `  "unbounded": ${lines(
      Object.entries(unbounded).map(([key, values]) => `${JSON.stringify(key)}: ${JSON.stringify(values)}`),
      '{',
      '}',
    )}`,
  );
  return `{\n${fields.join(',\n')}\n}\n`;
}

function lines(values: readonly string[], open: string, close: string): string {
  if (values.length === 0) return `${open}${close}`;
  return `${open}\n${values.map((value) => `    ${value}`).join(',\n')}\n  ${close}`;
}

function toFile({ examples, ...head }: Baseline): BaselineFile {
  const apart = [...new Set(examples.flatMap(keysOf))]
    .filter((key) => isUnbounded(key, head.evaluators))
    .sort();
  return {
    ...head,
    examples: examples.map((example) => {
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
    }),
    unbounded: Object.fromEntries(
      apart.map((key) => [key, examples.map(({ calls }) => scoresOf(key, calls))]),
    ),
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

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
