import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/index.ts';
import { normalCdf, normalQuantile, studentQuantile } from './distributions.ts';
import { chanceOfDrop } from './permutation-test.ts';
import { changeError, detectableDrop, detection, falseAlarm, needed } from './sensitivity.ts';
import {
  average,
  type ExampleRuns,
  effectiveCount,
  harmonicRepeats,
  type Unit,
  toUnits as unitsOf,
} from './unit.ts';
import { contrastError, flakiness, guardedFlakiness, nullError } from './variance.ts';

const toUnits = (examples: readonly ExampleRuns[]) => [...unitsOf(examples)];

const units = (baseline: readonly (readonly number[])[], candidate: readonly (readonly number[])[]): Unit[] =>
  toUnits(baseline.map((scores, index) => ({ baseline: scores, candidate: candidate[index]! })));
const repeat = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

/** 20 examples, one run a side: six got worse and one got better. */
const MCNEMAR = units(
  [...repeat(6, [1]), [0], ...repeat(13, [1])],
  [...repeat(6, [0]), [1], ...repeat(13, [1])],
);

describe('the distributions', () => {
  it.each([
    [1.6448536, 0.95],
    [-1.959964, 0.025],
    [0, 0.5],
    [3.090232, 0.999],
  ])('normal: P(Z <= %f) is %f in the tables', (z, p) => {
    expect(normalCdf(z)).toBeCloseTo(p, 6);
    expect(normalQuantile(p)).toBeCloseTo(z, 5);
  });

  it.each([
    [0.975, 1, 12.706, 0.001],
    [0.975, 2, 4.303, 0.001],
    [0.975, 3, 3.182, 0.03],
    [0.95, 19, 1.7291, 0.001],
    [0.975, 49, 2.0096, 0.001],
  ])("Student's t: the quantile of %f with %d degrees is %f in the tables", (p, df, t, error) => {
    expect(Math.abs(studentQuantile(p, df) - t)).toBeLessThan(error);
  });

  it('the quantile undoes the chance', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.0001, max: 0.9999, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 6);
      }),
    );
  });
});

describe('the chance of a drop without any change', () => {
  it("is McNemar's exact test at one run a side: six losses and a gain of seven", () => {
    expect(chanceOfDrop(MCNEMAR)).toBeCloseTo(8 / 128, 12);
  });

  it('is the share of relabelings at several runs: five of five to none of five', () => {
    const one = units([repeat(5, 1), repeat(5, 1)], [repeat(5, 0), repeat(5, 1)]);
    expect(chanceOfDrop(one)).toBeCloseTo(1 / 252, 12);
  });

  it('is one half for a single example that flipped, and one for no drop and for no variance', () => {
    expect(chanceOfDrop(units([[1]], [[0]]))).toBe(0.5);
    expect(chanceOfDrop(units([[0]], [[1]]))).toBe(1);
    expect(chanceOfDrop(units([[1], [1]], [[1], [1]]))).toBe(1);
    expect(chanceOfDrop([])).toBe(1);
  });

  /** By going through every relabeling. */
  function bruteForce(all: readonly Unit[]): number {
    const drop = (unit: Unit) => unit.weight * (average(unit.candidate) - average(unit.baseline));
    const observed = all.reduce((sum, unit) => sum + drop(unit), 0);
    let sums = [0];
    for (const unit of all) {
      const runs = [...unit.baseline, ...unit.candidate];
      const changes: number[] = [];
      for (let mask = 0; mask < 2 ** runs.length; mask += 1) {
        const candidate = runs.filter((_, run) => (mask >> run) & 1);
        if (candidate.length !== unit.candidate.length) continue;
        changes.push(drop({ ...unit, candidate, baseline: runs.filter((_, run) => !((mask >> run) & 1)) }));
      }
      sums = sums.flatMap((sum) => changes.map((change) => sum + change));
    }
    return observed >= -1e-9 ? 1 : sums.filter((sum) => sum <= observed + 1e-9).length / sums.length;
  }

  const gridScore = fc.constantFrom(0, 0.1, 0.5, 1);
  const anyScore = fc.integer({ min: -35, max: 35 }).map((sevenths) => sevenths / 7);
  it.each([
    ['on a grid, even', gridScore, true],
    ['on a grid, uneven', gridScore, false],
    ['any, uneven', anyScore, false],
  ] as const)('is what going through every relabeling gives: %s', (_, score, even) => {
    const side = fc.array(score, even ? { minLength: 2, maxLength: 2 } : { minLength: 1, maxLength: 3 });
    const example = fc.record({ baseline: side, candidate: side });
    fc.assert(
      fc.property(fc.array(example, { minLength: 1, maxLength: 3 }), (examples) => {
        const all = toUnits(examples);
        expect(chanceOfDrop(all)).toBeCloseTo(bruteForce(all), 9);
      }),
      { numRuns: 200 },
    );
  });

  it('of random relabelings is near the exact one, never zero, and the same every time', () => {
    const random = seededRandom(7);
    const noisy = Array.from({ length: 30 }, () => {
      const at = random();
      const runs = () => [at + random(), at + random() - 0.02];
      return { baseline: runs(), candidate: runs().map((score) => score - 0.12) };
    });
    const all = toUnits(noisy);
    const z = all.reduce(
      (sum, unit) => sum + unit.weight * (average(unit.candidate) - average(unit.baseline)),
      0,
    );
    const chance = chanceOfDrop(all);
    expect(chance).toBe(chanceOfDrop(all));
    expect(chance).toBeGreaterThan(0);
    expect(Math.abs(chance - normalCdf(z / nullError(all)))).toBeLessThan(0.02);
  });

  it('of random relabelings is one in 10,001 at least, however large the drop', () => {
    const random = seededRandom(8);
    const far = Array.from({ length: 40 }, () => ({
      baseline: [5 + random(), 5 + random()],
      candidate: [random(), random()],
    }));
    expect(chanceOfDrop(toUnits(far))).toBe(1 / 10_001);
  });

  it('does not grow when the candidate gets worse, and does not depend on the order of examples', () => {
    const run = fc.constantFrom(0, 1);
    const example = fc.record({
      baseline: fc.array(run, { minLength: 3, maxLength: 3 }),
      candidate: fc.array(run, { minLength: 2, maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(example, { minLength: 2, maxLength: 12 }), (examples) => {
        const chance = chanceOfDrop(toUnits(examples));
        expect(chanceOfDrop(toUnits([...examples].reverse()))).toBeCloseTo(chance, 9);
        expect(chance).toBeGreaterThan(0);
        expect(chance).toBeLessThanOrEqual(1);
        const worst = examples.map((one) => ({ ...one, candidate: [0, 0], baseline: [1, 1, 1] }));
        expect(chanceOfDrop(toUnits(worst))).toBeLessThanOrEqual(chance + 1e-12);
      }),
    );
  });

  it('is 1 where the mean stays the same, whatever the last bits of the sum say', () => {
    const sides = [
      [
        [1, 0, 1],
        [0, 1],
      ],
      [
        [1, 1, 1],
        [0, 1],
      ],
      [
        [0, 1, 0],
        [1, 0],
      ],
      [
        [0, 1, 0],
        [0, 0],
      ],
      [
        [0, 0, 0],
        [1, 1],
      ],
      [
        [0, 1, 1],
        [1, 0],
      ],
    ] as const;
    for (const scale of [1, 0.37, 12_345.678]) {
      const examples = sides.map(([baseline, candidate]) => ({
        baseline: baseline.map((score) => score * scale),
        candidate: candidate.map((score) => score * scale),
      }));
      for (const order of [examples, [...examples].reverse()]) expect(chanceOfDrop(toUnits(order))).toBe(1);
    }
  });

  it('takes 10,000 examples in well under a second', () => {
    const random = seededRandom(3);
    const many = Array.from({ length: 10_000 }, () => ({
      baseline: [random() < 0.9 ? 1 : 0],
      candidate: [random() < 0.89 ? 1 : 0],
    }));
    const startedMs = performance.now();
    expect(chanceOfDrop(toUnits(many))).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe('errors and flakiness', () => {
  it('the error without a change at one run a side is the root of the flips over n', () => {
    expect(nullError(MCNEMAR)).toBeCloseTo(Math.sqrt(7) / 20, 12);
  });

  it('flakiness at one run a side is half the share of flips', () => {
    expect(flakiness(MCNEMAR)).toBeCloseTo(7 / 20 / 2, 12);
  });

  it('flakiness of several runs is the variance within each side, which a change does not raise', () => {
    expect(flakiness(units([repeat(5, 1)], [repeat(5, 0)]))).toBe(0);
    expect(flakiness(units([[1, 1, 1, 1, 0]], [[1]]))).toBeCloseTo(0.2, 12);
  });

  it('is never zero where nothing varied: two more examples that flipped once', () => {
    const same = units(repeat(18, [1]), repeat(18, [1]));
    expect(flakiness(same)).toBe(0);
    expect(guardedFlakiness(same, 1)).toBeCloseTo((2 * 0.5) / 20, 12);
    expect(guardedFlakiness(MCNEMAR, 1)).toBe(flakiness(MCNEMAR));
    for (const side of [[1], [1, 1, 1]])
      expect(contrastError(units(repeat(20, side), repeat(20, side)), 0.95, 1)).toBeGreaterThan(0.02);
  });

  it('the error for these examples is that of the reference: binary, 5 x 5 and 1 x 1', () => {
    const within = units([[1, 1, 1, 1, 0], repeat(5, 1)], [[1, 1, 0, 0, 0], repeat(5, 1)]);
    const pseudo = (2 / 10) * (2 / 5);
    expect(contrastError(within, 0.95, 1)).toBeCloseTo(
      Math.sqrt(0.3 / 5 + (0.9025 * 0.2) / 5 + pseudo) / 4,
      12,
    );
    const differences = MCNEMAR.map((unit) => unit.candidate[0]! - 0.95 * unit.baseline[0]!);
    const mean = average(differences);
    const spread = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    expect(contrastError(MCNEMAR, 0.95, 1)).toBeCloseTo(Math.sqrt((spread + 2) / 21 / 22), 12);
  });
});

describe('clusters', () => {
  const examples: ExampleRuns[] = Array.from({ length: 12 }, (_, index) => ({
    baseline: [1, 1],
    candidate: index < 6 ? [0, 0] : [1, 1],
    cluster: `conversation-${Math.floor(index / 6)}`,
  }));

  it('are averaged first, so that examples that vary together count once', () => {
    const clustered = toUnits(examples);
    expect(clustered).toHaveLength(2);
    expect(effectiveCount(clustered)).toBeCloseTo(2, 12);
    const alone = toUnits(examples.map(({ cluster: _cluster, ...one }) => one));
    expect(effectiveCount(alone)).toBeCloseTo(12, 12);
    expect(chanceOfDrop(clustered)).toBeGreaterThan(chanceOfDrop(alone));
    expect(nullError(clustered)).toBeGreaterThan(nullError(alone));
  });

  it('keep the means of the examples', () => {
    const uneven = examples.map((one, index) => ({ ...one, cluster: index < 3 ? 'few' : 'many' }));
    const mean = (all: readonly Unit[]) =>
      all.reduce((sum, unit) => sum + unit.weight * average(unit.candidate), 0);
    expect(mean(toUnits(uneven))).toBeCloseTo(0.5, 12);
    expect(toUnits(uneven).reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it('repeats are the harmonic mean', () => {
    expect(harmonicRepeats(units([[1], [1, 1, 1]], [[1], [1]]), 'baseline')).toBeCloseTo(1.5, 12);
  });
});

describe('what a layout sees', () => {
  const noise = { mean: 0.85, flakiness: 0.06375, threshold: 0.05 };
  const layout = { examples: 50, baselineRepeats: 5, candidateRepeats: 1 };

  it('is what the reference planner gives at 50 examples, 5 x 1', () => {
    expect(falseAlarm(noise, layout)).toBeCloseTo(0.1366, 3);
    expect(detectableDrop(noise, layout)).toBeCloseTo(0.103, 3);
    expect(changeError(noise, layout, 0)).toBeCloseTo(0.0456, 3);
  });

  it('sees the detectable drop with the chance that was asked for', () => {
    fc.assert(
      fc.property(
        fc.record({
          mean: fc.double({ min: 0.3, max: 0.99, noNaN: true }),
          examples: fc.integer({ min: 50, max: 2_000 }),
          baselineRepeats: fc.integer({ min: 1, max: 9 }),
          candidateRepeats: fc.integer({ min: 1, max: 9 }),
        }),
        fc.constantFrom(0.8, 0.95),
        ({ mean, ...sizes }, power) => {
          const here = { mean, flakiness: mean * (1 - mean) * 0.5, threshold: 0.05 };
          const drop = detectableDrop(here, sizes, power);
          fc.pre(drop < 0.9);
          expect(detection(here, sizes, drop)).toBeCloseTo(power, 3);
        },
      ),
    );
  });

  it('finds the smallest size that suffices, and says where none does', () => {
    const wanted = { drop: 0.1 };
    const examples = needed('examples', noise, layout, wanted)!;
    const suffices = (count: number) =>
      falseAlarm(noise, { ...layout, examples: count }) <= 0.05 &&
      detection(noise, { ...layout, examples: count }, 0.1) >= 0.8;
    expect([suffices(examples), suffices(examples - 1)]).toEqual([true, false]);
    expect(needed('examples', noise, layout, { drop: 0.05 })).toBeNull();
    expect(
      needed('candidateRepeats', noise, { ...layout, examples: 10, baselineRepeats: 1 }, wanted),
    ).toBeNull();
  });

  it('is worse for lower-is-better scores that vary more, and defined for negative means', () => {
    const cost = {
      mean: -1_000,
      flakiness: 10_000,
      threshold: 0.05,
      direction: 'lower' as const,
      spreads: false,
    };
    expect(falseAlarm(cost, layout)).toBeGreaterThan(0);
    expect(detectableDrop({ ...cost, flakiness: 20_000 }, layout)).toBeGreaterThan(
      detectableDrop(cost, layout),
    );
  });
});
