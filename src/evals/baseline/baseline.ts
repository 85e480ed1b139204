import { z } from 'zod';
import { type Sequence, sequenceOf } from '../../core/index.ts';
import { evaluatorInfoSchema } from '../experiment.ts';
import type { MeasuredExample, Measurement, ScoreSet } from '../gate/index.ts';

/** Version of `datasets/baselines/<suite>.json` that is written. Version 1 is read too; another one is refused. */
export const BASELINE_SCHEMA_VERSION = 2;

/** The raw scores of one example. */
export interface BaselineExample {
  readonly id: string;
  readonly contentHash: string;
  readonly critical?: true;
  /** One per run; at least one. */
  readonly calls: readonly BaselineCall[];
}

/** One run of an example. */
export interface BaselineCall {
  readonly status: 'answered' | 'agent_failed';
  /** By score key: a number, null where the evaluator does not apply, or that it could not be measured. */
  readonly scores: Readonly<Record<string, Measurement>>;
}

export const baselineHeadShape = {
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
  /** Runs of each example, extra rounds included. */
  repeats: z.number().int().positive(),
  timeoutMs: z.number().positive(),
  evaluators: z.array(evaluatorInfoSchema),
};
const baselineHeadSchema = z.strictObject(baselineHeadShape);

/** The accepted scores of a suite: raw, per example and run. */
export interface Baseline extends z.infer<typeof baselineHeadSchema> {
  readonly schemaVersion: typeof BASELINE_SCHEMA_VERSION;
  /** In dataset order, ids unique; at least one. Large baselines make each when it is asked for. */
  readonly examples: Sequence<BaselineExample>;
}

/** A baseline as one side of a comparison. */
export function baselineScores(baseline: Baseline): ScoreSet {
  return {
    evaluators: baseline.evaluators,
    timeoutMs: baseline.timeoutMs,
    target: baseline.target,
    examples: sequenceOf(baseline.examples.length, (index) => toMeasured(baseline.examples.at(index))),
  };
}

function toMeasured(example: BaselineExample | undefined): MeasuredExample {
  if (example === undefined) throw new TypeError('A baseline has as many examples as it says.');
  return { ...example, critical: example.critical === true };
}

const DAY_MS = 86_400_000;

/** Days since the run of a baseline finished; never negative. */
export function baselineAgeDays(baseline: Pick<Baseline, 'finishedAt'>, nowMs: number): number {
  return Math.max(0, nowMs - Date.parse(baseline.finishedAt)) / DAY_MS;
}
