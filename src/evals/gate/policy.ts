/** What the gate may be told about one score key. */
export interface KeyPolicy {
  /** Whether the gate fails on it. Default: as the evaluator says. */
  readonly gate?: boolean | undefined;
  /** Allowed relative drop, in (0, 1). Default: the policy's. */
  readonly threshold?: number | undefined;
  /** Default: as the evaluator says. */
  readonly direction?: 'higher' | 'lower' | undefined;
}

/** When the gate fails. */
export interface GatePolicy {
  /** Allowed relative drop of a mean below the baseline's, in (0, 1): 0.05 is 5%. */
  readonly threshold: number;
  /** Lowest allowed mean by score key, whatever the baseline; for higher-is-better scores. */
  readonly min: Readonly<Record<string, number>>;
  /** By score key. */
  readonly evaluators: Readonly<Record<string, KeyPolicy>>;
}

/** The allowed relative drop unless configured: 5%. */
export const DEFAULT_THRESHOLD = 0.05;

/** Share of the baseline's examples that may be removed or edited before the baseline no longer counts. */
export const MAX_LEFT_OUT_SHARE = 0.05;

/** Below this part of its range a higher-is-better baseline is too low for a relative rule. */
export const LOW_BASELINE = 0.2;
