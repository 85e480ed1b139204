import { type Sequence, sequenceOf } from '../../core/index.ts';
import {
  chanceOfDrop,
  contrastError,
  detectableDrop,
  type ExampleRuns,
  effectiveCount,
  falseAlarm,
  flakiness,
  guardedFlakiness,
  harmonicRepeats,
  type Layout,
  type Noise,
  nullError,
  studentQuantile,
  sumOf,
  toUnits,
} from '../stats/index.ts';
import { limitOf } from './rule.ts';
import type { ScoreKey } from './score-key.ts';
import type { EvaluatorStatistics } from './verdict.ts';

/** The figures of one score key, and the errors that decisions need. */
export interface KeyStatistics {
  readonly shown: EvaluatorStatistics;
  /** Standard error of the candidate's mean less the limit if nothing changed, in units of the score. */
  readonly nullError: number;
  /** How far the candidate's mean less the limit may be off at the confidence of the rule, one-sided, in units of the score. */
  readonly margin: number;
}

/** Two-sided confidence of the printed interval. */
const CONFIDENCE = 0.95;

/**
 * How far the means of a key can be trusted. `runs` are the measured scores of the compared examples, as they are; lower is
 * turned round here. Undefined without any.
 *
 * @param alpha One-sided chance of error of the strict and the lenient rule for this key.
 */
export function keyStatistics(
  key: ScoreKey,
  runs: Sequence<ExampleRuns>,
  alpha: number,
): KeyStatistics | undefined {
  if (runs.length === 0) return undefined;
  const sign = key.direction === 'higher' ? 1 : -1;
  const units = toUnits(sign === 1 ? runs : sequenceOf(runs.length, (index) => turned(runs.at(index))));
  const meanOf = (side: 'baseline' | 'candidate') =>
    sumOf(units, (unit) => (unit.weight * sumOf(unit[side], (one) => one)) / unit[side].length);
  const [before, after] = [meanOf('baseline'), meanOf('candidate')];
  const flip = flipOf(key, runs);
  const layout: Layout = {
    examples: effectiveCount(units),
    baselineRepeats: harmonicRepeats(units, 'baseline'),
    candidateRepeats: harmonicRepeats(units, 'candidate'),
  };
  const noise: Noise = {
    mean: before,
    flakiness: guardedFlakiness(units, flip),
    threshold: key.threshold,
    direction: key.direction,
    spreads: key.range[0] === 0 && key.range[1] === 1,
  };
  const isDefined = before !== 0;
  const factorOf = (mean: number) => (isDefined ? mean / before : 1);
  const limit = sign * limitOf(key, sign * before);
  // With one unit there is no degree of freedom to speak of: one is taken, which makes the interval the widest there is.
  const quantile = (p: number) => studentQuantile(p, Math.max(1, units.length - 1));
  const halfWidth = quantile(1 - (1 - CONFIDENCE) / 2) * contrastError(units, factorOf(after), flip);
  const relative = (change: number) => (sign * change) / Math.abs(before);
  const ends = [relative(after - before - halfWidth), relative(after - before + halfWidth)] as const;
  return {
    shown: {
      examples: runs.length,
      clusters: units.length,
      baselineRepeats: round(harmonicOf(runs, 'baseline')),
      candidateRepeats: round(harmonicOf(runs, 'candidate')),
      flakiness: flakiness(units),
      pNoise: chanceOfDrop(units),
      falseAlarm: isDefined ? falseAlarm(noise, layout) : null,
      detectableDrop: isDefined ? detectableDrop(noise, layout) : null,
      interval: isDefined && ends.every(Number.isFinite) ? [Math.min(...ends), Math.max(...ends)] : null,
    },
    nullError: nullError(units),
    margin: quantile(1 - alpha) * contrastError(units, factorOf(limit), flip),
  };
}

/** With more as better. */
function turned(run: ExampleRuns | undefined): ExampleRuns {
  const turn = (scores: readonly number[] = []) => scores.map((score) => -score);
  return { baseline: turn(run?.baseline), candidate: turn(run?.candidate), cluster: run?.cluster };
}

/** The size of a flip: the width of the range, of what was seen where the range has no bound. */
function flipOf(key: ScoreKey, runs: Iterable<ExampleRuns>): number {
  const [min, max] = key.range;
  if (min !== null && max !== null && max > min) return max - min;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { baseline, candidate } of runs)
    for (const scores of [baseline, candidate])
      for (const score of scores) {
        low = Math.min(low, score);
        high = Math.max(high, score);
      }
  return high > low ? high - low : Math.max(Math.abs(high), 1);
}

function harmonicOf(runs: Sequence<ExampleRuns>, side: 'baseline' | 'candidate'): number {
  return runs.length / sumOf(runs, (run) => 1 / run[side].length);
}

/** Without the last bits of a harmonic mean of equal numbers. */
function round(value: number): number {
  return Number(value.toFixed(6));
}
