import { type Sequence, seededRandom, sequenceOf } from '../../core/index.ts';
import { normalCdf } from './distributions.ts';
import { latticeTail } from './lattice-tail.ts';
import { average, type Unit } from './unit.ts';
import { nullError, pooledVariance } from './variance.ts';

/** Most relabelings that are gone through one by one. */
const MAX_ENUMERATED = 65_536;
/** Random relabelings where all of them are too many. The standard error at a chance of 1% is 0.1 points. */
const DRAWS = 10_000;
/** From so many units that vary, the sum is as good as normal. */
const NORMAL_FROM = 200;
const SEED = 1;
/** Share of the scores' size by which sums in another order may differ: what is within it of a drop is one. */
const ROUNDING = 1e-12;

/**
 * The chance that the candidate's mean falls at least as far below the baseline's as it did, if nothing changed: one-sided
 * permutation test that shuffles the labels `baseline` and `candidate` within each unit (Fisher, The Design of Experiments,
 * 1935, section 21). Only units whose scores vary matter. At one run a side and scores of 0 and 1 it is McNemar's exact
 * test. 1 when the mean did not fall.
 *
 * Exact for scores on a grid (0 and 1, tenths, hundredths) with equal weights and repeats, and where there are few
 * relabelings; else 10,000 seeded random ones, and the normal form for many units. Deterministic.
 */
export function chanceOfDrop(units: Sequence<Unit>): number {
  // Units that do not vary add nothing to it.
  let drop = 0;
  let size = 0;
  for (const unit of units) {
    drop += unit.weight * change(unit);
    size += unit.weight * largest(unit);
  }
  const slack = ROUNDING * size;
  if (drop >= -slack) return 1;
  const varying = varyingOf(units);
  if (varying.length === 0) return 1;
  const lattice = latticeTail(varying);
  if (lattice.kind === 'exact') return Math.min(1, lattice.chance);
  const error = nullError(varying);
  if (lattice.kind === 'too_large') return normalCdf((drop + lattice.correction) / error);
  return (
    enumerate(varying, drop + slack) ??
    (varying.length < NORMAL_FROM ? draw(varying, drop + slack) : normalCdf(drop / error))
  );
}

function varyingOf(units: Sequence<Unit>): Sequence<Unit> {
  const places: number[] = [];
  let place = 0;
  for (const unit of units) {
    if (pooledVariance(unit) > 0) places.push(place);
    place += 1;
  }
  return sequenceOf(places.length, (index) => {
    const unit = units.at(places[index] ?? 0);
    if (unit === undefined) throw new RangeError(`There is no unit ${places[index]} of ${units.length}.`);
    return unit;
  });
}

function change({ baseline, candidate }: Unit): number {
  return average(candidate) - average(baseline);
}

function largest({ baseline, candidate }: Unit): number {
  let most = 0;
  for (const run of baseline) most = Math.max(most, Math.abs(run));
  for (const run of candidate) most = Math.max(most, Math.abs(run));
  return most;
}

/** The share of all relabelings whose sum is at most `drop`. */
function enumerate(units: Iterable<Unit>, drop: number): number | undefined {
  let sums: number[] = [0];
  for (const unit of units) {
    const changes = relabelings(unit, MAX_ENUMERATED / sums.length);
    if (changes === undefined) return undefined;
    sums = sums.flatMap((sum) => changes.map((one) => sum + unit.weight * one));
  }
  return sums.filter((sum) => sum <= drop).length / sums.length;
}

/** The change of a unit under every choice of its candidate runs; undefined for more than `most`. */
function relabelings({ baseline, candidate }: Unit, most: number): number[] | undefined {
  const runs = [...baseline, ...candidate];
  const total = runs.reduce((sum, run) => sum + run, 0);
  const chosen: number[] = [];
  const choose = (from: number, left: number, sum: number): boolean => {
    if (left === 0) {
      chosen.push(sum / candidate.length - (total - sum) / baseline.length);
      return chosen.length <= most;
    }
    for (let index = from; index <= runs.length - left; index += 1)
      if (!choose(index + 1, left - 1, sum + (runs[index] ?? 0))) return false;
    return true;
  };
  return choose(0, candidate.length, 0) ? chosen : undefined;
}

/** (hits + 1) / (draws + 1), so that a chance is never called zero (Davison and Hinkley, Bootstrap Methods, 1997, 4.2). */
function draw(units: Iterable<Unit>, drop: number): number {
  const random = seededRandom(SEED);
  const all = Array.from(units, (unit) => {
    const runs = [...unit.baseline, ...unit.candidate];
    return { ...unit, runs, total: runs.reduce((sum, run) => sum + run, 0) };
  });
  let hits = 0;
  for (let round = 0; round < DRAWS; round += 1) {
    let sum = 0;
    for (const { runs, candidate, baseline, weight, total } of all) {
      let chosen = 0;
      // The first places of a shuffle that is not finished (Fisher and Yates).
      for (let place = 0; place < candidate.length; place += 1) {
        const other = place + Math.floor(random() * (runs.length - place));
        const run = runs[other] ?? 0;
        runs[other] = runs[place] ?? 0;
        runs[place] = run;
        chosen += run;
      }
      sum += weight * (chosen / candidate.length - (total - chosen) / baseline.length);
    }
    if (sum <= drop) hits += 1;
  }
  return (hits + 1) / (DRAWS + 1);
}
