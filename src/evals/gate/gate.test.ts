import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EvaluatorInfo } from '../experiment.ts';
import { gate } from './gate.ts';
import type { GatePolicy } from './policy.ts';
import type { MeasuredExample, Measurement, ScoreSet } from './score-set.ts';
import type { Verdict } from './verdict.ts';

const POLICY: GatePolicy = { threshold: 0.05, min: {}, evaluators: {} };

function info(key: string, more: Partial<EvaluatorInfo> = {}): EvaluatorInfo {
  return { key, direction: 'higher', range: [0, 1], gate: true, fingerprint: `${key}-1`, ...more };
}

/** One example of one call per score. */
function example(
  id: string,
  scores: readonly Measurement[],
  more: Partial<MeasuredExample> = {},
): MeasuredExample {
  return {
    id,
    contentHash: 'h',
    critical: false,
    calls: scores.map((quality, repeat) => ({
      status: 'answered',
      runId: `run-${id}-${repeat}`,
      scores: { quality },
    })),
    ...more,
  };
}

function set(
  examples: readonly MeasuredExample[],
  evaluators: readonly EvaluatorInfo[] = [info('quality')],
): ScoreSet {
  return { evaluators, examples, timeoutMs: 1_000 };
}

/** Examples e0, e1, ... with one score each. */
function scores(...values: readonly Measurement[]): MeasuredExample[] {
  return values.map((value, index) => example(`e${index}`, [value]));
}

/** `count` examples of which the first `ones` score 1 and the rest 0. */
function binary(count: number, ones: number): MeasuredExample[] {
  return scores(...Array.from({ length: count }, (_, index) => (index < ones ? 1 : 0)));
}

function run(candidate: ScoreSet, baseline: ScoreSet | undefined, policy: GatePolicy = POLICY): Verdict {
  return gate({ candidate, baseline, policy, suite: 'support' });
}

const codes = (verdict: Verdict) => verdict.reasons.map(({ code, effect }) => `${effect}:${code}`);
const keyOf = (verdict: Verdict, key = 'quality') => verdict.evaluators.find((entry) => entry.key === key);

describe('a failed agent under an evaluator without a worst score', () => {
  const tokens = info('quality', { direction: 'lower', range: [0, null] });
  const before = set(scores(...Array.from({ length: 100 }, (_, index) => 900 + index * 2)), [tokens]);
  const failing = (count: number) =>
    set(
      Array.from(before.examples, (one, index) =>
        index < count
          ? {
              ...one,
              calls: [{ status: 'agent_failed' as const, scores: { quality: 'not_measured' as const } }],
            }
          : one,
      ),
      [tokens],
    );

  it('counts as the worst that either side has seen: one failure of many is no reason for no verdict', () => {
    const verdict = run(failing(1), before);
    expect(verdict.status).toBe('pass');
    expect(keyOf(verdict)).toMatchObject({ missing: 0, candidateMean: (99_900 + (1_098 - 900)) / 100 });
  });

  it('fails when many do', () => {
    expect(run(failing(60), before).status).toBe('fail');
  });
});

describe('the relative rule', () => {
  it('passes the same scores', () => {
    const verdict = run(set(binary(100, 90)), set(binary(100, 90)));
    expect(verdict.status).toBe('pass');
    expect(verdict.reasons).toEqual([]);
    expect(keyOf(verdict)).toMatchObject({ status: 'pass', baselineMean: 0.9, candidateMean: 0.9, n: 100 });
  });

  it('allows a drop of exactly 5% and fails the next flip', () => {
    expect(run(set(binary(100, 95)), set(binary(100, 100))).status).toBe('pass');
    const verdict = run(set(binary(100, 94)), set(binary(100, 100)));
    expect(verdict.status).toBe('fail');
    expect(codes(verdict)).toEqual(['fail:SCORE_DROPPED', 'warning:BASELINE_FEW_REPEATS']);
    expect(verdict.reasons[0]?.message).toBe(
      'quality went from 1.00 to 0.94 (-6.0%); the limit is -5.0%. Not confirmed: chance alone goes so far in 1.6% of runs without any change.',
    );
  });

  it('averages over repeats within an example first, so that runs of different repeats compare', () => {
    const before = [example('a', [1]), example('b', [0])];
    const after = [example('a', [1, 1, 1, 1]), example('b', [0])];
    expect(keyOf(run(set(after), set(before)))).toMatchObject({ baselineMean: 0.5, candidateMean: 0.5 });
  });

  it('fails a rise of a lower-is-better score beyond the limit', () => {
    const cost = [info('quality', { direction: 'lower', range: [0, null] })];
    expect(run(set(scores(105), cost), set(scores(100), cost)).status).toBe('pass');
    expect(run(set(scores(106), cost), set(scores(100), cost)).status).toBe('fail');
    expect(run(set(scores(10), cost), set(scores(100), cost)).status).toBe('pass');
  });

  it('keeps an advisory evaluator out of the verdict and in the table', () => {
    const evaluators = [info('quality'), info('speed', { gate: false })];
    const call = (quality: number, speed: number) => ({
      status: 'answered' as const,
      scores: { quality, speed },
    });
    const side = (speed: number) => set([example('a', [], { calls: [call(1, speed)] })], evaluators);
    const verdict = run(side(0.1), side(1));
    expect(verdict.status).toBe('pass');
    expect(keyOf(verdict, 'speed')).toMatchObject({ gated: false, status: 'fail' });
  });

  it('takes threshold, gate and direction of a key from the policy', () => {
    const [candidate, baseline] = [set(binary(100, 90)), set(binary(100, 100))];
    const policy = (quality: GatePolicy['evaluators'][string]) => ({ ...POLICY, evaluators: { quality } });
    expect(run(candidate, baseline, policy({ threshold: 0.2 })).status).toBe('pass');
    expect(codes(run(candidate, baseline, policy({ gate: false })))).toEqual(['no_verdict:NOTHING_GATED']);
    expect(run(candidate, baseline, policy({ direction: 'lower' })).status).toBe('no_verdict');
  });

  it('passes a baseline below a fifth of its range with a warning that offers a minimum', () => {
    const verdict = run(set(binary(100, 1)), set(binary(100, 15)));
    expect(verdict.status).toBe('pass');
    expect(codes(verdict)).toEqual(['warning:BASELINE_TOO_LOW']);
    expect(verdict.reasons[0]?.hint).toContain('min: { "quality": 0.2 }');
    expect(run(set(binary(100, 0)), set(binary(100, 0))).reasons.map(({ code }) => code)).toEqual([
      'BASELINE_TOO_LOW',
    ]);
  });

  it('fails below the absolute minimum whatever the baseline', () => {
    const policy = { ...POLICY, min: { quality: 0.5 } };
    expect(codes(run(set(binary(100, 40)), set(binary(100, 40)), policy))).toEqual(['fail:BELOW_MIN']);
    expect(run(set(binary(100, 50)), set(binary(100, 50)), policy).status).toBe('pass');
    expect(run(set(binary(100, 40)), undefined, policy).status).toBe('fail');
  });

  it('warns where one flip is beyond the limit', () => {
    expect(codes(run(set(binary(10, 10)), set(binary(10, 10))))).toEqual(['warning:FEW_EXAMPLES']);
  });
});

describe('what cannot be compared', () => {
  it('has no verdict without a baseline, and names the command', () => {
    const verdict = run(set(binary(30, 30)), undefined);
    expect(verdict.status).toBe('no_verdict');
    expect(verdict.reasons[0]).toMatchObject({
      code: 'NO_BASELINE',
      hint: expect.stringContaining('sluice baseline accept --suite support'),
    });
    expect(keyOf(verdict)).toMatchObject({ status: 'no_verdict', candidateMean: 1, baselineMean: null });
    expect(verdict.added).toEqual([]);
  });

  it('never passes zero examples', () => {
    for (const baseline of [undefined, set([]), set(binary(30, 30))])
      expect(codes(run(set([]), baseline))).toContain('no_verdict:NO_EXAMPLES');
  });

  it('has no verdict when no example is the same', () => {
    const verdict = run(set([example('new', [1])]), set([example('old', [1])]));
    expect(verdict.status).toBe('no_verdict');
    expect(codes(verdict)).toContain('no_verdict:NO_COMPARABLE_EXAMPLE');
  });

  it.each([
    ['a changed fingerprint', info('quality', { fingerprint: 'quality-2' }), 'EVALUATOR_CHANGED'],
    ['a changed direction', info('quality', { direction: 'lower' }), 'EVALUATOR_CHANGED'],
  ])('has no verdict for %s', (_, changed, code) => {
    const verdict = run(set(binary(30, 30), [changed]), set(binary(30, 30)));
    expect(codes(verdict)).toContain(`no_verdict:${code}`);
    expect(verdict.status).toBe('no_verdict');
  });

  it('has no verdict for a gated evaluator that is new or gone, and a note for an advisory one', () => {
    const two = (gate: boolean) => [info('quality'), info('extra', { gate })];
    const full = binary(30, 30).map((entry) => ({
      ...entry,
      calls: entry.calls.map((call) => ({ ...call, scores: { ...call.scores, extra: 1 } })),
    }));
    expect(codes(run(set(full, two(true)), set(binary(30, 30))))).toEqual(['no_verdict:EVALUATOR_NEW']);
    expect(codes(run(set(binary(30, 30)), set(full, two(true))))).toEqual(['no_verdict:EVALUATOR_REMOVED']);
    const advisory = run(set(full, two(false)), set(binary(30, 30)));
    expect([advisory.status, codes(advisory)]).toEqual([
      'pass',
      ['warning:EVALUATOR_NEW', 'warning:WEAK_GATE'],
    ]);
  });

  it('leaves an evaluator that applies to no example out of the verdict', () => {
    const evaluators = [info('quality'), info('tools')];
    const verdict = run(set(binary(30, 30), evaluators), set(binary(30, 30), evaluators));
    expect(verdict.status).toBe('pass');
    expect(keyOf(verdict, 'tools')).toMatchObject({ status: 'not_applicable', n: 0 });
  });

  it('compares keys that only results name while the evaluators are the same', () => {
    const unnamed = (version: number) => [info('myFunction', { fingerprint: `f-${version}` })];
    expect(run(set(binary(30, 29), unnamed(1)), set(binary(30, 30), unnamed(1))).status).toBe('pass');
    expect(run(set(binary(30, 20), unnamed(1)), set(binary(30, 30), unnamed(1))).status).toBe('fail');
    expect(codes(run(set(binary(30, 30), unnamed(2)), set(binary(30, 30), unnamed(1))))).toContain(
      'no_verdict:EVALUATOR_CHANGED',
    );
  });

  it('reads one of several results as its evaluator declares, and never gates it', () => {
    const costs = info('costs', { direction: 'lower', range: [null, null] });
    const spent = (total: number, tokens: number) =>
      set(
        [0, 1, 2].map((index) =>
          example(`e${index}`, [], {
            calls: [
              {
                status: 'answered',
                scores: { costs: total, 'costs.tokens': tokens, 'costs.calls': total, quality: 1 },
              },
            ],
          }),
        ),
        [costs, info('quality')],
      );
    const worse = run(spent(100, 900), spent(100, 100));
    expect(keyOf(worse, 'costs.tokens')).toMatchObject({ gated: false, direction: 'lower', status: 'fail' });
    expect([worse.status, worse.worse]).toEqual(['pass', []]);
    expect(keyOf(run(spent(100, 50), spent(100, 100)), 'costs.tokens')?.status).toBe('pass');
    expect(run(spent(200, 100), spent(100, 100)).status).toBe('fail');
    const wanted = { ...POLICY, evaluators: { 'costs.tokens': { gate: true } } };
    expect(run(spent(100, 900), spent(100, 100), wanted).status).toBe('fail');
  });

  it('compares one of several results while its own evaluator is the same, and notes a new one', () => {
    const sub = (keys: readonly string[], evaluators: readonly EvaluatorInfo[]) =>
      set(
        scores(1, 1, 1).map(({ calls, ...rest }) => ({
          ...rest,
          calls: calls.map((call) => ({
            ...call,
            scores: { ...call.scores, ...Object.fromEntries(keys.map((key) => [key, 1])) },
          })),
        })),
        evaluators,
      );
    const both = [info('quality'), info('judge')];
    const baseline = sub(['judge', 'judge.tone'], both);
    const other = run(
      sub(['judge', 'judge.tone'], [info('quality', { fingerprint: 'x' }), both[1]!]),
      baseline,
    );
    expect(keyOf(other, 'judge.tone')).toMatchObject({ status: 'pass', relativeChange: 0 });
    const added = run(sub(['judge', 'judge.tone', 'judge.length'], both), baseline);
    expect(added.status).toBe('pass');
    expect(codes(added)).toContain('warning:EVALUATOR_NEW');
    expect(run(sub(['judge'], both), baseline).status).toBe('pass');
  });

  it('has no verdict for a policy that names a score which nobody gives', () => {
    const policy = { ...POLICY, min: { qualty: 0.5 } };
    expect(codes(run(set(binary(30, 30)), set(binary(30, 30)), policy))).toEqual([
      'no_verdict:POLICY_KEY_UNKNOWN',
    ]);
  });
});

describe('examples that changed since the baseline', () => {
  it('lists new examples and gates without them', () => {
    const verdict = run(set([...binary(30, 30), example('new', [0])]), set(binary(30, 30)));
    expect([verdict.status, verdict.added]).toEqual(['pass', ['new']]);
    expect(keyOf(verdict)).toMatchObject({ n: 30, candidateMean: 1 });
  });

  it('leaves removed and edited examples out', () => {
    const edited = binary(100, 100)
      .slice(1)
      .map((entry) => (entry.id === 'e1' ? { ...entry, contentHash: 'x' } : entry));
    const verdict = run(set(edited), set(binary(100, 100)));
    expect(verdict).toMatchObject({ status: 'pass', removed: ['e0'], edited: ['e1'] });
    expect(keyOf(verdict)?.n).toBe(98);
    expect(codes(verdict)).toEqual(['warning:LEFT_OUT']);
  });

  it('has no verdict when more than 5% are left out', () => {
    expect(run(set(binary(100, 100).slice(5)), set(binary(100, 100))).status).toBe('pass');
    const verdict = run(set(binary(100, 100).slice(6)), set(binary(100, 100)));
    expect(codes(verdict)).toContain('no_verdict:BASELINE_OUTDATED');
    expect(verdict.status).toBe('no_verdict');
  });

  it('has no verdict when the examples that were left out could change it', () => {
    // 96 of 98 pass alone; with the two that are gone failing it would be 94 of 100... and 4 failing already.
    const after = scores(...Array.from({ length: 100 }, (_, index) => (index < 4 ? 0 : 1))).slice(0, 98);
    const verdict = run(set(after), set(binary(100, 100)));
    expect([verdict.status, codes(verdict)]).toEqual(['no_verdict', ['no_verdict:LEFT_OUT_DECIDES']]);
    expect(keyOf(verdict)?.status).toBe('no_verdict');
  });

  it('still fails what fails whatever was left out', () => {
    const verdict = run(set(binary(100, 50).slice(3)), set(binary(100, 100)));
    expect(verdict.status).toBe('fail');
  });

  it('compares a split with the same examples of the baseline only', () => {
    const verdict = run({ ...set(binary(100, 100).slice(0, 30)), split: 'smoke' }, set(binary(100, 100)));
    expect([verdict.status, verdict.removed]).toEqual(['pass', []]);
  });

  it('has no verdict when a critical example is gone or no longer critical', () => {
    const critical = example('c', [1], { critical: true });
    const harmless = example('c', [1], { contentHash: 'x' });
    for (const after of [binary(100, 100), [...binary(100, 100), harmless]])
      expect(codes(run(set(after), set([...binary(100, 100), critical])))).toContain(
        'no_verdict:CRITICAL_REMOVED',
      );
  });
});

describe('missing measurements', () => {
  const unmeasured = (id: string) => example(id, [], { calls: [{ status: 'not_measured', scores: {} }] });

  it('reports the verdict with a note when it is the same at both ends', () => {
    const verdict = run(set([unmeasured('e0'), ...binary(100, 100).slice(1)]), set(binary(100, 100)));
    expect([verdict.status, codes(verdict)]).toEqual(['pass', ['warning:NOT_MEASURED']]);
    expect(keyOf(verdict)).toMatchObject({ missing: 1, bounds: { low: 0.99, high: 1 } });
  });

  it('has no verdict when the ends differ, also when the evaluator threw', () => {
    const six = ['e0', 'e1', 'e2', 'e3', 'e4', 'e5'];
    const rest = binary(100, 100).slice(6);
    expect(run(set([...six.map(unmeasured), ...rest]), set(binary(100, 100))).status).toBe('no_verdict');
    const threw = six.map((id) => example(id, ['not_measured']));
    const verdict = run(set([...threw, ...rest]), set(binary(100, 100)));
    expect(codes(verdict)).toEqual(['no_verdict:NOT_MEASURED']);
  });

  it('fails when even the highest scores cannot save it', () => {
    const verdict = run(set([unmeasured('e0'), ...binary(100, 50).slice(1)]), set(binary(100, 100)));
    expect(verdict.status).toBe('fail');
  });

  it('takes a missing score of an unbounded evaluator for anything', () => {
    const cost = [info('quality', { direction: 'lower', range: [0, null] })];
    const baseline = set(scores(100, 100), cost);
    const verdict = run(set([example('e0', [1]), unmeasured('e1')], cost), baseline);
    expect(verdict.status).toBe('no_verdict');
    expect(keyOf(verdict)?.bounds).toEqual({ low: 0.5, high: null });
    expect(run(set([example('e0', [1_000]), unmeasured('e1')], cost), baseline).status).toBe('fail');
  });

  it('does not spare an example that the baseline scored and that has no score now', () => {
    const after = [...scores(null, null, null, null, null, null), ...binary(100, 100).slice(6)];
    expect(run(set(after), set(binary(100, 100))).status).toBe('no_verdict');
  });

  it('gives a failed agent the worst score of keys that only results name', () => {
    const unnamed = [info('myFunction')];
    const failed = (id: string) =>
      example(id, [], { calls: [{ status: 'agent_failed', scores: { myFunction: 0 }, error: 'HTTP 500' }] });
    const after = [
      ...binary(100, 100).slice(0, 90),
      ...Array.from({ length: 10 }, (_, index) => failed(`e${90 + index}`)),
    ];
    const verdict = run(set(after, unnamed), set(binary(100, 100), unnamed));
    expect([verdict.status, keyOf(verdict)?.candidateMean]).toEqual(['fail', 0.9]);
    expect(codes(verdict)).toEqual(['fail:SCORE_DROPPED']);
  });
});

describe('critical examples', () => {
  const critical = (score: Measurement, more: Partial<MeasuredExample> = {}) =>
    example('c', [score], { critical: true, ...more });
  const baseline = set([...binary(30, 30), critical(1)]);

  it('fails the gate on the worst score, whatever the means', () => {
    const verdict = run(set([...binary(30, 30), critical(0)]), baseline);
    expect([verdict.status, codes(verdict)]).toEqual(['fail', ['fail:CRITICAL_FAILED']]);
    expect(verdict.critical).toEqual([
      { exampleId: 'c', status: 'fail', reason: 'quality is 0.00', runId: 'run-c-0' },
    ]);
    expect(keyOf(verdict)).toMatchObject({ n: 30, candidateMean: 1 });
  });

  it('fails in any repeat, when the agent failed, when new, and without a baseline', () => {
    const repeats = example('c', [1, 0, 1], { critical: true });
    const failed = critical(1, { calls: [{ status: 'agent_failed', scores: {}, error: 'HTTP 500' }] });
    expect(run(set([...binary(30, 30), repeats]), baseline).status).toBe('fail');
    expect(run(set([...binary(30, 30), failed]), baseline).status).toBe('fail');
    expect(run(set([...binary(30, 30), critical(0)]), set(binary(30, 30))).status).toBe('fail');
    expect(run(set([critical(0)]), undefined).status).toBe('fail');
  });

  it('has no verdict when it was not measured or nothing judges it', () => {
    const lost = critical(1, { calls: [{ status: 'not_measured', scores: {}, error: 'refused' }] });
    for (const entry of [lost, critical('not_measured'), critical(null)]) {
      const verdict = run(set([...binary(30, 30), entry]), baseline);
      expect([verdict.status, codes(verdict)]).toEqual(['no_verdict', ['no_verdict:CRITICAL_NOT_JUDGED']]);
    }
  });

  it('fails although another critical example was not measured', () => {
    const lost = { ...critical('not_measured'), id: 'd' };
    expect(run(set([...binary(30, 30), lost, critical(0)]), baseline).status).toBe('fail');
  });

  it('can be all there is', () => {
    expect(run(set([critical(1)]), set([critical(1)])).status).toBe('pass');
  });
});

describe('examples that got worse or better', () => {
  it('names them with scores, comment and run, the largest change first', () => {
    const after = [
      example('e0', [0.4]),
      example('e1', [], {
        calls: [
          { status: 'answered', runId: 'good', scores: { quality: 1 } },
          { status: 'answered', runId: 'bad', scores: { quality: 0 }, comments: { quality: 'no refund' } },
          { status: 'answered', runId: 'bad2', scores: { quality: 0 } },
        ],
      }),
      example('e2', [1]),
    ];
    const verdict = run(set(after), set(scores(0.5, 1, 0)));
    expect(
      verdict.worse.map(({ exampleId, before, after: now, runId, comment }) => [
        exampleId,
        before,
        now,
        runId,
        comment,
      ]),
    ).toEqual([
      ['e1', 1, 1 / 3, 'bad', 'no refund'],
      ['e0', 0.5, 0.4, 'run-e0-0', undefined],
    ]);
    expect(verdict.better.map(({ exampleId }) => exampleId)).toEqual(['e2']);
  });
});

describe('for any scores', () => {
  const score = fc.double({ min: 0, max: 1, noNaN: true });
  const measurement = fc.oneof(
    { weight: 6, arbitrary: score },
    fc.constant(null),
    fc.constant('not_measured' as const),
  );
  const pairs = fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 40 });
  const split = (list: readonly (readonly [Measurement, Measurement])[]) =>
    [set(scores(...list.map(([, after]) => after))), set(scores(...list.map(([before]) => before)))] as const;

  it('is the literal rule where everything was measured and the baseline is not too low', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const [candidate, baseline] = split(list);
        const verdict = run(candidate, baseline);
        const mean = (index: 0 | 1) => list.reduce((sum, pair) => sum + pair[index], 0) / list.length;
        fc.pre(mean(0) >= 0.2);
        expect(verdict.status).toBe(mean(1) < 0.95 * mean(0) - 1e-9 ? 'fail' : 'pass');
      }),
    );
  });

  it('never gets better when a score gets worse', () => {
    const rank = { fail: 0, no_verdict: 1, pass: 2 };
    fc.assert(
      fc.property(pairs, fc.nat(), score, (list, at, drop) => {
        const [candidate, baseline] = split(list);
        const index = at % list.length;
        const worse = list.map(
          ([before, after], place) => [before, place === index ? after * drop : after] as const,
        );
        const [lowered] = split(worse);
        expect(rank[run(lowered, baseline).status]).toBeLessThanOrEqual(
          rank[run(candidate, baseline).status],
        );
      }),
    );
  });

  it('is never certain of what the missing measurements could change', () => {
    const list = fc.array(fc.tuple(measurement, measurement), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(list, score, (measured, guess) => {
        const verdict = run(...split(measured));
        const filled = measured.map(([before, after]) => {
          const known = (value: Measurement) => (value === 'not_measured' ? guess : value);
          // What the baseline scored and now has no score may have been anything, too.
          const gone = after === null && before !== null;
          return [known(before), gone ? guess : known(after)] as const;
        });
        const whole = run(...split(filled));
        const status = keyOf(verdict)?.status;
        if (status === 'pass' || status === 'fail') expect(keyOf(whole)?.status).toBe(status);
      }),
    );
  });

  it('mirrors lower-is-better as the negation', () => {
    const any = fc.array(
      fc.tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: -50, max: 50, noNaN: true })),
      {
        minLength: 1,
        maxLength: 10,
      },
    );
    fc.assert(
      fc.property(any, (list) => {
        const lower = [info('quality', { direction: 'lower', range: [null, null] })];
        const higher = [info('quality', { range: [null, null] })];
        const [candidate, baseline] = split(list);
        const [negated, negatedBaseline] = split(list.map(([before, after]) => [-before, -after] as const));
        expect(run({ ...candidate, evaluators: lower }, { ...baseline, evaluators: lower }).status).toBe(
          run({ ...negated, evaluators: higher }, { ...negatedBaseline, evaluators: higher }).status,
        );
      }),
    );
  });

  it('passes nothing against itself but itself: a run equals its own baseline', () => {
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 30 }), (values) => {
        expect(run(set(scores(...values)), set(scores(...values))).status).toBe('pass');
      }),
    );
  });

  it('survives hostile keys and ids', () => {
    const keys = fc.constantFrom('__proto__', 'constructor', 'toString', 'a|b', '\u001B[31m');
    fc.assert(
      fc.property(keys, score, (key, value) => {
        const side = set(
          [
            {
              id: key,
              contentHash: 'h',
              critical: false,
              calls: [{ status: 'answered', scores: Object.fromEntries([[key, value]]) }],
            },
          ],
          [info(key)],
        );
        expect(keyOf(run(side, side), key)).toMatchObject({ n: 1, candidateMean: value });
      }),
    );
  });
});
