import { type Interval, unknownScore } from './bounds.ts';
import type { GatePolicy, KeyPolicy } from './policy.ts';
import type { Rule } from './rule.ts';
import type { ScoreSet } from './score-set.ts';
import { type ScoreSettings, scoreSettings } from './score-settings.ts';

/** A score key with how the gate reads it. */
export interface ScoreKey extends Rule {
  readonly key: string;
  readonly gated: boolean;
  /** Lowest allowed mean, whatever the baseline. */
  readonly min: number | undefined;
  /** The interval of a score that was not measured. */
  readonly unknown: Interval;
  /** The interval that an example which is not compared is assumed to lie in: never infinite unless nothing was scored. */
  readonly plausible: Interval;
  /** The range as the evaluator declares it; `range` has no bound on a side that a score has passed. */
  readonly declaredRange: readonly [min: number | null, max: number | null];
  /**
   * What a failed agent scores: the worst score there is, and the worst that either side has seen where nothing bounds it.
   * Null when nothing was scored.
   */
  readonly worst: number | null;
  /** Whether the baseline has a number for it. */
  readonly wasScored: boolean;
  /** Whether either side has a number for it that an evaluator gave: not the score of a failed agent. */
  readonly applies: boolean;
  /** Why the baseline's scores of this key cannot be compared; absent when they can, and without a baseline. */
  readonly incomparable?: Incomparable;
  /** What changed about its evaluator and is compared all the same, because the policy says so. */
  readonly allowed?: Incomparable;
}

/** Why two scores of a key cannot be compared. `judge`: the model that judges; `range`: the range of its scores. */
export type Incomparable = 'new' | 'removed' | 'changed' | 'judge' | 'range' | 'direction';

/** What may be compared all the same: there are scores on both sides, and they point the same way. */
const MAY_BE_ALLOWED: readonly Incomparable[] = ['changed', 'judge', 'range'];

/** Settings of a key that no evaluator gives: journals of other programs may have some. */
const UNDECLARED: Pick<ScoreSettings, 'direction' | 'range' | 'gate'> = {
  direction: 'higher',
  range: [0, 1],
  gate: true,
};

/** Every score key of a comparison, declared ones first and in their order, with the policy applied. */
export function scoreKeys(
  candidate: ScoreSet,
  baseline: ScoreSet | undefined,
  policy: GatePolicy,
): ScoreKey[] {
  const now = scoredKeys(candidate);
  const before = baseline === undefined ? new Map<string, Interval>() : scoredKeys(baseline);
  const declared = candidate.evaluators.map((info) => info.key);
  const accepted = (baseline?.evaluators ?? []).map((info) => info.key);
  const keys = new Set([...declared, ...now.keys(), ...accepted, ...before.keys()]);
  return [...keys].map((key) => {
    const info =
      scoreSettings(key, candidate.evaluators) ??
      scoreSettings(key, baseline?.evaluators ?? []) ??
      UNDECLARED;
    const own: KeyPolicy = Object.hasOwn(policy.evaluators, key) ? (policy.evaluators[key] ?? {}) : {};
    const observed = hull([now.get(key), before.get(key)]);
    const range = widen(info.range, observed);
    const direction = own.direction ?? info.direction;
    const changed = baseline && compare(key, direction, { candidate, baseline, now, before });
    const owner = scoreSettings(key, candidate.evaluators)?.owner ?? key;
    const isAllowed =
      changed !== undefined &&
      MAY_BE_ALLOWED.includes(changed) &&
      before.has(key) &&
      (policy.allowChanged ?? []).some((name) => name === key || name === owner);
    return {
      key,
      gated: own.gate ?? info.gate,
      direction,
      threshold: own.threshold ?? policy.threshold,
      min: Object.hasOwn(policy.min, key) ? policy.min[key] : undefined,
      range,
      unknown: unknownScore(range),
      plausible: {
        low: range[0] ?? observed?.low ?? Number.NEGATIVE_INFINITY,
        high: range[1] ?? observed?.high ?? Number.POSITIVE_INFINITY,
      },
      declaredRange: info.range,
      worst:
        direction === 'higher'
          ? (info.range[0] ?? observed?.low ?? null)
          : (info.range[1] ?? observed?.high ?? null),
      wasScored: before.has(key),
      applies: now.has(key) || before.has(key),
      ...(changed === undefined ? {} : isAllowed ? { allowed: changed } : { incomparable: changed }),
    };
  });
}

interface Sides {
  readonly candidate: ScoreSet;
  readonly baseline: ScoreSet;
  readonly now: ReadonlyMap<string, Interval>;
  readonly before: ReadonlyMap<string, Interval>;
}

function compare(key: string, direction: string, sides: Sides): Incomparable | undefined {
  const after = scoreSettings(key, sides.candidate.evaluators);
  const before = scoreSettings(key, sides.baseline.evaluators);
  if (after !== undefined && before !== undefined) {
    if (after.owner !== before.owner || after.fingerprint !== before.fingerprint) return 'changed';
    if (after.judge !== before.judge) return 'judge';
    if (after.range.some((bound, end) => bound !== before.range[end])) return 'range';
    // An evaluator may leave a result out that it gave before, or add one: without scores there is nothing to compare.
    if (after.owner !== key && !sides.before.has(key)) return 'new';
    return before.direction === direction ? undefined : 'direction';
  }
  if (after !== undefined) return 'new';
  if (before !== undefined) return 'removed';
  // Given by no evaluator: comparable when the evaluators are the same.
  if (!sides.before.has(key) && !sides.now.has(key)) return undefined;
  if (ownersOf(sides.candidate, sides) !== ownersOf(sides.baseline, sides)) return 'changed';
  return sides.before.has(key) ? undefined : 'new';
}

/** Fingerprints of the evaluators that score under other keys than their own; all when every one uses its own. */
function ownersOf(side: ScoreSet, { now, before }: Sides): string {
  const silent = side.evaluators.filter((info) => !now.has(info.key) && !before.has(info.key));
  const owners = silent.length === 0 ? side.evaluators : silent;
  return JSON.stringify(owners.map(({ fingerprint, judge }) => [fingerprint, judge].join(' ')).sort());
}

/** The keys that evaluators have given at least one number, with the lowest and the highest. */
function scoredKeys(side: ScoreSet): Map<string, Interval> {
  const keys = new Map<string, Interval>();
  for (const example of side.examples) {
    for (const call of example.calls) {
      if (call.status !== 'answered') continue;
      for (const [key, score] of Object.entries(call.scores)) {
        if (typeof score !== 'number') continue;
        const known = keys.get(key);
        if (known === undefined) keys.set(key, { low: score, high: score });
        else if (score < known.low || score > known.high)
          keys.set(key, { low: Math.min(known.low, score), high: Math.max(known.high, score) });
      }
    }
  }
  return keys;
}

function hull(intervals: readonly (Interval | undefined)[]): Interval | undefined {
  return intervals.reduce<Interval | undefined>((all, one) => {
    if (all === undefined || one === undefined) return all ?? one;
    return { low: Math.min(all.low, one.low), high: Math.max(all.high, one.high) };
  }, undefined);
}

/** A bound that a score has passed is none. */
function widen(
  [min, max]: readonly [number | null, number | null],
  observed: Interval | undefined,
): readonly [number | null, number | null] {
  if (observed === undefined) return [min, max];
  return [min !== null && observed.low < min ? null : min, max !== null && observed.high > max ? null : max];
}
