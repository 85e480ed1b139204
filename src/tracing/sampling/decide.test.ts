import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, type Outcome, seededRandom } from '../../core/index.ts';
import {
  decide as decideWith,
  type KeepRule,
  rejectionThreshold,
  type SpanFacts,
  type TraceFacts,
  withErrors,
} from './index.ts';

/** Facts of a run of one span, each of which can be given. */
function run(facts: Partial<TraceFacts>): TraceFacts {
  return {
    traceId: '00000000-0000-4000-8000-000000000000',
    outcome: 'success',
    durationMs: 10,
    spans: [span({})],
    ...facts,
  };
}

function span(facts: Partial<SpanFacts>): SpanFacts {
  return {
    id: 'root',
    parentId: undefined,
    name: 'support',
    type: 'graph',
    startTimeMs: 0,
    endTimeMs: 10,
    outcome: 'success',
    inputs: undefined,
    outputs: undefined,
    thrown: undefined,
    tags: [],
    metadata: {},
    ...facts,
  };
}

/** The decision as it is recorded. */
function decide(
  facts: { readonly traceId: string; readonly outcome: Outcome },
  policy: { readonly sampleRate: number },
) {
  const decision = decideWith(run(facts), { ...policy, keep: withErrors([]) });
  if (!decision.keep) return decision;
  const { sampled: _sampled, ...recorded } = decision;
  return recorded;
}

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

describe('the rules of what to keep', () => {
  // Nothing is kept but by a rule.
  const under = (facts: Partial<TraceFacts>, ...keep: KeepRule[]) =>
    decideWith(run(facts), { keep, sampleRate: 0 });
  const reason = (facts: Partial<TraceFacts>, ...keep: KeepRule[]) => under(facts, ...keep).reason;
  const inner = span({
    id: 'n',
    parentId: 'root',
    name: 'ask',
    type: 'node',
    metadata: { langgraph_node: 'ask' },
  });
  const spans = [span({ tags: ['vip'], metadata: { route: '/refunds', tries: 2 } }), inner];

  it('decide by the first one that matches, which is the reason', () => {
    const slow: KeepRule = { type: 'slower_than', ms: 5 };
    const interrupted: KeepRule = { type: 'outcome', outcomes: ['interrupted'] };
    expect(reason({ outcome: 'interrupted' }, slow, interrupted)).toBe('slower_than');
    expect(reason({ outcome: 'interrupted' }, interrupted, slow)).toBe('outcome:interrupted');
    expect(under({ durationMs: 5 }, slow)).toEqual({ keep: false, reason: 'not_sampled' });
    expect(under({ durationMs: 6 }, slow)).toEqual({
      keep: true,
      reason: 'slower_than',
      weight: 1,
      sampled: false,
    });
  });

  it('keep an error anywhere, or only one of the run itself', () => {
    const failed = {
      outcome: 'interrupted',
      spans: [span({}), { ...inner, outcome: 'handled_error' }],
    } as const;
    expect(reason(failed, { type: 'error', scope: 'any_span' })).toBe('handled_error');
    expect(reason(failed, { type: 'error', scope: 'root' })).toBe('not_sampled');
    expect(reason({ outcome: 'error' }, { type: 'error', scope: 'root' })).toBe('error');
  });

  it('keep errors also when nobody thought of them, and leave them where somebody put them', () => {
    const health: KeepRule = { type: 'path', tag: 'health', rate: 0 };
    expect(withErrors([health])).toEqual([{ type: 'error', scope: 'any_span' }, health]);
    const given: KeepRule[] = [health, { type: 'error', scope: 'root' }];
    expect(withErrors(given)).toEqual(given);
  });

  it.each([
    [{ graph: 'support' }, true],
    [{ graph: 'other' }, false],
    [{ node: 'ask' }, true],
    [{ graph: 'support', node: 'ask' }, true],
    [{ graph: 'support', node: 'other' }, false],
    [{ tag: 'vip' }, true],
    [{ metadata: { route: '/refunds' } }, true],
    [{ metadata: { route: '/refunds', tries: 2 } }, true],
    [{ metadata: { tries: '2' } }, false],
    [{ tool: 'ask' }, false],
  ])('find the path %j: %s', (path, found) => {
    expect(under({ spans }, { type: 'path', ...path, rate: 1 }).keep).toBe(found);
  });

  it('sample a path at its own rate, and the rest at the base rate', () => {
    const quiet: KeepRule = { type: 'path', tag: 'vip', rate: 0.25 };
    const all = (facts: Partial<TraceFacts>) => decideWith(run(facts), { keep: [quiet], sampleRate: 1 });
    const high = 'ffffffff-ffff-4fff-bfff-ffffffffffff';
    expect(all({ spans, traceId: high })).toEqual({
      keep: true,
      reason: 'path:tag=vip',
      weight: 4,
      sampled: true,
    });
    expect(all({ spans })).toEqual({ keep: false, reason: 'not_sampled' });
    expect(all({})).toMatchObject({ keep: true, reason: 'sampled', weight: 1 });
  });

  it('ask a predicate, and keep what it cannot judge', () => {
    const custom = (predicate: (facts: TraceFacts) => unknown) =>
      reason(
        { spans },
        { type: 'custom', name: 'mine', predicate: predicate as (facts: TraceFacts) => boolean },
      );
    expect(custom(({ spans: [root] }) => root?.metadata['route'] === '/refunds')).toBe('custom:mine');
    expect(custom(() => false)).toBe('not_sampled');
    expect(
      custom(() => {
        throw new Error('no');
      }),
    ).toBe('custom:mine:failed');
    expect(custom(async () => false)).toBe('custom:mine:failed');
    expect(custom(() => undefined)).toBe('custom:mine:failed');
  });

  it('follow the threshold and the randomness of a caller', () => {
    const threshold = rejectionThreshold(0.5);
    const policy = { keep: [], sampleRate: 0 };
    expect(decideWith(run({ incoming: { threshold, randomness: threshold } }), policy)).toEqual({
      keep: true,
      reason: 'sampled',
      weight: 2,
      sampled: true,
    });
    expect(decideWith(run({ incoming: { threshold, randomness: threshold - 1n } }), policy).keep).toBe(false);
  });
});
