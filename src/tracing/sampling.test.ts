import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, seededRandom } from '../core/index.ts';
import { decide, rejectionThreshold } from './sampling.ts';

const rates = fc.double({ min: 0, max: 1, noNaN: true });
const harmless = fc.constantFrom(
  ...OUTCOMES.filter((outcome) => outcome !== 'error' && outcome !== 'handled_error'),
);

describe('decide', () => {
  it('keeps every failure at any rate, for itself alone', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        rates,
        fc.constantFrom('error' as const, 'handled_error' as const),
        (traceId, sampleRate, outcome) => {
          expect(decide({ traceId, outcome }, { sampleRate })).toEqual({
            keep: true,
            reason: outcome,
            weight: 1,
          });
        },
      ),
    );
  });

  it('keeps everything at 1 and no success at 0', () => {
    fc.assert(
      fc.property(fc.uuid(), harmless, (traceId, outcome) => {
        expect(decide({ traceId, outcome }, { sampleRate: 1 })).toEqual({
          keep: true,
          reason: 'sampled',
          weight: 1,
        });
        expect(decide({ traceId, outcome }, { sampleRate: 0 })).toEqual({
          keep: false,
          reason: 'not_sampled',
        });
      }),
    );
  });

  it('keeps at a higher rate whatever it keeps at a lower one', () => {
    fc.assert(
      fc.property(fc.uuid(), harmless, rates, rates, (traceId, outcome, a, b) => {
        const low = decide({ traceId, outcome }, { sampleRate: Math.min(a, b) });
        const high = decide({ traceId, outcome }, { sampleRate: Math.max(a, b) });
        expect(!low.keep || high.keep).toBe(true);
      }),
    );
  });

  it('gives a sampled trace the weight 1 / rate', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (sampleRate) => {
        const decision = decide(
          { traceId: 'ffffffff-ffff-7fff-bfff-ffffffffffff', outcome: 'success' },
          { sampleRate },
        );
        expect(decision.keep && decision.weight).toBeCloseTo(1 / sampleRate, 6);
      }),
    );
  });

  it('keeps about the share that was asked for', () => {
    const random = seededRandom(7);
    const hex = () => Math.floor(random() * 16).toString(16);
    const kept = Array.from({ length: 20_000 }, () => Array.from({ length: 32 }, hex).join('')).filter(
      (traceId) => decide({ traceId, outcome: 'success' }, { sampleRate: 0.1 }).keep,
    );
    // Five standard deviations of a binomial around 2,000.
    expect(Math.abs(kept.length - 2_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9));
  });

  it('decides a run id that is no UUID, and always alike', () => {
    const decisions = new Set(
      Array.from(
        { length: 200 },
        (_, index) => decide({ traceId: `job-${index}`, outcome: 'success' }, { sampleRate: 0.5 }).keep,
      ),
    );
    expect(decisions).toEqual(new Set([true, false]));
    expect(decide({ traceId: 'job-1', outcome: 'success' }, { sampleRate: 0.5 })).toEqual(
      decide({ traceId: 'job-1', outcome: 'success' }, { sampleRate: 0.5 }),
    );
  });
});

describe('rejectionThreshold', () => {
  it("is OpenTelemetry's e6666666666668 for 10%", () => {
    expect(rejectionThreshold(0.1).toString(16)).toBe('e6666666666668');
    expect(rejectionThreshold(0.5).toString(16)).toBe('80000000000000');
  });
});
