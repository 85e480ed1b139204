import { z } from 'zod';
import type { Sequence } from '../core/index.ts';

/** Version of `journal.jsonl` and `results.json`. */
export const EXPERIMENT_SCHEMA_VERSION = 2;

/** One score of one call. "Unscored" is a status, never a number. */
export const scoreSchema = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('scored'),
    score: z.number(),
    comment: z.string().optional(),
  }),
  /** The evaluator said that it does not apply (score null). */
  z.strictObject({ status: z.literal('not_applicable'), comment: z.string().optional() }),
  /** The evaluator or judge threw, or gave something that is not a finite number. */
  z.strictObject({ status: z.literal('not_measured'), reason: z.string() }),
]);
/** One score of one call. */
export type Score = z.infer<typeof scoreSchema>;

/**
 * How a call ended. `agent_failed`: the agent answered that it failed, or passed the time limit; it gets the lowest
 * score. `not_measured`: nothing is known of the agent (unreachable, 429 or gateway 5xx after retries).
 */
export const CALL_STATUSES = ['answered', 'agent_failed', 'not_measured'] as const;

export const callUsageSchema = z.strictObject({
  inputTokens: z.number().nonnegative(),
  outputTokens: z.number().nonnegative(),
  /** Dollars, by the prices of the suite; absent where a model that was used has none. */
  usd: z.number().nonnegative().optional(),
});
/** What an answer says that it took of its models. */
export type CallUsage = z.infer<typeof callUsageSchema>;

/** One finished call: one line of the journal. */
export const callSchema = z.strictObject({
  exampleId: z.string(),
  /** Hash of the example's inputs, reference outputs and `critical`: an edited example is not compared. */
  contentHash: z.string(),
  /** From 0. Those from the head's `repeats` on are of extra rounds. */
  repeat: z.number().int().nonnegative(),
  critical: z.boolean(),
  /** What the example's metadata has under the field that groups examples which vary together. */
  cluster: z.string().optional(),
  status: z.enum(CALL_STATUSES),
  /** One line saying what failed; for `agent_failed` and `not_measured`. */
  error: z.string().optional(),
  /** The run id the target reported. */
  runId: z.string().optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  startTimeMs: z.number(),
  /** Wall time of the attempt that answered. */
  latencyMs: z.number().nonnegative(),
  /** Calls made, retries included. */
  attempts: z.number().int().positive(),
  /** As the answer reports it; absent where it reports none. */
  usage: callUsageSchema.optional(),
  /** The answer is one of an earlier run, out of the cache: its latency is no measurement and 0. */
  cached: z.literal(true).optional(),
  /** By score key. Empty when not measured. For `agent_failed` the runner fills in the worst score of each bounded evaluator. */
  scores: z.record(z.string(), scoreSchema),
});
/** One finished call of the target for one example and repeat, with its scores. */
export type Call = z.infer<typeof callSchema>;

/** What is persisted of an evaluator. */
export const evaluatorInfoSchema = z.strictObject({
  key: z.string(),
  direction: z.enum(['higher', 'lower']),
  range: z.tuple([z.number().nullable(), z.number().nullable()]),
  gate: z.boolean(),
  fingerprint: z.string(),
  /** The model that judges, as the suite names it; absent for an evaluator that asks none. */
  judge: z.string().optional(),
});
/** What is persisted of an evaluator: everything but its function. */
export type EvaluatorInfo = z.infer<typeof evaluatorInfoSchema>;

export const shardSchema = z
  .strictObject({
    /** From 1. */
    index: z.number().int().positive(),
    of: z.number().int().min(2),
    /** Examples of the whole run, of which this shard has every `of`-th. */
    examples: z.number().int().positive(),
  })
  .refine(({ index, of }) => index <= of, { error: 'is past the number of shards' });
/** Which part of a run this is. */
export type Shard = z.infer<typeof shardSchema>;

/** The head of an experiment: what was run, fixed before the first call. */
export const experimentHeadSchema = z.strictObject({
  schemaVersion: z.literal(EXPERIMENT_SCHEMA_VERSION),
  runId: z.string(),
  suite: z.string(),
  /** Path of the dataset as configured. */
  dataset: z.string(),
  /** Hash over the ids and contents of the selected examples, those of all shards. */
  datasetFingerprint: z.string(),
  split: z.string().optional(),
  target: z.string(),
  /** Runs of each example in the first round. An extra round runs each once more. */
  repeats: z.number().int().positive(),
  timeoutMs: z.number().positive(),
  evaluators: z.array(evaluatorInfoSchema),
  /** Commit of the working tree, `-dirty.<hash of the changes>` appended when it had some; absent outside git. */
  commit: z.string().optional(),
  startedAt: z.iso.datetime(),
  /** Absent for a run of every selected example. */
  shard: shardSchema.optional(),
  /** Answers could come from the cache: such a run measures evaluators, not the agent. */
  cached: z.literal(true).optional(),
  /** Folder or file whose recordings stood in for models and tools. */
  cassettes: z.string().optional(),
});
/** What was run, fixed before the first call. */
export type ExperimentHead = z.infer<typeof experimentHeadSchema>;

export const scoredCallSchema = callSchema.omit({ outputs: true });
/** A call without what the agent answered: what stays in memory and goes into `results.json`. The journal has it all. */
export type ScoredCall = z.infer<typeof scoredCallSchema>;

/** The rounds of an experiment beyond its first. */
export interface ExtraRounds {
  /** Whole ones, pooled with the first. */
  readonly extra: number;
  /** Whether one more was wanted and did not fit into the budget: what it had is in the journal and is not pooled. */
  readonly budgetSpent: boolean;
}

/** A finished experiment: every example and repeat has its call. */
export interface Experiment {
  readonly head: ExperimentHead;
  /** ISO 8601. */
  readonly finishedAt: string;
  /** In dataset order, repeats of an example together, those of extra rounds included. Each is made anew when it is asked for. */
  readonly calls: Sequence<ScoredCall>;
  /** Absent for an experiment that knows of none, such as one that was read back. */
  readonly rounds?: ExtraRounds;
}
