import { z } from 'zod';
import { evaluatorInfoSchema } from '../experiment.ts';
import type { MeasuredExample, ScoreSet } from '../gate/index.ts';

/** Version of `datasets/baselines/<suite>.json`. Readers refuse another one. */
export const BASELINE_SCHEMA_VERSION = 1;

const baselineCallSchema = z.strictObject({
  status: z.enum(['answered', 'agent_failed']),
  /** By score key: a number, null where the evaluator does not apply, or that it could not be measured. */
  scores: z.record(z.string(), z.union([z.number(), z.null(), z.literal('not_measured')])),
});

export const baselineExampleSchema = z.strictObject({
  id: z.string().min(1),
  contentHash: z.string().min(1),
  critical: z.literal(true).optional(),
  /** One per repeat. */
  calls: z.array(baselineCallSchema).min(1),
});
/** The raw scores of one example. */
export type BaselineExample = z.infer<typeof baselineExampleSchema>;

export const baselineSchema = z.strictObject({
  schemaVersion: z.literal(BASELINE_SCHEMA_VERSION),
  suite: z.string(),
  /** Path of the dataset as configured. */
  dataset: z.string(),
  datasetFingerprint: z.string(),
  target: z.string(),
  /** Commit of the working tree of the run; absent outside git. */
  commit: z.string().optional(),
  /** The run it was made of. */
  runId: z.string(),
  /** When that run finished. */
  finishedAt: z.iso.datetime(),
  acceptedAt: z.iso.datetime(),
  repeats: z.number().int().positive(),
  timeoutMs: z.number().positive(),
  evaluators: z.array(evaluatorInfoSchema),
  /** In dataset order, ids unique. */
  examples: z.array(baselineExampleSchema).min(1),
});
/** The accepted scores of a suite: raw, per example and repeat. */
export type Baseline = z.infer<typeof baselineSchema>;

/** A baseline as one side of a comparison. */
export function baselineScores(baseline: Baseline): ScoreSet {
  return {
    evaluators: baseline.evaluators,
    timeoutMs: baseline.timeoutMs,
    examples: baseline.examples.map(
      (example): MeasuredExample => ({ ...example, critical: example.critical === true }),
    ),
  };
}

/**
 * The text of a baseline file: one evaluator and one example a line and keys in a fixed order, so that a diff in git
 * shows which examples changed.
 */
export function formatBaseline(baseline: Baseline): string {
  const { evaluators, examples, ...head } = baseline;
  const fields = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const lines = (values: readonly unknown[]) =>
    values.length === 0
      ? '[]'
      : `[\n${values.map((value) => `    ${JSON.stringify(value)}`).join(',\n')}\n  ]`;
  fields.push(`  "evaluators": ${lines(evaluators)}`, `  "examples": ${lines(examples)}`);
  return `{\n${fields.join(',\n')}\n}\n`;
}
