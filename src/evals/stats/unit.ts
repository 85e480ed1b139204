import { type Sequence, sequenceOf } from '../../core/index.ts';

/** The scores of one example on both sides, more is better. At least one on each. */
export interface ExampleRuns {
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
  /** Examples of the same name vary together, such as the turns of one conversation. Default: none does. */
  readonly cluster?: string | undefined;
}

/** What varies independently: an example, or a cluster of them averaged run by run. */
export interface Unit {
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
  /** Its part of the mean. The weights of all units sum to 1. */
  readonly weight: number;
}

/**
 * Examples as units. A cluster is averaged run by run first, and weighs as many examples as it has, so that the means stay
 * those of the examples (Liang and Zeger, Biometrika 73, 1986: cluster sums as the independent terms).
 */
export function toUnits(examples: Sequence<ExampleRuns>): Sequence<Unit> {
  const weight = 1 / examples.length;
  const singles: number[] = [];
  const clusters = new Map<string, number[]>();
  let place = 0;
  for (const { cluster } of examples) {
    const members = cluster === undefined ? singles : clusters.get(cluster);
    if (members !== undefined) members.push(place);
    else if (cluster !== undefined) clusters.set(cluster, [place]);
    place += 1;
  }
  const at = (index: number | undefined) => {
    const example = index === undefined ? undefined : examples.at(index);
    if (example === undefined) throw new RangeError(`There is no example ${index} of ${examples.length}.`);
    return example;
  };
  const averaged = [...clusters.values()].map((indexes): Unit => {
    const members = indexes.map(at);
    return {
      baseline: averageByRun(members.map((member) => member.baseline)),
      candidate: averageByRun(members.map((member) => member.candidate)),
      weight: weight * members.length,
    };
  });
  return sequenceOf(singles.length + averaged.length, (index) => {
    // A negative index would be looked up as a name, which takes ages.
    const cluster = index < singles.length ? undefined : averaged[index - singles.length];
    if (cluster !== undefined) return cluster;
    const { baseline, candidate } = at(singles[index]);
    return { baseline, candidate, weight };
  });
}

/** Run by run over the members that have it. */
function averageByRun(members: readonly (readonly number[])[]): number[] {
  const runs = members.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: runs }, (_, run) => average(members.flatMap((scores) => scores[run] ?? [])));
}

/** The sum of a value over items. */
export function sumOf<Item>(items: Iterable<Item>, of: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return sum;
}

/** How many units of equal weight are as good as these: 1 / sum of squared weights (Kish, Survey Sampling, 1965). */
export function effectiveCount(units: Iterable<Unit>): number {
  const squares = sumOf(units, ({ weight }) => weight * weight);
  return squares === 0 ? 0 : 1 / squares;
}

/** Harmonic mean of the number of runs, which is what a variance over runs depends on. 0 without units. */
export function harmonicRepeats(units: Sequence<Unit>, side: 'baseline' | 'candidate'): number {
  if (units.length === 0) return 0;
  return units.length / sumOf(units, (unit) => 1 / unit[side].length);
}

/** The mean of numbers; NaN for none. */
export function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
