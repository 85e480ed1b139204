import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breaches, fails, gainOf, isTooLow, limitOf, relativeChange } from './rule.ts';

const HIGHER = { threshold: 0.05, direction: 'higher', range: [0, 1] } as const;
const LOWER = { threshold: 0.05, direction: 'lower', range: [0, null] } as const;

describe('breaches', () => {
  it('allows a drop of exactly 5% at every size of dataset, which needs the epsilon', () => {
    let cases = 0;
    let wrongWithoutIt = 0;
    for (let n = 20; n <= 500; n += 1) {
      for (let twentieth = 1; 20 * twentieth <= n; twentieth += 1) {
        const [baseline, candidate] = [(20 * twentieth) / n, (19 * twentieth) / n];
        cases += 1;
        if (breaches(HIGHER, baseline, candidate)) throw new Error(`fails ${candidate} against ${baseline}`);
        if (candidate < (1 - HIGHER.threshold) * baseline) wrongWithoutIt += 1;
      }
    }
    expect(cases).toBeGreaterThan(5_000);
    expect(wrongWithoutIt).toBeGreaterThan(0);
  });

  it('fails one example more than that, at every size', () => {
    for (let n = 20; n <= 500; n += 1) {
      const allowed = Math.floor(n / 20);
      expect(breaches(HIGHER, 1, (n - allowed) / n)).toBe(false);
      expect(breaches(HIGHER, 1, (n - allowed - 1) / n)).toBe(true);
    }
  });

  it('mirrors: lower-is-better is higher-is-better of the negated scores', () => {
    const any = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(any, any, (baseline, candidate) => {
        expect(breaches(LOWER, baseline, candidate)).toBe(breaches(HIGHER, -baseline, -candidate));
      }),
    );
  });

  it('never breaches with the same mean, whatever its sign, and is monotone', () => {
    const any = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(any, any, fc.double({ min: 0, max: 1e9, noNaN: true }), (baseline, candidate, less) => {
        expect(breaches(HIGHER, baseline, baseline)).toBe(false);
        if (breaches(HIGHER, baseline, candidate))
          expect(breaches(HIGHER, baseline, candidate - less)).toBe(true);
      }),
    );
  });

  it('has an answer for infinite means, which missing scores without a bound give', () => {
    expect(breaches(LOWER, 100, Number.POSITIVE_INFINITY)).toBe(true);
    expect(breaches(LOWER, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(false);
    expect(breaches({ ...HIGHER, direction: 'higher' }, Number.POSITIVE_INFINITY, 1)).toBe(true);
  });
});

describe('isTooLow', () => {
  it('is true in the lowest fifth of the range and where nothing can breach the limit', () => {
    expect(isTooLow(HIGHER, 0.19)).toBe(true);
    expect(isTooLow(HIGHER, 0.2)).toBe(false);
    expect(isTooLow({ ...HIGHER, range: [1, 5] }, 1.5)).toBe(true);
    expect(isTooLow({ ...HIGHER, range: [0, null] }, 0)).toBe(true);
    expect(isTooLow({ ...HIGHER, range: [null, null] }, 0)).toBe(false);
    expect(isTooLow({ ...LOWER, range: [0, 1] }, 0.96)).toBe(true);
    expect(isTooLow({ ...LOWER, range: [0, 1] }, 0.5)).toBe(false);
  });

  it('keeps the rule from failing', () => {
    expect(breaches(HIGHER, 0.1, 0)).toBe(true);
    expect(fails(HIGHER, 0.1, 0)).toBe(false);
  });
});

it('limits, changes and gains follow the direction', () => {
  expect(limitOf(HIGHER, 0.8)).toBeCloseTo(0.76);
  expect(limitOf(LOWER, 100)).toBeCloseTo(105);
  expect(limitOf(HIGHER, -1)).toBeCloseTo(-1.05);
  expect(relativeChange(0.8, 0.76)).toBeCloseTo(-0.05);
  expect(relativeChange(0, 1)).toBeNull();
  expect(relativeChange(0, 0)).toBe(0);
  expect(gainOf('lower', 100, 90)).toBe(10);
  expect(gainOf('higher', 0.3, 0.1 + 0.2)).toBe(0);
});
