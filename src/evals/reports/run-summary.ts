import { z } from 'zod';
import { type Verdict, verdictSchema } from '../gate/index.ts';
import type { Results, ResultsHead } from './results.ts';

export const runScoreSchema = z.strictObject({
  key: z.string(),
  gated: z.boolean(),
  direction: z.enum(['higher', 'lower']),
  /** Mean over the compared examples, or over the scored ones of a run without a verdict. Null where there is none. */
  mean: z.number().nullable(),
  /** Mean of the baseline over the same examples; null without one. */
  baselineMean: z.number().nullable(),
  status: z.enum(['pass', 'fail', 'no_verdict', 'not_applicable']).nullable(),
});
/** The score of one run under one key. */
export type RunScore = z.infer<typeof runScoreSchema>;

export const runSummarySchema = z.strictObject({
  runId: z.string(),
  suite: z.string(),
  target: z.string(),
  split: z.string().optional(),
  commit: z.string().optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  repeats: z.number().int().positive(),
  extraRounds: z.number().int().nonnegative(),
  /** Null for a run that was not gated. */
  status: verdictSchema.shape.status.nullable(),
  label: verdictSchema.shape.label,
  scores: z.array(runScoreSchema),
});
/** One past run, as history shows it. */
export type RunSummary = z.infer<typeof runSummarySchema>;

/** Mean scores of a run that was not gated, by key. */
export type MeanScores = ReadonlyMap<string, number>;

/** What history shows of a run. `means` are needed where it was not gated. Pure. */
export function toRunSummary(results: ResultsHead, means: MeanScores = new Map()): RunSummary {
  const { head, finishedAt, verdict } = results;
  return {
    runId: head.runId,
    suite: head.suite,
    target: head.target,
    ...(head.split === undefined ? {} : { split: head.split }),
    ...(head.commit === undefined ? {} : { commit: head.commit }),
    startedAt: head.startedAt,
    finishedAt,
    repeats: head.repeats,
    extraRounds: verdict?.rounds.extra ?? 0,
    status: verdict?.status ?? null,
    label: verdict?.label ?? null,
    scores: verdict === null ? ungatedScores(head, means) : gatedScores(verdict),
  };
}

function gatedScores(verdict: Verdict): RunScore[] {
  return verdict.evaluators
    .filter(({ status }) => status !== 'not_applicable')
    .map(({ key, gated, direction, candidateMean, baselineMean, status }) => ({
      key,
      gated,
      direction,
      mean: candidateMean,
      baselineMean,
      status,
    }));
}

function ungatedScores(head: Results['head'], means: MeanScores): RunScore[] {
  return head.evaluators
    .filter(({ key }) => means.has(key))
    .map(({ key, gate, direction }) => ({
      key,
      gated: gate,
      direction,
      mean: means.get(key) ?? null,
      baselineMean: null,
      status: null,
    }));
}
