import type { Sequence } from '../../core/index.ts';
import type { Unit } from './unit.ts';

/** Steps of a score's unit that scores usually have: 0 and 1, halves, thirds, ... hundredths. */
const STEPS_PER_ONE = [1, 2, 3, 4, 5, 10, 20, 100];
/** Multiplications that an exact answer may cost. */
const MAX_COST = 2e7;

/** What {@link latticeTail} found. */
export type LatticeTail =
  | { readonly kind: 'exact'; readonly chance: number }
  /** On a grid, but too much work: half a step as the continuity correction of the normal form. */
  | { readonly kind: 'too_large'; readonly correction: number }
  | { readonly kind: 'no_lattice' };

/**
 * The exact chance that the candidate's runs sum to no more than they did, when the labels within each unit are shuffled:
 * the sum of the units' hypergeometric counts (for 0 and 1) or subset sums (for other grids), by convolution. Needs scores on
 * a grid, and the same weight and repeats in every unit, where the sum stands for the difference of the means.
 */
export function latticeTail(units: Sequence<Unit>): LatticeTail {
  const first = units.at(0);
  if (first === undefined) return { kind: 'no_lattice' };
  const { weight, baseline, candidate } = first;
  const even = everyUnit(
    units,
    (unit) =>
      Math.abs(unit.weight - weight) <= 1e-12 * weight &&
      unit.baseline.length === baseline.length &&
      unit.candidate.length === candidate.length,
  );
  const grid = even ? gridOf(units) : undefined;
  if (grid === undefined) return { kind: 'no_lattice' };
  const correction = (0.5 * weight * (1 / baseline.length + 1 / candidate.length)) / grid.stepsPerOne;
  const groups = new Map<string, { readonly runs: readonly number[]; count: number; observed: number }>();
  for (const unit of units) {
    const own = unit.candidate.map(grid.toSteps);
    const runs = [...unit.baseline.map(grid.toSteps), ...own].sort((a, b) => a - b);
    const key = runs.join();
    const group = groups.get(key) ?? { runs, count: 0, observed: 0 };
    groups.set(key, group);
    group.count += 1;
    for (const steps of own) group.observed += steps;
  }
  let chances: Float64Array = Float64Array.of(1);
  // The two arrays take turns: thousands of new ones would be memory that is not given back at once.
  let spare: Float64Array = new Float64Array(0);
  let size = 1;
  let lowest = 0;
  let observed = 0;
  let cost = 0;
  for (const group of groups.values()) {
    const sums = subsetSums(group.runs, candidate.length);
    observed += group.observed;
    for (let time = 0; time < group.count; time += 1) {
      cost += size * sums.chances.length;
      if (cost > MAX_COST) return { kind: 'too_large', correction };
      const needed = size + sums.chances.length - 1;
      if (spare.length < needed) spare = new Float64Array(2 * needed);
      convolve(chances.subarray(0, size), sums.chances, spare.subarray(0, needed));
      [chances, spare] = [spare, chances];
      size = needed;
      lowest += sums.lowest;
    }
  }
  let chance = 0;
  for (let sum = 0; sum <= Math.min(size - 1, observed - lowest); sum += 1) chance += chances[sum] ?? 0;
  return { kind: 'exact', chance };
}

interface Grid {
  readonly stepsPerOne: number;
  readonly toSteps: (score: number) => number;
}

function gridOf(units: Iterable<Unit>): Grid | undefined {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const unit of units)
    for (const scores of [unit.baseline, unit.candidate])
      for (const score of scores) {
        lowest = Math.min(lowest, score);
        highest = Math.max(highest, score);
      }
  const isOnGrid = (stepsPerOne: number) => {
    const fits = (score: number) => {
      const steps = (score - lowest) * stepsPerOne;
      return Math.abs(steps - Math.round(steps)) < 1e-6;
    };
    return everyUnit(units, (unit) => unit.baseline.every(fits) && unit.candidate.every(fits));
  };
  // Times and counts are whole numbers too: a wide grid costs more than it gives.
  if (highest - lowest > 100) return undefined;
  const stepsPerOne = STEPS_PER_ONE.find(isOnGrid);
  if (stepsPerOne === undefined) return undefined;
  return { stepsPerOne, toSteps: (score) => Math.round((score - lowest) * stepsPerOne) };
}

/** The chances of the sum of `take` of the runs, drawn without putting back, from the lowest sum on. */
function subsetSums(
  runs: readonly number[],
  take: number,
): { readonly lowest: number; readonly chances: Float64Array } {
  const total = runs.reduce((sum, run) => sum + run, 0);
  // ways[k][s]: chance, over the runs seen so far, that k of them are taken and sum to s, up to the number of ways.
  const ways = Array.from({ length: take + 1 }, () => new Float64Array(total + 1));
  const start = ways[0];
  if (start !== undefined) start[0] = 1;
  for (const run of runs)
    for (let k = take; k >= 1; k -= 1) {
      const [into, from] = [ways[k], ways[k - 1]];
      if (into === undefined || from === undefined) continue;
      for (let sum = total; sum >= run; sum -= 1) into[sum] = (into[sum] ?? 0) + (from[sum - run] ?? 0);
    }
  const counts = ways[take] ?? Float64Array.of(1);
  let all = 0;
  for (const count of counts) all += count;
  const lowest = counts.findIndex((count) => count > 0);
  let highest = counts.length - 1;
  while (highest > lowest && counts[highest] === 0) highest -= 1;
  return { lowest, chances: counts.slice(lowest, highest + 1).map((count) => count / all) };
}

/** Into `out`, which has exactly the length of the result. */
function convolve(left: Float64Array, right: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (let a = 0; a < left.length; a += 1) {
    const chance = left[a] ?? 0;
    if (chance === 0) continue;
    for (let b = 0; b < right.length; b += 1) out[a + b] = (out[a + b] ?? 0) + chance * (right[b] ?? 0);
  }
}

function everyUnit(units: Iterable<Unit>, holds: (unit: Unit) => boolean): boolean {
  for (const unit of units) if (!holds(unit)) return false;
  return true;
}
