import { type MeasuredExample, measurementOf } from './score-set.ts';

/** Everything a value can be; infinite where nothing bounds it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What is known of the score of one example, averaged over its repeats. */
export interface ExampleScore extends Interval {
  /** Mean over the repeats that were measured; null when none was. */
  readonly measured: number | null;
  /** Repeats that were measured. */
  readonly repeats: number;
  /** Repeats that were not. */
  readonly missing: number;
}

/** The interval of a score that is not known. */
export function unknownScore(range: readonly [number | null, number | null]): Interval {
  return { low: range[0] ?? Number.NEGATIVE_INFINITY, high: range[1] ?? Number.POSITIVE_INFINITY };
}

/**
 * The score of one example: the mean over the repeats to which the evaluator applies, with every repeat that was not
 * measured once at the lowest and once at the highest possible score. Undefined when it applies to no repeat.
 */
export function exampleScore(
  example: MeasuredExample,
  key: { readonly key: string; readonly worst: number | null; readonly unknown: Interval },
): ExampleScore | undefined {
  let sum = 0;
  let repeats = 0;
  let missing = 0;
  for (const call of example.calls) {
    const measurement = measurementOf(call, key);
    if (measurement === 'not_measured') missing += 1;
    else if (measurement !== null) {
      sum += measurement;
      repeats += 1;
    }
  }
  if (repeats + missing === 0) return undefined;
  const at = (value: number) =>
    missing === 0 ? sum / repeats : (sum + missing * value) / (repeats + missing);
  return {
    low: at(key.unknown.low),
    high: at(key.unknown.high),
    measured: repeats === 0 ? null : sum / repeats,
    repeats,
    missing,
  };
}

/** The scores of an example that were measured, in the order of its repeats. */
export function measuredScores(
  example: MeasuredExample,
  key: { readonly key: string; readonly worst: number | null },
): number[] {
  return example.calls.flatMap((call) => {
    const measurement = measurementOf(call, key);
    return typeof measurement === 'number' ? [measurement] : [];
  });
}

/** A score of which nothing is known, for an example of that many repeats. */
export function missingScore(unknown: Interval, missing: number): ExampleScore {
  return { ...unknown, measured: null, repeats: 0, missing };
}

/** The mean of numbers; null for none. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The interval of the mean of scores that are known to lie in intervals. At least one. */
export function meanInterval(intervals: readonly Interval[]): Interval {
  const low = mean(intervals.map((interval) => interval.low));
  const high = mean(intervals.map((interval) => interval.high));
  if (low === null || high === null) throw new TypeError('The mean of no scores is not a number.');
  return { low, high };
}
