import type { Sequence } from '../../core/index.ts';
import { average, sumOf, type Unit } from './unit.ts';

/** Sum of squared distances from the mean. Zero for equal values whatever their last bits. */
export function squaredSpread(values: readonly number[]): number {
  const mean = average(values);
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum <= 1e-18 * values.length * Math.max(1, mean * mean) ? 0 : sum;
}

/** Sample variance of a unit over the runs of both sides: what the labels `baseline` and `candidate` could be swapped in. */
export function pooledVariance({ baseline, candidate }: Unit): number {
  const count = baseline.length + candidate.length;
  // The spread of all is that within the sides and that between their means: no list of all is made.
  const apart = average(candidate) - average(baseline);
  const between = ((baseline.length * candidate.length) / count) * apart * apart;
  const spread = squaredSpread(baseline) + squaredSpread(candidate) + between;
  return Math.abs(apart) <= 1e-12 && spread <= 1e-18 ? 0 : spread / (count - 1);
}

/**
 * Flakiness: the mean sample variance of one unit over its runs, within each side, so that a real change does not count as
 * noise; over both sides where no side has two runs of anything. At one run a side and scores of 0 and 1 this is half the
 * share of units that flipped.
 */
export function flakiness(units: Sequence<Unit>): number {
  let squares = 0;
  let degrees = 0;
  for (const { baseline, candidate } of units) {
    if (baseline.length > 1) squares += squaredSpread(baseline);
    if (candidate.length > 1) squares += squaredSpread(candidate);
    degrees += Math.max(0, baseline.length - 1) + Math.max(0, candidate.length - 1);
  }
  if (degrees > 0) return squares / degrees;
  return units.length === 0 ? 0 : sumOf(units, pooledVariance) / units.length;
}

/**
 * Flakiness that is never zero: where nothing varied, or there is only one unit, as if there were two more units that
 * flipped once in all their runs. A unit that flips once in N runs has the sample variance 1 / N. After Agresti and Caffo
 * (The American Statistician 54, 2000), who add two pseudo-observations to each side.
 *
 * @param flip The size of a flip: the width of the scores' range.
 */
export function guardedFlakiness(units: Sequence<Unit>, flip: number): number {
  const measured = flakiness(units);
  if (units.length >= 2 && measured > 0) return measured;
  return (units.length * measured + 2 * pseudoVariance(units, flip)) / (units.length + 2);
}

/** Sample variance of a unit that flips once in as many runs as these have on average. */
export function pseudoVariance(units: Sequence<Unit>, flip: number): number {
  const runs =
    units.length === 0
      ? 2
      : sumOf(units, (unit) => unit.baseline.length + unit.candidate.length) / units.length;
  return flip ** 2 / runs;
}

/**
 * Standard error of the difference of the means if nothing changed: SE0^2 = sum w_i^2 s_i^2 (1/r0_i + 1/r_i), s_i^2 over
 * the runs of both sides. Zero when nothing varied.
 */
export function nullError(units: Sequence<Unit>): number {
  let sum = 0;
  for (const unit of units)
    sum += unit.weight ** 2 * pooledVariance(unit) * (1 / unit.baseline.length + 1 / unit.candidate.length);
  return Math.sqrt(sum);
}

/**
 * Standard error of `candidate - factor * baseline` for these very units, of which other draws are not asked. With two
 * runs of each unit on both sides from the variance within them; else from the variance of the difference between units,
 * which is larger. Two pseudo-flips keep it from being zero. Same construction as the page's interval.
 *
 * @param flip The size of a flip: the width of the scores' range.
 */
export function contrastError(units: Sequence<Unit>, factor: number, flip: number): number {
  const n = units.length;
  if (n === 0) return Number.POSITIVE_INFINITY;
  const r0 = sumOf(units, (unit) => unit.baseline.length) / n;
  const r = sumOf(units, (unit) => unit.candidate.length) / n;
  const pseudo = 2 * pseudoVariance(units, flip) * (1 / r0 + 1 / r);
  // Weights of n units, for sums as if there were two more.
  const scaled = (unit: Unit) => unit.weight * n;
  if (haveTwoRuns(units)) {
    let within = 0;
    for (const unit of units) {
      const before = squaredSpread(unit.baseline) / (unit.baseline.length - 1) / unit.baseline.length;
      const after = squaredSpread(unit.candidate) / (unit.candidate.length - 1) / unit.candidate.length;
      within += scaled(unit) ** 2 * (after + factor ** 2 * before);
    }
    return Math.sqrt(within + pseudo) / (n + 2);
  }
  const differences = Array.from(
    units,
    (unit) => scaled(unit) * (average(unit.candidate) - factor * average(unit.baseline)),
  );
  return Math.sqrt((squaredSpread(differences) + pseudo) / (n + 1) / (n + 2));
}

function haveTwoRuns(units: Iterable<Unit>): boolean {
  for (const { baseline, candidate } of units) if (baseline.length < 2 || candidate.length < 2) return false;
  return true;
}
