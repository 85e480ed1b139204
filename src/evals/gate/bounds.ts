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

/** A score of which nothing is known, for an example of that many repeats. */
export function missingScore(unknown: Interval, missing: number): ExampleScore {
  return { ...unknown, measured: null, repeats: 0, missing };
}

/** The mean of numbers; null for none. */
export function mean(values: Iterable<number>): number | null {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    sum += value;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

/** The interval of the mean of scores that are known to lie in intervals. At least one. */
export function meanInterval(intervals: Iterable<Interval>): Interval {
  let [low, high, count] = [0, 0, 0];
  for (const interval of intervals) {
    low += interval.low;
    high += interval.high;
    count += 1;
  }
  if (count === 0) throw new TypeError('The mean of no scores is not a number.');
  return { low: low / count, high: high / count };
}
