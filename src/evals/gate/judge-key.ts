import { type Sequence, sequenceOf } from '../../core/index.ts';
import { type ExampleScore, type Interval, mean, meanInterval } from './bounds.ts';
import {
  afterAt,
  type Compared,
  pairScores,
  type ScoredPair,
  type SideScores,
  scoreAt,
  scoreLeftOut,
} from './pair-scores.ts';
import { breaches, fails, isBelowMin, isTooLow, limitOf, relativeChange } from './rule.ts';
import type { ScoreKey } from './score-key.ts';
import { type KeyStatistics, keyStatistics } from './statistics.ts';
import type { EvaluatorVerdict, GateRule, VerdictLabel, VerdictStatus } from './verdict.ts';

/** The verdict on a key and what it rests on. */
export interface KeyJudgement {
  readonly verdict: EvaluatorVerdict;
  /** The relative rule on the compared examples; undefined where there is nothing to compare. */
  readonly relative: VerdictStatus | undefined;
  /** The absolute minimum on all examples; undefined where none is set or nothing was scored. */
  readonly absolute: VerdictStatus | undefined;
  /** The candidate's mean over all its examples, of the repeats that were measured. */
  readonly meanOfAll: number | null;
  /** The relative rule with the examples that were left out at their worst and best differs. */
  readonly leftOutDecides: boolean;
  /** The relative rule does not apply: the baseline is too low. */
  readonly tooLow: boolean;
  /** Measured repeats of a compared example, on average over the candidate. */
  readonly repeats: number;
  /** Undefined where no compared example was measured on both sides. */
  readonly statistics: KeyStatistics | undefined;
  /** How the means stand to the limit. */
  readonly standing: Standing;
}

/**
 * `confirmed`: beyond the limit, and not by chance. `breach`: beyond it, and chance could have done it. `close`: within it,
 * by no more than chance. `clear`: within it, or there is nothing to compare. Another round of the whole dataset could settle
 * `breach` and `close`.
 */
export type Standing = 'confirmed' | 'breach' | 'close' | 'clear';

/** What a key is judged by, besides itself. */
export interface Judging {
  readonly rule: GateRule;
  /** Chance below which a breach is confirmed: alpha over the looks and the gated evaluators. */
  readonly alphaPerLook: number;
  /** One-sided chance of error of the strict and the lenient rule: alpha over the gated evaluators. */
  readonly alphaPerKey: number;
}

/**
 * Judges one score key on the means over the compared examples. What was not measured counts once as the lowest and
 * once as the highest possible score, on both sides: the verdict stands when both agree.
 *
 * The literal rule judges the means as they are; the strict one judges a candidate that is worse by the margin of error, the
 * lenient one a candidate that is better by it.
 */
export function judgeKey(
  key: ScoreKey,
  compared: Compared,
  { scores: sides, judging }: { readonly scores: SideScores; readonly judging: Judging },
): KeyJudgement {
  const scored = compared.all.filter((place) => sides.candidate.hasExampleAt(place));
  const scores = sequenceOf(scored.length, (index) => scoreAt(sides.candidate, scored[index]));
  const absolute = judgeAbsolute(key.min, scores);
  const { pairs, measured, runs } = pairScores(key, compared, sides);
  const statistics = keyStatistics(key, runs, judging.alphaPerKey);
  const shift = shiftOf(key, judging.rule, statistics);
  const relative = pairs.length === 0 ? undefined : judgeRelative(key, pairs, shift);
  const leftOut = scoreLeftOut(key, compared.leftOut, sides.baseline);
  const leftOutDecides =
    relative !== undefined &&
    leftOut.length > 0 &&
    judgeRelative(key, chained(pairs, leftOut), shift) !== relative;
  const baselineMean = mean(present(measured, ({ before }) => before.measured));
  const meanOfAll = mean(present(scores, ({ measured: score }) => score));
  const candidateMean =
    relative === undefined ? meanOfAll : mean(present(measured, ({ after }) => after.measured));
  const shown = relative === undefined ? scores : sequenceOf(pairs.length, (index) => afterAt(pairs, index));
  const missing = total(present(shown, (score) => score.missing));
  // Calls that were not measured do not make an evaluator apply to examples which the baseline says it does not.
  const applies =
    relative !== undefined ||
    absolute !== undefined ||
    (key.applies && meanOfAll !== null) ||
    (key.incomparable !== undefined && missing > 0);
  const status = applies ? combine(leftOutDecides ? 'no_verdict' : relative, absolute) : 'not_applicable';
  const tooLow = baselineMean !== null && isTooLow(key, baselineMean);
  const means = baselineMean === null || candidateMean === null ? undefined : { baselineMean, candidateMean };
  const standing = tooLow ? 'clear' : standingOf(key, means, statistics, judging);
  return {
    verdict: {
      key: key.key,
      gated: key.gated,
      status,
      label: labelOf(key, { status, absolute, tooLow, standing, statistics, rule: judging.rule }),
      direction: key.direction,
      threshold: key.threshold,
      baselineMean,
      candidateMean,
      relativeChange:
        baselineMean === null || candidateMean === null ? null : relativeChange(baselineMean, candidateMean),
      limit: baselineMean === null ? null : limitOf(key, baselineMean),
      n:
        relative === undefined
          ? total(present(shown, ({ measured: score }) => (score === null ? 0 : 1)))
          : pairs.length,
      missing,
      ...(missing === 0 ? {} : { bounds: toBounds(meanInterval(shown)) }),
      statistics: statistics?.shown ?? null,
    },
    relative,
    absolute,
    meanOfAll,
    leftOutDecides,
    tooLow,
    repeats: shown.length === 0 ? 0 : total(present(shown, (score) => score.repeats)) / shown.length,
    statistics,
    standing,
  };
}

/** What is added to the candidate's mean before the literal rule is put to it. */
function shiftOf(key: ScoreKey, rule: GateRule, statistics: KeyStatistics | undefined): number {
  if (rule === 'literal') return 0;
  // Of what was not measured at all nothing is certain; both ends of it are judged anyway.
  const worse = (key.direction === 'higher' ? -1 : 1) * (statistics?.margin ?? 0);
  return rule === 'strict' ? worse : -worse;
}

/**
 * A breach is chance's as long as a change this large comes in at least `alphaPerLook` of runs without any change. A pass
 * is close with a change for the worse above half the threshold and the limit within one standard error.
 */
function standingOf(
  key: ScoreKey,
  means: { readonly baselineMean: number; readonly candidateMean: number } | undefined,
  statistics: KeyStatistics | undefined,
  { alphaPerLook }: Judging,
): Standing {
  if (means === undefined || statistics === undefined) return 'clear';
  const { baselineMean, candidateMean } = means;
  if (breaches(key, baselineMean, candidateMean))
    return (statistics.shown.pNoise ?? 1) < alphaPerLook ? 'confirmed' : 'breach';
  const halfWay = breaches({ ...key, threshold: key.threshold / 2 }, baselineMean, candidateMean);
  const room = Math.abs(candidateMean - limitOf(key, baselineMean));
  return halfWay && room < statistics.nullError ? 'close' : 'clear';
}

/** A pass that would miss more than one in five drops of this many times the limit is weak. */
const WEAK_FACTOR = 2;

function labelOf(
  key: ScoreKey,
  judged: {
    readonly status: EvaluatorVerdict['status'];
    readonly absolute: VerdictStatus | undefined;
    readonly tooLow: boolean;
    readonly standing: Standing;
    readonly statistics: KeyStatistics | undefined;
    readonly rule: GateRule;
  },
): VerdictLabel | null {
  const { status, absolute, tooLow, standing, statistics, rule } = judged;
  if (status === 'no_verdict' || status === 'not_applicable') return null;
  if (status === 'fail') {
    // A minimum compares with no other measurement, and the lenient rule has the confidence in it.
    if (absolute === 'fail' || rule === 'lenient') return 'fail_confirmed';
    return standing === 'confirmed' ? 'fail_confirmed' : 'fail_unconfirmed';
  }
  if (rule === 'strict') return 'pass';
  const seen = statistics?.shown.detectableDrop ?? null;
  const weak = tooLow || standing !== 'clear' || seen === null || seen > WEAK_FACTOR * key.threshold;
  return weak ? 'pass_weak' : 'pass';
}

/** Judges the means at both ends of what they can be. The rule is monotone in each mean, so the ends suffice. */
function judgeRelative(key: ScoreKey, pairs: Iterable<ScoredPair>, shift: number): VerdictStatus {
  const before = meanInterval(present(pairs, (pair) => pair.before));
  const measured = meanInterval(present(pairs, (pair) => pair.after));
  const after = { low: measured.low + shift, high: measured.high + shift };
  const higher = key.direction === 'higher';
  return agreed(
    higher ? fails(key, before.high, after.low) : fails(key, before.low, after.high),
    higher ? fails(key, before.low, after.high) : fails(key, before.high, after.low),
  );
}

function judgeAbsolute(min: number | undefined, scores: Sequence<ExampleScore>): VerdictStatus | undefined {
  if (min === undefined || scores.length === 0) return undefined;
  const { low, high } = meanInterval(scores);
  return agreed(isBelowMin(min, low), isBelowMin(min, high));
}

function agreed(failsAtWorst: boolean, failsAtBest: boolean): VerdictStatus {
  if (failsAtWorst !== failsAtBest) return 'no_verdict';
  return failsAtWorst ? 'fail' : 'pass';
}

/** Without a comparison the minimum alone can fail, and cannot pass. */
function combine(relative: VerdictStatus | undefined, absolute: VerdictStatus | undefined): VerdictStatus {
  if (relative === 'fail' || absolute === 'fail') return 'fail';
  return relative === 'pass' && absolute !== 'no_verdict' ? 'pass' : 'no_verdict';
}

function toBounds({ low, high }: Interval) {
  return { low: Number.isFinite(low) ? low : null, high: Number.isFinite(high) ? high : null };
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** The items that are not null, one after the other. */
function* present<Item, Value>(items: Iterable<Item>, of: (item: Item) => Value | null): Generator<Value> {
  for (const item of items) {
    const value = of(item);
    if (value !== null) yield value;
  }
}

/** Both, one after the other, as often as they are gone through. */
function chained<Item>(first: Iterable<Item>, second: Iterable<Item>): Iterable<Item> {
  return {
    *[Symbol.iterator]() {
      yield* first;
      yield* second;
    },
  };
}
