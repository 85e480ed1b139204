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
export function toUnits(examples: readonly ExampleRuns[]): Unit[] {
  const weight = 1 / examples.length;
  const clusters = new Map<string, ExampleRuns[]>();
  const units: Unit[] = [];
  for (const example of examples) {
    if (example.cluster === undefined) {
      units.push({ baseline: example.baseline, candidate: example.candidate, weight });
      continue;
    }
    const members = clusters.get(example.cluster);
    if (members === undefined) clusters.set(example.cluster, [example]);
    else members.push(example);
  }
  for (const members of clusters.values())
    units.push({
      baseline: averageByRun(members.map((member) => member.baseline)),
      candidate: averageByRun(members.map((member) => member.candidate)),
      weight: weight * members.length,
    });
  return units;
}

/** Run by run over the members that have it. */
function averageByRun(members: readonly (readonly number[])[]): number[] {
  const runs = Math.max(...members.map((scores) => scores.length));
  return Array.from({ length: runs }, (_, run) => average(members.flatMap((scores) => scores[run] ?? [])));
}

/** How many units of equal weight are as good as these: 1 / sum of squared weights (Kish, Survey Sampling, 1965). */
export function effectiveCount(units: readonly Unit[]): number {
  const squares = units.reduce((sum, { weight }) => sum + weight * weight, 0);
  return squares === 0 ? 0 : 1 / squares;
}

/** Harmonic mean of the number of runs, which is what a variance over runs depends on. 0 without units. */
export function harmonicRepeats(units: readonly Unit[], side: 'baseline' | 'candidate'): number {
  if (units.length === 0) return 0;
  return units.length / units.reduce((sum, unit) => sum + 1 / unit[side].length, 0);
}

/** The mean of numbers; NaN for none. */
export function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
