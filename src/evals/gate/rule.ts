import { LOW_BASELINE } from './policy.ts';

/** Room for rounding. Means of equal scores may differ in their last bits, and exactly 5% is allowed. */
const EPSILON = 1e-9;

/** The rule for the mean of one score key. */
export interface Rule {
  /** Allowed relative change for the worse, in (0, 1). */
  readonly threshold: number;
  readonly direction: 'higher' | 'lower';
  /** Lowest and highest possible score; null where there is no bound. */
  readonly range: readonly [min: number | null, max: number | null];
}

/**
 * The worst mean that still passes against a baseline's: `(1 - threshold) * baseline` for higher-is-better and
 * `(1 + threshold) * baseline` for lower-is-better. For a negative mean the allowance is the same share of its size,
 * so that the limit is never on the better side of the baseline and both directions mirror each other.
 */
export function limitOf(rule: Pick<Rule, 'threshold' | 'direction'>, baseline: number): number {
  const sign = rule.direction === 'higher' ? 1 : -1;
  const gain = sign * baseline;
  return sign * (gain >= 0 ? (1 - rule.threshold) * gain : (1 + rule.threshold) * gain);
}

/** True when the candidate's mean is beyond the limit: the literal rule. */
export function breaches(
  rule: Pick<Rule, 'threshold' | 'direction'>,
  baseline: number,
  candidate: number,
): boolean {
  const limit = limitOf(rule, baseline);
  // A limit of infinity only arises from missing baseline scores of an unbounded evaluator.
  const room = Number.isFinite(limit) ? EPSILON * Math.max(1, Math.abs(limit)) : 0;
  return rule.direction === 'higher' ? candidate < limit - room : candidate > limit + room;
}

/**
 * True when no relative rule makes sense against this baseline: a higher-is-better mean in the lowest fifth of its
 * range, or a limit at or beyond the worst possible score, which nothing can breach.
 */
export function isTooLow(rule: Pick<Rule, 'threshold' | 'direction' | 'range'>, baseline: number): boolean {
  const [min, max] = rule.range;
  const limit = limitOf(rule, baseline);
  if (rule.direction === 'lower') return max !== null && limit >= max;
  if (min === null) return false;
  return limit <= min || (max !== null && baseline < min + LOW_BASELINE * (max - min));
}

/** True when the mean is below the configured absolute minimum. */
export function isBelowMin(min: number, candidate: number): boolean {
  return candidate < min - EPSILON;
}

/** True when the relative rule fails the candidate: beyond the limit of a baseline that is usable. */
export function fails(rule: Rule, baseline: number, candidate: number): boolean {
  return !isTooLow(rule, baseline) && breaches(rule, baseline, candidate);
}

/** Change relative to the baseline, -0.05 for 5% less. Null where the baseline is 0 and the change is not. */
export function relativeChange(baseline: number, candidate: number): number | null {
  if (candidate === baseline) return 0;
  return baseline === 0 ? null : (candidate - baseline) / Math.abs(baseline);
}

/** How much better the candidate is; negative for worse. Differences that are only rounding count as 0. */
export function gainOf(direction: Rule['direction'], before: number, after: number): number {
  const gain = direction === 'higher' ? after - before : before - after;
  return Math.abs(gain) <= EPSILON * Math.max(1, Math.abs(before)) ? 0 : gain;
}
