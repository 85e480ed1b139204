import type { GateRule } from './verdict.ts';

/** What the gate may be told about one score key. */
export interface KeyPolicy {
  /** Whether the gate fails on it. Default: as the evaluator says. */
  readonly gate?: boolean | undefined;
  /** Allowed relative drop, in (0, 1). Default: the policy's. */
  readonly threshold?: number | undefined;
  /** Default: as the evaluator says. */
  readonly direction?: 'higher' | 'lower' | undefined;
}

/** When the gate fails, and how often it measures before it says so. */
export interface GatePolicy {
  /** Allowed relative drop of a mean below the baseline's, in (0, 1): 0.05 is 5%. */
  readonly threshold: number;
  /** Lowest allowed mean by score key, whatever the baseline; for higher-is-better scores. */
  readonly min: Readonly<Record<string, number>>;
  /** By score key. */
  readonly evaluators: Readonly<Record<string, KeyPolicy>>;
  /** Which rule decides. Default `literal`. */
  readonly rule?: GateRule | undefined;
  /** When the whole dataset is run again: see {@link Rerun}. Default `close`. */
  readonly rerun?: Rerun | undefined;
  /** Rounds beyond the first, at most. Default 4. */
  readonly maxExtraRounds?: number | undefined;
  /** What a breach is that chance could have done, after the last round. Default `fail`. */
  readonly onUnconfirmed?: 'fail' | 'warn' | undefined;
  /** Chance of calling a breach confirmed without any change, over all rounds and gated evaluators. Default 0.05. */
  readonly alpha?: number | undefined;
  /**
   * Evaluators (or settings, by their name) whose scores are compared although they changed since the baseline was
   * accepted. Default: none.
   */
  readonly allowChanged?: readonly string[] | undefined;
  /** Age in days from which a baseline is warned of. Default 90. */
  readonly baselineMaxAgeDays?: number | undefined;
}

/**
 * `close`: again while a breach could be chance, and when a pass is close to the limit. `on-breach`: the former only. `off`:
 * never.
 */
export const RERUNS = ['close', 'on-breach', 'off'] as const;
/** See {@link RERUNS}. */
export type Rerun = (typeof RERUNS)[number];

/** Rounds beyond the first unless configured. */
export const DEFAULT_MAX_EXTRA_ROUNDS = 4;

/** Chance of calling an unchanged agent's breach confirmed unless configured. */
export const DEFAULT_ALPHA = 0.05;

/** Days after which a baseline is called old unless configured. */
export const DEFAULT_BASELINE_MAX_AGE_DAYS = 90;

/** The allowed relative drop unless configured: 5%. */
export const DEFAULT_THRESHOLD = 0.05;

/** Share of the baseline's examples that may be removed or edited before the baseline no longer counts. */
export const MAX_LEFT_OUT_SHARE = 0.05;

/** Below this part of its range a higher-is-better baseline is too low for a relative rule. */
export const LOW_BASELINE = 0.2;

/** A policy with its defaults filled in. */
export type ResolvedPolicy = {
  readonly [Setting in keyof GatePolicy]-?: Exclude<GatePolicy[Setting], undefined>;
};

/** Fills in the defaults. */
export function resolvePolicy(policy: GatePolicy): ResolvedPolicy {
  return {
    threshold: policy.threshold,
    min: policy.min,
    evaluators: policy.evaluators,
    rule: policy.rule ?? 'literal',
    rerun: policy.rerun ?? 'close',
    maxExtraRounds: policy.maxExtraRounds ?? DEFAULT_MAX_EXTRA_ROUNDS,
    onUnconfirmed: policy.onUnconfirmed ?? 'fail',
    alpha: policy.alpha ?? DEFAULT_ALPHA,
    allowChanged: policy.allowChanged ?? [],
    baselineMaxAgeDays: policy.baselineMaxAgeDays ?? DEFAULT_BASELINE_MAX_AGE_DAYS,
  };
}
