import { resolve } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { sluiceHome, UsageError } from '../../core/index.ts';
import { loadConfig, type Suite, selectSuite, suiteEvaluators } from '../../evals/config/index.ts';
import {
  type ExampleSource,
  type OpenDataset,
  openDataset,
  parseShard,
  type ShardRef,
  shardOf,
} from '../../evals/datasets/index.ts';
import type { Evaluator } from '../../evals/evaluator.ts';
import {
  type EvaluatorInfo,
  EXPERIMENT_SCHEMA_VERSION,
  type ExperimentHead,
} from '../../evals/experiment.ts';
import type { GatePolicy } from '../../evals/gate/index.ts';
import type { BudgetLimits } from '../../evals/runner/index.ts';
import type { CommandContext } from '../command.ts';
import type { EvalValues } from './eval.ts';
import { readCommit } from './eval-commit.ts';

/** What is run, every flag, environment variable and default applied. */
export interface EvalPlan {
  readonly suite: Suite;
  /** The configuration, as it was found. */
  readonly configFile: string;
  readonly head: ExperimentHead;
  /** Those of the shard, where there is one. */
  readonly examples: ExampleSource;
  readonly dataset: OpenDataset;
  readonly evaluators: readonly Evaluator[];
  readonly policy: GatePolicy;
  readonly budget: BudgetLimits;
}

/** Resolves what is run: flag over environment over configuration over default. The caller closes the dataset. */
export async function planEval(values: EvalValues, context: CommandContext): Promise<EvalPlan> {
  const { cwd, env, clock } = context;
  const shard = checkFlags(values);
  const config = await loadConfig({ cwd, path: values.config });
  const suite = withFlags(selectSuite(config, values.suite), values, env);
  const target = requireTarget(suite, config.file);
  const evaluators = suiteEvaluators(suite, config.file);
  const policy = policyOf(suite, values, evaluators);
  const budget = budgetOf(suite, values, config.file);
  const commit = await readCommit(cwd, sluiceHome(env, cwd));
  const startedMs = clock.now();
  const dataset = await openDataset(resolve(cwd, suite.dataset), { split: suite.split });
  const { examples, fingerprint } = dataset;
  const head: ExperimentHead = {
    schemaVersion: EXPERIMENT_SCHEMA_VERSION,
    runId: uuidv7({ msecs: startedMs }),
    suite: suite.name,
    dataset: suite.dataset,
    datasetFingerprint: fingerprint,
    ...(suite.split === undefined ? {} : { split: suite.split }),
    target,
    repeats: suite.repeats,
    timeoutMs: suite.timeoutMs,
    evaluators: evaluators.map(toInfo),
    ...(commit === undefined ? {} : { commit }),
    startedAt: new Date(startedMs).toISOString(),
    ...(shard === undefined ? {} : { shard: { ...shard, examples: examples.size } }),
    ...(values.cache ? { cached: true } : {}),
    ...(suite.cassettes === undefined ? {} : { cassettes: suite.cassettes }),
  };
  return {
    suite,
    configFile: config.file,
    head,
    examples: shard === undefined ? examples : shardOf(examples, shard),
    dataset,
    evaluators,
    policy,
    budget,
  };
}

/** Refuses what the flags' own schemas cannot see: how they stand to each other. */
function checkFlags(values: EvalValues): ShardRef | undefined {
  const { timeout, shard, cache, calibrate, repeats, noGate } = values;
  if (timeout !== undefined && timeout < 1)
    throw new UsageError('FLAG_INVALID', '--timeout must be at least 1ms.');
  if (values.budgetUsd === 0) throw new UsageError('FLAG_INVALID', '--budget-usd must be above 0.');
  if (values.budgetTime === 0) throw new UsageError('FLAG_INVALID', '--budget-time must be above 0s.');
  if (cache && !noGate)
    throw new UsageError(
      'FLAG_CONFLICT',
      '--cache needs --no-gate: answers of earlier runs say nothing of the agent now.',
      {
        hint: 'Work on evaluators with --cache --no-gate, and gate without it.',
      },
    );
  const others = { shard, calibrate, cache: cache || undefined };
  const together = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`],
  );
  if (together.length > 1)
    throw new UsageError('FLAG_CONFLICT', `${together.join(' and ')} cannot be given together.`);
  if (calibrate !== undefined && repeats !== undefined)
    throw new UsageError('FLAG_CONFLICT', '--calibrate decides the repeats: leave --repeats out.');
  if (shard === undefined) return undefined;
  const parsed = parseShard(shard);
  if (parsed !== undefined) return parsed;
  throw new UsageError(
    'FLAG_INVALID',
    `--shard must be such as 2/4, the second of four, not ${JSON.stringify(shard)}.`,
  );
}

function withFlags(configured: Suite, values: EvalValues, env: CommandContext['env']): Suite {
  return {
    ...configured,
    target: values.target ?? (env['SLUICE_TARGET'] || configured.target),
    split: values.split ?? configured.split,
    repeats: values.calibrate ?? values.repeats ?? configured.repeats,
    concurrency: values.concurrency ?? configured.concurrency,
    timeoutMs: values.timeout ?? configured.timeoutMs,
  };
}

function requireTarget(suite: Suite, file: string): string {
  if (suite.target !== undefined) return suite.target;
  throw new UsageError('TARGET_MISSING', `${file}: suite ${suite.name} has no target.`, {
    hint: 'Add one to the suite, set SLUICE_TARGET, or give --target langserve:http://127.0.0.1:8000/agent',
  });
}

function toInfo({ key, direction, range, gate: gated, fingerprint, judge }: Evaluator): EvaluatorInfo {
  return {
    key,
    direction,
    range: [range[0], range[1]],
    gate: gated,
    fingerprint,
    ...(judge === undefined ? {} : { judge }),
  };
}

/** What the gate calls the time limit. */
const TIMEOUT = 'timeout';

/** The flags of a command that gates. */
export type PolicyFlags = Pick<EvalValues, 'threshold' | 'rule' | 'rerun' | 'allowChanged'>;

/** The policy of a suite with flags applied. A threshold on the command line is for every evaluator. */
export function policyOf(
  { gate: configured }: Suite,
  { threshold, rule, rerun, allowChanged }: PolicyFlags,
  evaluators: readonly Pick<Evaluator, 'key'>[],
): GatePolicy {
  if (threshold !== undefined && (threshold <= 0 || threshold >= 1))
    throw new UsageError('FLAG_INVALID', `--threshold must be between 0 and 1, not ${threshold}.`, {
      hint: '0.05 allows a drop of 5%.',
    });
  const keys = evaluators.map(({ key }) => key);
  const unknown = allowChanged.find((key) => !keys.includes(key) && key !== TIMEOUT);
  if (unknown !== undefined)
    throw new UsageError(
      'FLAG_INVALID',
      `--allow-changed: the suite has no evaluator ${JSON.stringify(unknown)}.`,
      {
        hint: `It has ${keys.join(', ')}; ${TIMEOUT} allows another time limit.`,
      },
    );
  const exceptions = Object.entries(configured.evaluators).map(
    ([key, policy]) => [key, threshold === undefined ? policy : { ...policy, threshold: undefined }] as const,
  );
  return {
    ...configured,
    threshold: threshold ?? configured.threshold,
    evaluators: Object.fromEntries(exceptions),
    rule: rule ?? configured.rule,
    rerun: rerun ?? configured.rerun,
    allowChanged,
  };
}

function budgetOf({ budget, prices, name }: Suite, values: EvalValues, file: string): BudgetLimits {
  const limits: BudgetLimits = {
    usd: values.budgetUsd ?? budget.usd,
    tokens: values.budgetTokens ?? budget.tokens,
    timeMs: values.budgetTime ?? budget.timeMs,
  };
  if (limits.usd !== undefined && Object.keys(prices).length === 0)
    throw new UsageError('PRICES_MISSING', `${file}: suite ${name}: a budget of money needs prices.`, {
      hint: 'Add prices: { "<model>": { inputPerMillion: 0.15, outputPerMillion: 0.6 } } to the suite.',
    });
  return limits;
}
