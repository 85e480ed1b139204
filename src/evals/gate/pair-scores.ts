import { type Sequence, sequenceOf } from '../../core/index.ts';
import type { ExampleRuns } from '../stats/index.ts';
import { type ExampleScore, missingScore } from './bounds.ts';
import type { KeyScores } from './key-scores.ts';
import type { ExampleRef, PairedPlaces } from './pairing.ts';
import type { ScoreKey } from './score-key.ts';

/** The examples that the means of a key are made of. None of them critical. */
export interface Compared {
  readonly pairs: PairedPlaces;
  /** Baseline's version of examples that were removed or edited since. */
  readonly leftOut: readonly ExampleRef[];
  /** Places of the candidate's examples, compared or not: what an absolute minimum is about. */
  readonly all: Uint32Array;
  /** What the candidate's examples vary together with, by their places; absent where none does. */
  readonly clusters?: readonly (string | undefined)[] | undefined;
}

/** The scores of a key on both sides. */
export interface SideScores {
  readonly candidate: KeyScores;
  readonly baseline: KeyScores;
}

/** The scores of one example on both sides. */
export interface ScoredPair {
  readonly before: ExampleScore;
  readonly after: ExampleScore;
}

/** What {@link pairScores} found; each item is made when it is asked for. */
export interface PairScores {
  /** Of every pair to which the evaluator applied in the baseline. */
  readonly pairs: Sequence<ScoredPair>;
  /** Those of them that were measured on both sides. */
  readonly measured: Sequence<ScoredPair>;
  /** The same, run by run. */
  readonly runs: Sequence<ExampleRuns>;
}

/** The scores of a key in the pairs that count. */
export function pairScores(
  key: ScoreKey,
  { pairs: places, clusters }: Compared,
  { candidate, baseline }: SideScores,
): PairScores {
  if (key.incomparable !== undefined) return { pairs: [], measured: [], runs: [] };
  const indexes = Uint32Array.from(places.candidate.keys());
  const kept = indexes.filter((index) => {
    const [now, was] = [places.candidate[index] ?? 0, places.baseline[index] ?? 0];
    // It applied in the baseline: a candidate that has no score now is not spared the comparison.
    return baseline.hasExampleAt(was) && (candidate.hasExampleAt(now) || baseline.appliedAt(was));
  });
  const measured = kept.filter(
    (index) =>
      candidate.isMeasuredAt(places.candidate[index] ?? 0) &&
      baseline.isMeasuredAt(places.baseline[index] ?? 0),
  );
  const scoredAt = (index: number): ScoredPair => {
    const now = places.candidate[index] ?? 0;
    return {
      before: scoreAt(baseline, places.baseline[index]),
      after: candidate.exampleAt(now) ?? missingScore(key.unknown, candidate.callsAt(now)),
    };
  };
  return {
    pairs: sequenceOf(kept.length, (place) => scoredAt(kept[place] ?? 0)),
    measured: sequenceOf(measured.length, (place) => scoredAt(measured[place] ?? 0)),
    runs: sequenceOf(measured.length, (place) => {
      const index = measured[place] ?? 0;
      const now = places.candidate[index] ?? 0;
      return {
        baseline: baseline.runsAt(places.baseline[index] ?? 0),
        candidate: candidate.runsAt(now),
        cluster: clusters?.[now],
      };
    }),
  };
}

/** The score at a place that has one. */
export function scoreAt(side: KeyScores, place: number | undefined): ExampleScore {
  const score = place === undefined ? undefined : side.exampleAt(place);
  if (score === undefined) throw new RangeError(`There is no score at ${place} of ${side.length}.`);
  return score;
}

/** The candidate's score of a pair. */
export function afterAt(pairs: Sequence<ScoredPair>, index: number): ExampleScore {
  const pair = pairs.at(index);
  if (pair === undefined) throw new RangeError(`There is no pair ${index} of ${pairs.length}.`);
  return pair.after;
}

/** Examples of the baseline that are not compared, with any score the candidate might have had. */
export function scoreLeftOut(
  key: ScoreKey,
  examples: readonly ExampleRef[],
  baseline: KeyScores,
): ScoredPair[] {
  return examples.flatMap(({ place }) => {
    const before = baseline.exampleAt(place);
    return before === undefined
      ? []
      : [{ before, after: missingScore(key.plausible, baseline.callsAt(place)) }];
  });
}
