import { z } from 'zod';

/** `pass`: exit 0. `fail`: exit 1. `no_verdict`: exit 3. */
export const VERDICT_STATUSES = ['pass', 'fail', 'no_verdict'] as const;
/** The outcome of a comparison; see {@link VERDICT_STATUSES}. */
export type VerdictStatus = (typeof VERDICT_STATUSES)[number];

export const reasonSchema = z.strictObject({
  /** Stable, upper snake case. */
  code: z.string(),
  /** What it does to the verdict. A warning changes nothing. */
  effect: z.enum(['fail', 'no_verdict', 'warning']),
  message: z.string(),
  /** The command or edit that mends it. */
  hint: z.string().optional(),
});
/** One thing that made the verdict what it is, or that its reader should know. */
export type Reason = z.infer<typeof reasonSchema>;

export const evaluatorVerdictSchema = z.strictObject({
  key: z.string(),
  /** False for an advisory evaluator: its status never reaches the verdict. */
  gated: z.boolean(),
  /** `not_applicable`: no example has a score of it on either side. */
  status: z.enum([...VERDICT_STATUSES, 'not_applicable']),
  direction: z.enum(['higher', 'lower']),
  /** Allowed relative change for the worse. */
  threshold: z.number(),
  /** Means over the compared examples, of the repeats that were measured; null without any. */
  baselineMean: z.number().nullable(),
  candidateMean: z.number().nullable(),
  /** -0.05 for 5% less; null where it is not defined. */
  relativeChange: z.number().nullable(),
  /** The worst mean that still passes; null without a baseline. */
  limit: z.number().nullable(),
  /** Compared examples; without a baseline, scored ones. Critical examples are not among them. */
  n: z.number().int().nonnegative(),
  /** Calls of the candidate that were not measured. */
  missing: z.number().int().nonnegative(),
  /** What the candidate's mean can be with the missing ones; null where nothing bounds it. Absent when none is missing. */
  bounds: z.strictObject({ low: z.number().nullable(), high: z.number().nullable() }).optional(),
});
/** The verdict on one score key. */
export type EvaluatorVerdict = z.infer<typeof evaluatorVerdictSchema>;

export const criticalVerdictSchema = z.strictObject({
  exampleId: z.string(),
  status: z.enum(VERDICT_STATUSES),
  /** One line; absent for a pass. */
  reason: z.string().optional(),
  /** The run that failed or was not measured. */
  runId: z.string().optional(),
});
/** The verdict on one critical example. */
export type CriticalVerdict = z.infer<typeof criticalVerdictSchema>;

export const exampleChangeSchema = z.strictObject({
  exampleId: z.string(),
  key: z.string(),
  /** Means over the repeats. */
  before: z.number(),
  after: z.number(),
  /** Whether the agent failed in at least one repeat. */
  agentFailed: z.boolean(),
  /** What the evaluator, or the failed agent, said in the repeat with the worst score. */
  comment: z.string().optional(),
  /** The run of that repeat. */
  runId: z.string().optional(),
});
/** An example whose score changed. */
export type ExampleChange = z.infer<typeof exampleChangeSchema>;

export const verdictSchema = z.strictObject({
  status: z.enum(VERDICT_STATUSES),
  evaluators: z.array(evaluatorVerdictSchema),
  critical: z.array(criticalVerdictSchema),
  /** By gated evaluators, the largest change first. */
  worse: z.array(exampleChangeSchema),
  better: z.array(exampleChangeSchema),
  /** Ids of examples that are new since the baseline: reported, not gated. */
  added: z.array(z.string()),
  /** Ids of examples of the baseline that the dataset no longer has. */
  removed: z.array(z.string()),
  /** Ids of examples whose inputs, reference or `critical` changed since the baseline. */
  edited: z.array(z.string()),
  /** Those that decided the verdict first. */
  reasons: z.array(reasonSchema),
});
/** What the gate says of a run. */
export type Verdict = z.infer<typeof verdictSchema>;
