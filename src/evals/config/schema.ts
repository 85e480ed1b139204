import { z } from 'zod';
import { SUITE_NAME } from '../baseline/index.ts';
import type { EvaluatorEntry } from '../evaluators/index.ts';
import {
  DEFAULT_ALPHA,
  DEFAULT_BASELINE_MAX_AGE_DAYS,
  DEFAULT_MAX_EXTRA_ROUNDS,
  DEFAULT_THRESHOLD,
  GATE_RULES,
  RERUNS,
} from '../gate/index.ts';

const text = z
  .string({ error: 'must be text' })
  .refine((value) => value.trim() !== '', { error: 'must not be empty' });

const share = z
  .number({ error: 'must be a number between 0 and 1, such as 0.05 for 5%' })
  .refine((value) => value > 0 && value < 1, {
    error: (issue) => `must be between 0 and 1 (0.05 is 5%), not ${String(issue.input)}`,
  });

function count(noun: string, min: number, max: number) {
  const error = `must be a whole number of ${noun} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

const entry = z.custom<EvaluatorEntry>(
  (value) =>
    typeof value === 'string' || typeof value === 'function' || (typeof value === 'object' && value !== null),
  { error: 'must be the name of a built-in evaluator, an evaluator, or a function' },
);

export const keyPolicySchema = z.strictObject({
  gate: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe('Whether the gate fails on it. Default: as the evaluator says; latency is advisory.'),
  threshold: share.optional().describe("Allowed relative drop, in (0, 1). Default: the suite's."),
  direction: z
    .enum(['higher', 'lower'], { error: 'must be "higher" or "lower"' })
    .optional()
    .describe('Whether more or less is better. Default: as the evaluator says.'),
});

export const gateConfigSchema = z.strictObject({
  threshold: share
    .default(DEFAULT_THRESHOLD)
    .describe("Allowed relative drop of a mean below the baseline's, in (0, 1). Default 0.05, which is 5%."),
  min: z
    .record(z.string(), z.number({ error: 'must be a finite number' }))
    .default({})
    .describe('Lowest allowed mean by score key, whatever the baseline. For higher-is-better scores.'),
  evaluators: z.record(z.string(), keyPolicySchema).default({}).describe('Exceptions by score key.'),
  rule: z
    .enum(GATE_RULES, { error: `must be one of ${GATE_RULES.join(', ')}` })
    .default('literal')
    .describe(
      'literal: fails when the mean is beyond the limit. strict: unless a drop beyond it is excluded. lenient: only when it is certain. Default literal.',
    ),
  rerun: z
    .enum(RERUNS, { error: `must be one of ${RERUNS.join(', ')}` })
    .default('close')
    .describe(
      'When the whole dataset is run again: close (a breach that chance could explain, or a pass near the limit), on-breach, off. Default close.',
    ),
  maxExtraRounds: count('rounds', 0, 20)
    .default(DEFAULT_MAX_EXTRA_ROUNDS)
    .describe(`Rounds beyond the first, at most. Default ${DEFAULT_MAX_EXTRA_ROUNDS}.`),
  onUnconfirmed: z
    .enum(['fail', 'warn'], { error: 'must be "fail" or "warn"' })
    .default('fail')
    .describe('What a breach is that chance could still explain after the last round. Default fail.'),
  alpha: share
    .default(DEFAULT_ALPHA)
    .describe(
      `Chance of calling an unchanged agent's breach confirmed, in (0, 1). Default ${DEFAULT_ALPHA}.`,
    ),
  cluster: text
    .optional()
    .describe('Field of the metadata that groups examples which vary together, such as a conversation.'),
  baselineMaxAgeDays: count('days', 1, 3_650)
    .default(DEFAULT_BASELINE_MAX_AGE_DAYS)
    .describe(`Age from which a baseline is warned of. Default ${DEFAULT_BASELINE_MAX_AGE_DAYS}.`),
});

const amount = (what: string) =>
  z
    .number({ error: `must be ${what}` })
    .positive({ error: `must be ${what} above 0` })
    .optional();

export const budgetSchema = z.strictObject({
  usd: amount('an amount of dollars').describe('Dollars that the answers of a run may cost, by the prices.'),
  tokens: amount('a number of tokens').describe('Tokens that the answers of a run may take, in and out.'),
  timeMs: amount('a number of milliseconds').describe('Wall time that a run may take.'),
});

const perMillion = z
  .number({ error: 'must be dollars for a million tokens' })
  .nonnegative({ error: 'must not be negative' });

export const priceSchema = z.strictObject({ inputPerMillion: perMillion, outputPerMillion: perMillion });

export const suiteSchema = z.strictObject({
  name: z
    .string({ error: 'must be text' })
    .regex(SUITE_NAME, {
      error: 'must be lower-case letters, digits, dots, hyphens and underscores, at most 100',
    })
    .describe('Names the suite on the command line and its baseline file.'),
  dataset: text.describe('Path of a .jsonl, .yaml or .csv file, from the working directory.'),
  target: text
    .optional()
    .describe(
      'Where the agent is: langserve:URL or graph:./file.ts#export. `--target` and SLUICE_TARGET come first.',
    ),
  cassettes: text
    .optional()
    .describe(
      'File or folder of recorded runs: the target, a graph:, is played on the one with the same input, offline and at no model cost. Default: it runs as it is.',
    ),
  split: text.optional().describe('Takes the examples of this split only. Default: all.'),
  evaluators: z
    .array(entry, { error: 'must be a list of evaluators' })
    .min(1, { error: 'must name at least one evaluator' })
    .describe('Built-in names, evaluators, or functions written for langsmith, openevals or agentevals.'),
  repeats: count('runs', 1, 1_000)
    .default(1)
    .describe('How often each example is run; scores are averaged. Default 1.'),
  concurrency: count('calls', 1, 1_000).default(4).describe('Calls under way at once. Default 4.'),
  timeoutMs: count('milliseconds', 1, 86_400_000)
    .default(60_000)
    .describe("Time limit of one call in milliseconds; passing it is the agent's failure. Default 60000."),
  maxRetries: count('retries', 0, 20)
    .default(3)
    .describe('How often a call is tried again when the target was not available. Default 3.'),
  budget: budgetSchema
    .prefault({})
    .describe('What a run may take. The end of it is no verdict, never a failure. Default: no limits.'),
  prices: z
    .record(z.string().min(1), priceSchema)
    .default({})
    .describe("Dollars for a million tokens by the model's name as answers give it; `*` for every other."),
  gate: gateConfigSchema.prefault({}).describe('When the gate fails.'),
});

export const configSchema = z.strictObject({
  suites: z
    .array(suiteSchema, { error: 'must be a list of suites' })
    .min(1, { error: 'must have at least one suite' })
    .superRefine((suites, context) => {
      const seen = new Map<string, number>();
      for (const [index, suite] of suites.entries()) {
        const first = seen.get(suite.name);
        if (first === undefined) seen.set(suite.name, index);
        else
          context.addIssue({
            code: 'custom',
            path: [index, 'name'],
            message: `${JSON.stringify(suite.name)} is already the name of suites[${first}]`,
          });
      }
    }),
});

/** A configuration as it is written. */
export type Config = z.input<typeof configSchema>;
/** A suite as it is written. */
export type SuiteConfig = z.input<typeof suiteSchema>;
/** A suite with its defaults filled in. */
export type Suite = z.output<typeof suiteSchema>;

/**
 * Declares the evaluation suites of a project in `sluice.config.ts`, with types and completion.
 *
 * @example
 * export default defineConfig({
 *   suites: [{ name: 'support', dataset: 'datasets/support.jsonl', evaluators: ['has_resolution', 'no_error'] }],
 * });
 */
export function defineConfig(config: Config): Config {
  return config;
}
