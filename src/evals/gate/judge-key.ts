import {
  type ExampleScore,
  exampleScore,
  type Interval,
  mean,
  meanInterval,
  missingScore,
} from './bounds.ts';
import type { Pair } from './pairing.ts';
import { fails, isBelowMin, isTooLow, limitOf, relativeChange } from './rule.ts';
import type { ScoreKey } from './score-key.ts';
import { type MeasuredExample, measurementOf } from './score-set.ts';
import type { EvaluatorVerdict, VerdictStatus } from './verdict.ts';

/** The examples that the means of a key are made of. None of them critical. */
export interface Compared {
  readonly pairs: readonly Pair[];
  /** Baseline's version of examples that were removed or edited since. */
  readonly leftOut: readonly MeasuredExample[];
  /** The candidate's examples, compared or not: what an absolute minimum is about. */
  readonly all: readonly MeasuredExample[];
}

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
}

interface ScoredPair {
  readonly before: ExampleScore;
  readonly after: ExampleScore;
}

/**
 * Judges one score key on the means over the compared examples. What was not measured counts once as the lowest and
 * once as the highest possible score, on both sides: the verdict stands when both agree.
 */
export function judgeKey(key: ScoreKey, compared: Compared): KeyJudgement {
  const scores = compared.all.flatMap((example) => exampleScore(example, key) ?? []);
  const absolute = judgeAbsolute(key.min, scores);
  const pairs = key.incomparable === undefined ? compared.pairs.flatMap((pair) => scorePair(key, pair)) : [];
  const relative = pairs.length === 0 ? undefined : judgeRelative(key, pairs);
  const leftOutDecides =
    relative !== undefined &&
    judgeRelative(key, [...pairs, ...scoreLeftOut(key, compared.leftOut)]) !== relative;

  const measured = pairs.filter((pair) => pair.before.measured !== null && pair.after.measured !== null);
  const baselineMean = mean(measured.flatMap(({ before }) => before.measured ?? []));
  const meanOfAll = mean(scores.flatMap(({ measured: score }) => score ?? []));
  const candidateMean =
    relative === undefined ? meanOfAll : mean(measured.flatMap(({ after }) => after.measured ?? []));
  const shown = relative === undefined ? scores : pairs.map(({ after }) => after);
  const missing = total(shown.map((score) => score.missing));
  // Calls that were not measured do not make an evaluator apply to examples which the baseline says it does not.
  const applies =
    relative !== undefined ||
    absolute !== undefined ||
    (key.applies && meanOfAll !== null) ||
    (key.incomparable !== undefined && missing > 0);
  return {
    verdict: {
      key: key.key,
      gated: key.gated,
      status: applies ? combine(leftOutDecides ? 'no_verdict' : relative, absolute) : 'not_applicable',
      direction: key.direction,
      threshold: key.threshold,
      baselineMean,
      candidateMean,
      relativeChange:
        baselineMean === null || candidateMean === null ? null : relativeChange(baselineMean, candidateMean),
      limit: baselineMean === null ? null : limitOf(key, baselineMean),
      n: relative === undefined ? shown.filter((score) => score.measured !== null).length : pairs.length,
      missing,
      ...(missing === 0 ? {} : { bounds: toBounds(meanInterval(shown)) }),
    },
    relative,
    absolute,
    meanOfAll,
    leftOutDecides,
    tooLow: baselineMean !== null && isTooLow(key, baselineMean),
    repeats: shown.length === 0 ? 0 : total(shown.map((score) => score.repeats)) / shown.length,
  };
}

/** The scores of a pair; empty where the evaluator does not apply to the example in the baseline. */
function scorePair(key: ScoreKey, { candidate, baseline }: Pair): ScoredPair[] {
  const before = exampleScore(baseline, key);
  if (before === undefined) return [];
  const after = exampleScore(candidate, key);
  if (after !== undefined) return [{ before, after }];
  // It applied in the baseline: a candidate that has no score now is not spared the comparison. The score that a failed
  // agent was given says nothing about whether it applies.
  const applied = baseline.calls.some(
    (call) => call.status === 'answered' && measurementOf(call, key) !== null,
  );
  return applied ? [{ before, after: missingScore(key.unknown, candidate.calls.length) }] : [];
}

/** Examples of the baseline that are not compared, with any score the candidate might have had. */
function scoreLeftOut(key: ScoreKey, examples: readonly MeasuredExample[]): ScoredPair[] {
  return examples.flatMap((example) => {
    const before = exampleScore(example, key);
    return before === undefined ? [] : [{ before, after: missingScore(key.plausible, example.calls.length) }];
  });
}

/** Judges the means at both ends of what they can be. The rule is monotone in each mean, so the ends suffice. */
function judgeRelative(key: ScoreKey, pairs: readonly ScoredPair[]): VerdictStatus {
  const before = meanInterval(pairs.map((pair) => pair.before));
  const after = meanInterval(pairs.map((pair) => pair.after));
  const higher = key.direction === 'higher';
  return agreed(
    higher ? fails(key, before.high, after.low) : fails(key, before.low, after.high),
    higher ? fails(key, before.low, after.high) : fails(key, before.high, after.low),
  );
}

function judgeAbsolute(min: number | undefined, scores: readonly ExampleScore[]): VerdictStatus | undefined {
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

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
