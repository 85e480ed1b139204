import { z } from 'zod';

/** `pass`: exit 0. `fail`: exit 1. `no_verdict`: exit 3. */
export const VERDICT_STATUSES = ['pass', 'fail', 'no_verdict'] as const;
/** The outcome of a comparison; see {@link VERDICT_STATUSES}. */
export type VerdictStatus = (typeof VERDICT_STATUSES)[number];

/**
 * What stands behind a pass or a fail. `pass_weak`: a drop of twice the limit would more often than once in five runs not
 * have been seen, or the mean is still too close to the limit. `fail_unconfirmed`: the limit is breached, and chance alone
 * could have done it.
 */
export const VERDICT_LABELS = ['pass', 'pass_weak', 'fail_confirmed', 'fail_unconfirmed'] as const;
/** See {@link VERDICT_LABELS}. */
export type VerdictLabel = (typeof VERDICT_LABELS)[number];

export const GATE_RULES = ['literal', 'strict', 'lenient'] as const;
/**
 * `literal`: fails iff the mean is beyond the limit. `strict`: fails unless the interval of the change excludes a drop beyond
 * the limit. `lenient`: fails only when the whole interval is beyond it.
 */
export type GateRule = (typeof GATE_RULES)[number];

/** Why no further round was run. `budget`: what was left of time, money or tokens did not allow one. */
export const ROUND_STOPS = ['decided', 'max_rounds', 'budget', 'off', 'no_verdict', 'interrupted'] as const;
/** See {@link ROUND_STOPS}. */
export type RoundStop = (typeof ROUND_STOPS)[number];

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

export const evaluatorStatisticsSchema = z.strictObject({
  /** Compared examples. */
  examples: z.number().int().nonnegative(),
  /** Groups of examples that vary together; as many as examples where none are declared. */
  clusters: z.number().int().nonnegative(),
  /** Measured runs of an example on the side of the baseline, on average (harmonic mean). */
  baselineRepeats: z.number().nonnegative(),
  /** The same of the candidate, extra rounds included. */
  candidateRepeats: z.number().nonnegative(),
  /** Mean variance of the scores of one example over its runs, in squared units of the score. */
  flakiness: z.number().nonnegative(),
  /** Chance of a change for the worse of at least this size without any change of the agent; null where not defined. */
  pNoise: z.number().min(0).max(1).nullable(),
  /** Chance that the literal rule fails an unchanged agent at this size; null where the rule does not apply. */
  falseAlarm: z.number().min(0).max(1).nullable(),
  /** The smallest relative change for the worse that the literal rule fails in 80% of such runs; null where not defined. */
  detectableDrop: z.number().nonnegative().nullable(),
  /** Where the relative change lies with 95% confidence; null where not defined. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
});
/** How much the figures of one score key can be trusted. */
export type EvaluatorStatistics = z.infer<typeof evaluatorStatisticsSchema>;

export const evaluatorVerdictSchema = z.strictObject({
  key: z.string(),
  /** False for an advisory evaluator: its status never reaches the verdict. */
  gated: z.boolean(),
  /** `not_applicable`: no example has a score of it on either side. */
  status: z.enum([...VERDICT_STATUSES, 'not_applicable']),
  /** Null without a verdict and where it is not applicable. */
  label: z.enum(VERDICT_LABELS).nullable(),
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
  /** Null where nothing was compared. */
  statistics: evaluatorStatisticsSchema.nullable(),
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
  /** Null without a verdict. `fail_unconfirmed` with the status `pass` where the policy only warns of it. */
  label: z.enum(VERDICT_LABELS).nullable(),
  /** The rule that decided. */
  rule: z.enum(GATE_RULES),
  /** Rounds of the whole dataset beyond the first, and why they ended. */
  rounds: z.strictObject({
    extra: z.number().int().nonnegative(),
    max: z.number().int().nonnegative(),
    stopped: z.enum(ROUND_STOPS),
  }),
  /** Chance that the literal rule fails an unchanged agent by any gated evaluator; null where none was compared. */
  familyFalseAlarm: z.number().min(0).max(1).nullable(),
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
