import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../test/support/gate-simulation.ts';
import type { EvaluatorInfo } from '../experiment.ts';
import { calibrate } from './calibration.ts';
import { gate, wantsAnotherRound } from './gate.ts';
import type { GatePolicy } from './policy.ts';
import type { MeasuredExample, Measurement, ScoreSet } from './score-set.ts';
import { type Verdict, verdictSchema } from './verdict.ts';

const POLICY: GatePolicy = { threshold: 0.05, min: {}, evaluators: {} };

function info(key: string, more: Partial<EvaluatorInfo> = {}): EvaluatorInfo {
  return { key, direction: 'higher', range: [0, 1], gate: true, fingerprint: `${key}-1`, ...more };
}

/** Examples e0, e1, ... with one call for each score. */
function set(
  examples: readonly (readonly Measurement[])[],
  { evaluators = [info('quality')], ...more }: Partial<ScoreSet> = {},
): ScoreSet {
  return {
    evaluators,
    timeoutMs: 1_000,
    ...more,
    examples: examples.map(
      (scores, index): MeasuredExample => ({
        id: `e${index}`,
        contentHash: 'h',
        critical: false,
        calls: scores.map((quality) => ({ status: 'answered', scores: { [evaluators[0]!.key]: quality } })),
      }),
    ),
  };
}

/** `count` examples that always score 1, less `lost` that always score 0, with so many runs each. */
function steady(count: number, lost: number, runs: number): number[][] {
  return Array.from({ length: count }, (_, index) =>
    Array.from({ length: runs }, () => (index < lost ? 0 : 1)),
  );
}

/** Every tenth example fails in one of its runs. */
function flaky(count: number, runs: number, failing = 0): number[][] {
  return Array.from({ length: count }, (_, index) =>
    Array.from({ length: runs }, (_, run) => (index % 10 === 0 && run === failing ? 0 : 1)),
  );
}

const run = (
  candidate: ScoreSet,
  baseline: ScoreSet | undefined,
  policy: Partial<GatePolicy> = {},
  extra = 0,
) => gate({ candidate, baseline, policy: { ...POLICY, ...policy }, suite: 'support', rounds: { extra } });
const next = (
  candidate: ScoreSet,
  baseline: ScoreSet | undefined,
  policy: Partial<GatePolicy> = {},
  roundsSoFar = 0,
) =>
  wantsAnotherRound({ candidate, baseline, policy: { ...POLICY, ...policy }, suite: 'support', roundsSoFar });
const codes = (verdict: Verdict) => verdict.reasons.map(({ code, effect }) => `${effect}:${code}`);

describe('labels', () => {
  it('confirms a drop that chance does not explain', () => {
    const verdict = run(set(steady(100, 10, 1)), set(steady(100, 0, 5)));
    expect([verdict.status, verdict.label, verdict.evaluators[0]?.label]).toEqual([
      'fail',
      'fail_confirmed',
      'fail_confirmed',
    ]);
    expect(verdict.evaluators[0]?.statistics?.pNoise).toBeLessThan(0.001);
    expect(codes(verdict)).toEqual(['fail:SCORE_DROPPED']);
  });

  it('does not confirm one that chance could have made, says so, and still fails', () => {
    const verdict = run(set(steady(20, 2, 1)), set(steady(20, 0, 1)), { rerun: 'off' });
    expect([verdict.status, verdict.label]).toEqual(['fail', 'fail_unconfirmed']);
    // Two flips of two: one in four.
    expect(verdict.evaluators[0]?.statistics?.pNoise).toBeCloseTo(0.25, 12);
    expect(verdict.reasons[0]?.message).toBe(
      'quality went from 1.00 to 0.90 (-10.0%); the limit is -5.0%. Not confirmed: chance alone goes so far in 25.0% of runs without any change.',
    );
  });

  it('only warns of an unconfirmed breach where the policy says so, and never of a confirmed one', () => {
    const warn = { rerun: 'off', onUnconfirmed: 'warn' } as const;
    const unconfirmed = run(set(steady(20, 2, 1)), set(steady(20, 0, 1)), warn);
    expect([unconfirmed.status, unconfirmed.label]).toEqual(['pass', 'fail_unconfirmed']);
    expect(codes(unconfirmed)).toContain('warning:SCORE_DROPPED');
    expect(run(set(steady(100, 10, 1)), set(steady(100, 0, 5)), warn).status).toBe('fail');
    const minimum = run(set(steady(20, 2, 1)), set(steady(20, 0, 1)), { ...warn, min: { quality: 0.95 } });
    expect([minimum.status, minimum.label]).toEqual(['fail', 'fail_confirmed']);
  });

  it('calls a pass weak where drops of twice the limit could be missed, and says what would see them', () => {
    const strong = run(set(flaky(200, 3)), set(flaky(200, 5)));
    expect([strong.status, strong.label, strong.reasons]).toEqual(['pass', 'pass', []]);
    const weak = run(set(flaky(30, 1, 9)), set(flaky(30, 5)));
    expect([weak.status, weak.label]).toEqual(['pass', 'pass_weak']);
    const reason = weak.reasons.find(({ code }) => code === 'WEAK_GATE');
    expect(reason?.message).toMatch(
      /^A drop of 10\.0% could be missed: quality sees drops of 1\d\.\d% or more/,
    );
    expect(reason?.hint).toMatch(
      /take \d+ repeats or \d+ examples, with a baseline of 5 runs: sluice plan support --gate$/,
    );
  });

  it('has none without a verdict', () => {
    const verdict = run(set(steady(30, 0, 1)), undefined);
    expect([verdict.status, verdict.label, verdict.evaluators[0]?.label]).toEqual(['no_verdict', null, null]);
    expect(verdict.evaluators[0]?.statistics).toBeNull();
  });

  it('has a schema that takes any of it', () => {
    for (const verdict of [
      run(set(steady(20, 2, 1)), set(steady(20, 0, 1))),
      run(set(steady(1, 0, 1)), set(steady(1, 0, 1))),
      run(set(steady(1, 1, 1)), set(steady(1, 1, 1))),
      run(set([]), undefined),
    ])
      expect(verdictSchema.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
  });
});

describe('another round', () => {
  it('is wanted for a breach that may be chance, up to the most, and not for one that is confirmed', () => {
    const [candidate, baseline] = [set(steady(20, 2, 1)), set(steady(20, 0, 1))];
    const decision = next(candidate, baseline);
    expect(decision).toMatchObject({
      again: true,
      reason: expect.stringContaining('quality 1.00 -> 0.90 (-10.0%)'),
    });
    expect(next(candidate, baseline, {}, 4)).toMatchObject({ again: false, stopped: 'max_rounds' });
    expect(next(candidate, baseline, { maxExtraRounds: 1 }, 1)).toMatchObject({ stopped: 'max_rounds' });
    expect(next(set(steady(100, 10, 1)), set(steady(100, 0, 5)))).toMatchObject({ stopped: 'decided' });
  });

  it('is wanted for a pass near the limit with `close` alone, and for a clear one never', () => {
    // 4% down, and the limit is within the error of 4 flips.
    const [candidate, baseline] = [set(steady(50, 2, 1)), set(steady(50, 0, 1))];
    expect(next(candidate, baseline).again).toBe(true);
    expect(next(candidate, baseline, { rerun: 'on-breach' })).toMatchObject({
      again: false,
      stopped: 'decided',
    });
    expect(next(set(steady(50, 1, 1)), baseline)).toMatchObject({ again: false, stopped: 'decided' });
    expect(run(candidate, baseline, { rerun: 'off' }).label).toBe('pass_weak');
  });

  it('is never wanted with `off`, by the strict and the lenient rule, without a baseline, or for a certain fail', () => {
    const [candidate, baseline] = [set(steady(20, 2, 1)), set(steady(20, 0, 1))];
    for (const policy of [
      { rerun: 'off' },
      { maxExtraRounds: 0 },
      { rule: 'strict' },
      { rule: 'lenient' },
    ] as const)
      expect(next(candidate, baseline, policy)).toMatchObject({ again: false, stopped: 'off' });
    expect(next(candidate, undefined)).toMatchObject({ again: false, stopped: 'no_verdict' });
    const critical = {
      ...candidate,
      examples: Array.from(candidate.examples, (one, index) => ({ ...one, critical: index === 0 })),
    };
    expect(next(critical, baseline)).toMatchObject({ again: false, stopped: 'decided' });
  });

  it('is not wanted for an advisory score', () => {
    const evaluators = [info('quality', { gate: false }), info('other')];
    const both = (lost: number) => {
      const side = set(steady(20, lost, 1), { evaluators });
      return {
        ...side,
        examples: Array.from(side.examples, (one) => ({
          ...one,
          calls: one.calls.map((call) => ({ ...call, scores: { ...call.scores, other: 1 } })),
        })),
      };
    };
    expect(next(both(2), both(0)).again).toBe(false);
  });

  it('is told of in the verdict, with why there was no more', () => {
    const [candidate, baseline] = [set(steady(20, 2, 1)), set(steady(20, 0, 1))];
    const stopped = (rounds: { extra: number; budgetSpent?: boolean }, policy: Partial<GatePolicy> = {}) =>
      gate({ candidate, baseline, policy: { ...POLICY, ...policy }, suite: 's', rounds }).rounds;
    expect(stopped({ extra: 4 })).toEqual({ extra: 4, max: 4, stopped: 'max_rounds' });
    expect(stopped({ extra: 1, budgetSpent: true })).toEqual({ extra: 1, max: 4, stopped: 'budget' });
    expect(stopped({ extra: 1 })).toEqual({ extra: 1, max: 4, stopped: 'interrupted' });
    expect(stopped({ extra: 0 }, { rerun: 'off' })).toEqual({ extra: 0, max: 0, stopped: 'off' });
  });

  it('is decided the same every time', () => {
    const score = fc.constantFrom(0, 0.5, 1);
    const side = fc.array(
      fc.tuple(
        fc.array(score, { minLength: 1, maxLength: 3 }),
        fc.array(score, { minLength: 1, maxLength: 3 }),
      ),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(side, fc.nat(5), (pairs, extra) => {
        const [before, after] = [set(pairs.map(([one]) => one)), set(pairs.map(([, one]) => one))];
        const decision = next(after, before, {}, extra);
        expect(next(after, before, {}, extra)).toEqual(decision);
        if (extra >= 4) expect(decision.again).toBe(false);
        // Statistics never decide what the literal rule says.
        expect(run(after, before, {}, extra).status).toBe(run(after, before, { rerun: 'off' }).status);
      }),
    );
  });
});

describe('several gated evaluators', () => {
  const evaluators = [info('quality'), info('tone')];
  const two = (lost: number, runs: number) => {
    const side = set(steady(40, lost, runs), { evaluators });
    return {
      ...side,
      examples: Array.from(side.examples, (one) => ({
        ...one,
        calls: one.calls.map((call) => ({ ...call, scores: { ...call.scores, tone: 1 } })),
      })),
    };
  };

  it('share alpha: what confirms one alone does not confirm one of two', () => {
    // 5 of 5 flips: 1 in 32 is below 5%, and above 5% / 2.
    const off = { rerun: 'off' } as const;
    expect(run(set(steady(40, 5, 1)), set(steady(40, 0, 1)), off).label).toBe('fail_confirmed');
    expect(run(two(5, 1), two(0, 1), off).label).toBe('fail_unconfirmed');
    expect(run(two(5, 1), two(0, 1), { ...off, evaluators: { tone: { gate: false } } }).label).toBe(
      'fail_confirmed',
    );
  });

  it('have a chance of a false alarm together, which is above that of each', () => {
    const verdict = run(two(0, 1), two(0, 1));
    const alone = verdict.evaluators.map(({ statistics }) => statistics?.falseAlarm ?? 0);
    expect(verdict.familyFalseAlarm).toBeCloseTo(1 - (1 - alone[0]!) * (1 - alone[1]!), 12);
    expect(verdict.familyFalseAlarm).toBeGreaterThan(Math.max(...alone));
  });

  it('are advised together, each thing once', () => {
    const small = (lost: number) => {
      const side = two(lost, 1);
      return { ...side, examples: [...side.examples].slice(0, 10) };
    };
    const advice = run(small(0), small(0)).reasons;
    expect(advice.map(({ code }) => code)).toEqual(['FEW_EXAMPLES']);
    expect(advice[0]?.message).toBe(
      '10 compared examples are too few for quality, tone: a single failure is beyond the limit of 5.0%.',
    );
  });
});

describe('the strict and the lenient rule', () => {
  it('strict fails what is not shown to be within the limit, and passes it with enough runs', () => {
    const [small, baseline] = [set(flaky(30, 1)), set(flaky(30, 5))];
    expect(run(small, baseline).status).not.toBe('no_verdict');
    const unsure = run(set(steady(15, 0, 1)), set(steady(15, 0, 5)), { rule: 'strict' });
    expect([unsure.status, unsure.label, unsure.rule]).toEqual(['fail', 'fail_unconfirmed', 'strict']);
    expect(unsure.reasons[0]?.message).toContain('a change beyond the limit of -5.0% is not ruled out');
    const sure = run(set(steady(400, 0, 5)), set(steady(400, 0, 5)), { rule: 'strict' });
    expect([sure.status, sure.label]).toEqual(['pass', 'pass']);
  });

  it('lenient fails only what is beyond the limit for certain', () => {
    const baseline = set(steady(100, 0, 5));
    const breach = run(set(steady(100, 7, 1)), baseline, { rule: 'lenient' });
    expect([breach.status, breach.label]).toEqual(['pass', 'pass_weak']);
    const certain = run(set(steady(100, 30, 1)), baseline, { rule: 'lenient' });
    expect([certain.status, certain.label]).toEqual(['fail', 'fail_confirmed']);
  });

  it('lenient passes no less than literal, and strict no more', () => {
    const rank = { pass: 2, no_verdict: 1, fail: 0 };
    const score = fc.constantFrom(0, 0.5, 1, 'not_measured' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 30 }), (pairs) => {
        const [before, after] = [set(pairs.map(([one]) => [one])), set(pairs.map(([, one]) => [one]))];
        const of = (rule: GatePolicy['rule']) => rank[run(after, before, { rule }).status];
        expect(of('lenient')).toBeGreaterThanOrEqual(of('literal'));
        expect(of('literal')).toBeGreaterThanOrEqual(of('strict'));
      }),
    );
  });
});

describe('what is printed of a comparison', () => {
  it('holds the change in its interval, which has width also where nothing varied', () => {
    const score = fc.constantFrom(0, 0.5, 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 30 }), (pairs) => {
        const [before, after] = [set(pairs.map(([one]) => [one])), set(pairs.map(([, one]) => [one]))];
        const [quality] = run(after, before).evaluators;
        const { interval } = quality!.statistics!;
        fc.pre(interval !== null && quality!.relativeChange !== null);
        expect(interval![0]).toBeLessThan(quality!.relativeChange!);
        expect(interval![1]).toBeGreaterThan(quality!.relativeChange!);
      }),
    );
  });

  it('counts runs by their harmonic mean, clusters, and examples', () => {
    const candidate = set([[1, 1, 1], [1]]);
    const clustered = {
      ...candidate,
      examples: Array.from(candidate.examples, (one) => ({ ...one, cluster: 'talk' })),
    };
    expect(run(clustered, set([[1], [1]])).evaluators[0]?.statistics).toMatchObject({
      examples: 2,
      clusters: 1,
      baselineRepeats: 1,
      candidateRepeats: 1.5,
    });
  });

  it('turns lower-is-better scores round', () => {
    const evaluators = [info('seconds', { direction: 'lower', range: [0, null] })];
    const before = set(
      [
        [10, 11],
        [12, 11],
      ],
      { evaluators },
    );
    const slower = set(
      [
        [20, 21],
        [22, 21],
      ],
      { evaluators },
    );
    const [worse, better] = [run(slower, before), run(before, slower)];
    expect(worse.evaluators[0]?.statistics?.pNoise).toBeCloseTo(1 / 36, 12);
    expect(better.evaluators[0]?.statistics?.pNoise).toBe(1);
    const many = (shift: number) =>
      set(
        Array.from({ length: 20 }, (_, index) => [10 + (index % 3) + shift, 11 + shift]),
        { evaluators },
      );
    const { interval, detectableDrop } = run(many(5), many(0)).evaluators[0]!.statistics!;
    expect(interval![0]).toBeGreaterThan(0.2);
    expect(detectableDrop).toBeGreaterThan(0.05);
  });
});

describe('what changed since the baseline', () => {
  const judged = (judge: string, range: [number, number] = [0, 1]) =>
    set(steady(100, 0, 1), { evaluators: [info('quality', { judge, range })] });

  it('names the judge model and the range, and compares when it is allowed to', () => {
    const other = run(judged('gpt-b'), judged('gpt-a'));
    expect([other.status, other.reasons[0]?.message]).toEqual([
      'no_verdict',
      'The judge model of quality changed since the baseline was accepted.',
    ]);
    expect(other.reasons[0]?.hint).toContain('--allow-changed quality');
    expect(run(judged('a', [0, 2]), judged('a')).reasons[0]?.message).toContain(
      'The range of quality changed',
    );
    const allowed = run(judged('gpt-b'), judged('gpt-a'), { allowChanged: ['quality'] });
    expect([allowed.status, codes(allowed)]).toEqual(['pass', ['warning:EVALUATOR_CHANGED']]);
    expect(codes(run(judged('a'), judged('a'), { allowChanged: ['qualty'] }))).toEqual([
      'no_verdict:POLICY_KEY_UNKNOWN',
    ]);
  });

  it('has no verdict for another time limit where agents failed, and a note where none did', () => {
    const baseline = set(steady(100, 0, 1));
    const slower = set(steady(100, 0, 1), { timeoutMs: 500 });
    expect(codes(run(slower, baseline))).toEqual(['warning:TIMEOUT_CHANGED']);
    const failing = {
      ...slower,
      examples: Array.from(slower.examples, (one, index) =>
        index > 0 ? one : { ...one, calls: [{ status: 'agent_failed' as const, scores: { quality: 0 } }] },
      ),
    };
    const verdict = run(failing, baseline);
    expect([verdict.status, codes(verdict)]).toEqual(['no_verdict', ['no_verdict:SETTINGS_CHANGED']]);
    expect(verdict.reasons[0]?.hint).toContain('Set timeoutMs to 1000');
    expect(run(failing, baseline, { allowChanged: ['timeout'] }).status).toBe('pass');
  });

  it('warns of an old baseline, and of one through another kind of target', () => {
    const side = set(steady(100, 0, 1));
    const aged = (baselineAgeDays: number, baselineMaxAgeDays?: number) =>
      gate({
        candidate: side,
        baseline: side,
        policy: { ...POLICY, baselineMaxAgeDays },
        suite: 's',
        baselineAgeDays,
      });
    expect(codes(aged(89.9))).toEqual([]);
    expect(codes(aged(90))).toEqual(['warning:BASELINE_OLD']);
    expect(codes(aged(90, 365))).toEqual([]);
    const [graph, served] = ['graph:./a.ts#graph', 'langserve:http://x'].map((target) => ({
      ...side,
      target,
    }));
    expect(codes(run(served!, graph))).toEqual(['warning:TARGET_KIND_CHANGED']);
  });

  it('advises five runs where a baseline of fewer is noisy', () => {
    const advised = run(set(flaky(200, 3)), set(flaky(200, 2)));
    expect(advised.reasons.find(({ code }) => code === 'BASELINE_FEW_REPEATS')?.hint).toBe(
      'Record 5: sluice eval support --repeats 5, then sluice baseline accept --suite support',
    );
    expect(codes(run(set(flaky(200, 3)), set(flaky(200, 5))))).toEqual([]);
  });
});

describe('edges', () => {
  it.each([
    ['a baseline of 0', steady(30, 30, 1), steady(30, 30, 1), 'pass', 'BASELINE_TOO_LOW'],
    ['a baseline of 0 that got better', steady(30, 10, 1), steady(30, 30, 1), 'pass', 'BASELINE_TOO_LOW'],
    ['a baseline of 1 with one failure of 20', steady(20, 1, 1), steady(20, 0, 5), 'pass', 'WEAK_GATE'],
    ['a baseline of 1 with two failures of 20', steady(20, 2, 1), steady(20, 0, 5), 'fail', 'SCORE_DROPPED'],
    ['one example that passes', steady(1, 0, 1), steady(1, 0, 1), 'pass', 'FEW_EXAMPLES'],
    ['one example that fails', steady(1, 1, 1), steady(1, 0, 1), 'fail', 'SCORE_DROPPED'],
  ] as const)('%s', (_, after, before, status, code) => {
    const verdict = run(set(after), set(before));
    expect(verdict.status).toBe(status);
    expect(verdict.reasons.map((reason) => reason.code)).toContain(code);
    expect(verdictSchema.safeParse(JSON.parse(JSON.stringify(verdict))).success).toBe(true);
  });

  it('fails for certain although another gated evaluator was measured nowhere', () => {
    const evaluators = [info('quality'), info('judge')];
    const side = (lost: number, judge: Measurement) => {
      const scored = set(steady(100, lost, 1), { evaluators });
      return {
        ...scored,
        examples: Array.from(scored.examples, (one) => ({
          ...one,
          calls: one.calls.map((call) => ({ ...call, scores: { ...call.scores, judge } })),
        })),
      };
    };
    expect(run(side(20, 'not_measured'), side(0, 1))).toMatchObject({
      status: 'fail',
      label: 'fail_confirmed',
    });
    expect(run(side(0, 'not_measured'), side(0, 1)).status).toBe('no_verdict');
  });
});

describe('calibration', () => {
  const rounds = (flips: (example: number, round: number) => number) =>
    Array.from({ length: 6 }, (_, round) =>
      set(Array.from({ length: 40 }, (_, example) => [flips(example, round)])),
    );

  it('finds no failure in an agent that never varies', () => {
    expect(calibrate({ rounds: rounds(() => 1), policy: POLICY, suite: 's' })).toMatchObject({
      failedByChance: 0,
      failedOnce: 0,
      noVerdict: 0,
      of: 200,
      baselineRounds: 3,
      extraRounds: { possible: 2, average: 0 },
    });
  });

  it('finds fewer with extra rounds than once in one that does, and the same for the same seed', () => {
    const noisy = rounds((example, round) => (example % 4 === 0 && (example / 4 + round) % 2 === 0 ? 0 : 1));
    const found = calibrate({ rounds: noisy, policy: POLICY, suite: 's', seed: 5 });
    expect(found.failedOnce).toBeGreaterThan(0);
    expect(found.failedByChance).toBeLessThan(found.failedOnce);
    expect(found.perEvaluator).toEqual([
      { key: 'quality', failedByChance: found.failedByChance, expected: expect.any(Number) },
    ]);
    expect(calibrate({ rounds: noisy, policy: POLICY, suite: 's', seed: 5 })).toEqual(found);
    expect(
      calibrate({ rounds: noisy, policy: { ...POLICY, rerun: 'off' }, suite: 's', seed: 5 }).failedByChance,
    ).toBe(found.failedOnce);
  });

  it('needs two rounds', () => {
    expect(() => calibrate({ rounds: rounds(() => 1).slice(0, 1), policy: POLICY, suite: 's' })).toThrow(
      RangeError,
    );
  });
});

describe('the default rule on simulated agents', () => {
  /** 50 examples, a baseline of 5 runs and one of the candidate: `published` is what the simulation of the rule gives. */
  const scenario = { examples: 50, baselineRepeats: 5, candidateRepeats: 1, mean: 0.85, correlation: 0.5 };
  const side = (examples: readonly { readonly [side: string]: unknown }[], name: 'baseline' | 'candidate') =>
    set(examples.map((example) => example[name] as number[]));
  const play = (policy: Partial<GatePolicy>, drop: number) =>
    simulate(
      { ...scenario, drop, mechanism: 'uniform' },
      (examples, round) => {
        const [candidate, baseline] = [
          side(examples as never, 'candidate'),
          side(examples as never, 'baseline'),
        ];
        if (next(candidate, baseline, policy, round).again) return 'again';
        return run(candidate, baseline, policy, round).status === 'fail' ? 'fail' : 'pass';
      },
      { trials: 300, seed: 11 },
    );

  it('fails an unchanged agent far less often than the literal rule once, and a worse one more often', () => {
    const [once, close] = [play({ rerun: 'off' }, 0), play({}, 0)];
    expect(once.failed).toBeGreaterThan(0.09);
    expect(close.failed).toBeLessThan(0.065);
    expect(close.extraRounds).toBeLessThan(1);
    const [onceWorse, closeWorse] = [play({ rerun: 'off' }, 0.1), play({}, 0.1)];
    expect(closeWorse.failed).toBeGreaterThan(onceWorse.failed);
    expect(closeWorse.failed).toBeGreaterThan(0.8);
  });
});
