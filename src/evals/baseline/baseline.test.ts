import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../core/index.ts';
import type { Experiment, ScoredCall } from '../experiment.ts';
import { gate, toScoreSet } from '../gate/index.ts';
import { toBaseline } from './accept.ts';
import { type Baseline, baselineAgeDays, baselineScores } from './baseline.ts';
import { baselinePath, parseBaseline, readBaseline, writeBaseline } from './baseline-file.ts';
import { formatBaseline } from './baseline-text.ts';
import { baselineSight, summarizeBaseline } from './summary.ts';

const NOW = '2026-11-22T10:00:00.000Z';

function call(exampleId: string, repeat: number, more: Partial<ScoredCall> = {}): ScoredCall {
  return {
    exampleId,
    contentHash: `hash-${exampleId}`,
    repeat,
    critical: false,
    status: 'answered',
    startTimeMs: 0,
    latencyMs: 1,
    attempts: 1,
    scores: { quality: { status: 'scored', score: 0.5 }, extra: { status: 'not_applicable' } },
    ...more,
  };
}

function experiment(calls: readonly ScoredCall[], head: Partial<Experiment['head']> = {}): Experiment {
  return {
    finishedAt: NOW,
    calls,
    head: {
      schemaVersion: 2,
      runId: 'run-1',
      suite: 'support',
      dataset: 'd.jsonl',
      datasetFingerprint: 'fp',
      target: 'langserve:http://127.0.0.1:1/agent',
      repeats: 2,
      timeoutMs: 1_000,
      evaluators: [{ key: 'quality', direction: 'higher', range: [0, 1], gate: true, fingerprint: 'q1' }],
      startedAt: NOW,
      ...head,
    },
  };
}

const WHOLE = experiment([
  call('a', 0),
  call('a', 1),
  call('b', 0, { critical: true }),
  call('b', 1, { critical: true }),
]);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SluiceError) return `${error.code} ${error.exitCode}`;
    throw error;
  }
  return 'accepted';
}

/** With its examples as an array. */
function plain(baseline: Baseline | undefined) {
  return baseline && { ...baseline, examples: [...baseline.examples] };
}

describe('toBaseline', () => {
  it('keeps the raw scores of every example and repeat', () => {
    const baseline = toBaseline(WHOLE, NOW);
    expect([...baseline.examples]).toEqual([
      {
        id: 'a',
        contentHash: 'hash-a',
        calls: Array(2).fill({ status: 'answered', scores: { extra: null, quality: 0.5 } }),
      },
      {
        id: 'b',
        contentHash: 'hash-b',
        critical: true,
        calls: Array(2).fill({ status: 'answered', scores: { extra: null, quality: 0.5 } }),
      },
    ]);
  });

  it('refuses a run that cannot stand for the suite', () => {
    const lost = call('a', 0, { status: 'not_measured', error: 'refused', scores: {} });
    const threw = call('a', 0, { scores: { quality: { status: 'not_measured', reason: 'threw' } } });
    const failed = call('a', 0, {
      status: 'agent_failed',
      scores: { quality: { status: 'not_measured', reason: 'x' } },
    });
    const advisory = WHOLE.head.evaluators.map((info) => ({ ...info, gate: false }));
    expect(codeOf(() => toBaseline(experiment([]), NOW))).toBe('RUN_EMPTY 3');
    expect(codeOf(() => toBaseline(experiment([call('a', 0)], { split: 'smoke' }), NOW))).toBe(
      'RUN_PARTIAL 3',
    );
    const shard = { index: 1, of: 2, examples: 4 };
    expect(codeOf(() => toBaseline(experiment([call('a', 0)], { shard }), NOW))).toBe('RUN_PARTIAL 3');
    expect(codeOf(() => toBaseline(experiment([call('a', 0)], { cached: true }), NOW))).toBe('RUN_CACHED 3');
    expect(codeOf(() => toBaseline(experiment([lost]), NOW))).toBe('RUN_NOT_MEASURED 3');
    expect(codeOf(() => toBaseline(experiment([threw]), NOW))).toBe('RUN_NOT_MEASURED 3');
    expect(codeOf(() => toBaseline(experiment([threw], { evaluators: advisory }), NOW))).toBe('accepted');
    expect(codeOf(() => toBaseline(experiment([failed]), NOW))).toBe('accepted');
  });
});

describe('one of several results of an evaluator', () => {
  const costs = { key: 'costs', direction: 'lower', range: [null, null], fingerprint: 'c1' } as const;
  const head = (gate: boolean) => ({ evaluators: [{ ...costs, range: [null, null] as [null, null], gate }] });
  const scored = { status: 'scored', score: 7 } as const;

  it('is shown with the direction of its evaluator, as advisory', () => {
    const run = experiment([call('a', 0, { scores: { costs: scored, 'costs.tokens': scored } })], head(true));
    expect(summarizeBaseline(toBaseline(run, NOW))).toMatchObject([
      { key: 'costs', direction: 'lower', gate: true },
      { key: 'costs.tokens', direction: 'lower', gate: false },
    ]);
  });

  it('may be missing where its evaluator is advisory', () => {
    const threw = { status: 'not_measured', reason: 'x' } as const;
    const run = (gate: boolean) =>
      experiment([call('a', 0, { scores: { costs: threw, 'costs.tokens': threw } })], head(gate));
    expect(codeOf(() => toBaseline(run(false), NOW))).toBe('accepted');
    expect(codeOf(() => toBaseline(run(true), NOW))).toBe('RUN_NOT_MEASURED 3');
  });
});

describe('the baseline file', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'sluice-baseline-'));
  });
  afterEach(() => rm(cwd, { recursive: true, force: true }));

  it('is what was written, one example a line, and leaves nothing else behind', async () => {
    const baseline = toBaseline(WHOLE, NOW);
    await writeBaseline(cwd, baseline);
    expect(plain(await readBaseline(cwd, 'support'))).toEqual(plain(baseline));
    expect(await readdir(join(cwd, 'datasets', 'baselines'))).toEqual(['support.json']);
    const lines = formatBaseline(baseline).split('\n');
    expect(lines.filter((line) => line.includes('"id"'))).toHaveLength(2);
    expect(JSON.parse(formatBaseline(baseline))).toMatchObject({ schemaVersion: 2, suite: 'support' });
  });

  it('is missing only where there is none', async () => {
    expect(await readBaseline(cwd, 'support')).toBeUndefined();
    await writeBaseline(cwd, toBaseline(WHOLE, NOW));
    await rm(join(cwd, 'datasets/baselines/support.json'));
    await writeFile(join(cwd, 'datasets/baselines/support.json'), '');
    await expect(readBaseline(cwd, 'support')).rejects.toMatchObject({
      code: 'BASELINE_INVALID',
      exitCode: 2,
    });
  });

  it('cannot be outside its folder', () => {
    for (const name of ['../x', 'a/b', '.hidden', '', 'A', 'a\0', '/etc/passwd'])
      expect(codeOf(() => baselinePath(cwd, name))).toBe('SUITE_NAME_INVALID 2');
  });

  it.each([
    ['{', /^f\.json: not valid JSON/],
    ['<<<<<<< ours\n{}\n>>>>>>> theirs', /merge conflict markers/],
    ['{"schemaVersion": 3}', /newer version/],
    ['{"schemaVersion": 2}', /^f\.json: suite: /],
    ['null', /^f\.json: /],
  ])('names file and field of what is damaged: %s', (text, message) => {
    expect(() => parseBaseline(text, 'f.json', 'support')).toThrow(message);
  });

  it('refuses unknown keys, duplicate ids and scores that are no numbers', () => {
    const baseline = JSON.parse(formatBaseline(toBaseline(WHOLE, NOW)));
    const [first] = baseline.examples;
    const parse =
      (value: unknown, suite = 'support') =>
      () =>
        parseBaseline(JSON.stringify(value), 'f.json', suite);
    expect(parse({ ...baseline, extra: 1 })).toThrow('f.json: extra: unknown key');
    expect(parse({ ...baseline, examples: [first, first] })).toThrow(
      'examples[1].id: "a" is already examples[0]',
    );
    expect(parse(baseline, 'other')).toThrow('suite: is "support", not "other"');
    const text = formatBaseline(toBaseline(WHOLE, NOW));
    expect(() =>
      parseBaseline(text.replace('"quality":[0.5', '"quality":["high"'), 'f.json', 'support'),
    ).toThrow('examples[0].scores.quality[0]');
    expect(() =>
      parseBaseline(text.replace('"quality":[0.5,0.5]', '"quality":[0.5]'), 'f.json', 'support'),
    ).toThrow('examples[0].scores.quality: must have 2 entries');
    expect(parse({ ...baseline, unbounded: { latency: [[1, 2]] } })).toThrow(
      'unbounded.latency: must have 2 entries, one an example',
    );
  });

  it('reads a file of the first version', () => {
    const { examples, ...head } = toBaseline(WHOLE, NOW);
    const first = JSON.stringify({ ...head, schemaVersion: 1, examples: [...examples] });
    expect(plain(parseBaseline(first, 'f.json', 'support'))).toEqual(plain(toBaseline(WHOLE, NOW)));
  });

  it('changes one line for a changed example and one for all times', () => {
    const timed = (changed: number, latency: number) =>
      toBaseline(
        experiment(
          ['a', 'b', 'c'].map((id) =>
            call(id, 0, {
              scores: {
                quality: { status: 'scored', score: id === 'b' ? changed : 1 },
                latency: { status: 'scored', score: latency },
              },
            }),
          ),
          {
            evaluators: [
              ...WHOLE.head.evaluators,
              { key: 'latency', direction: 'lower', range: [0, null], gate: false, fingerprint: 'l' },
            ],
          },
        ),
        NOW,
      );
    const [before, after] = [timed(1, 28.123), timed(0.1 + 0.2, 31.5)].map((one) =>
      formatBaseline(one).split('\n'),
    );
    const changed = after!.filter((line, index) => line !== before![index]);
    expect(changed.map((line) => line.trim())).toEqual([
      '{"id":"b","contentHash":"hash-b","runs":1,"scores":{"quality":[0.3]}},',
      '"latency": [[31.5],[31.5],[31.5]]',
    ]);
  });

  it('keeps any scores through a round trip, so that a run equals its own baseline', () => {
    const score = fc.oneof(
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((value) => ({ status: 'scored' as const, score: value === 0 ? 0 : value })),
      fc.constant({ status: 'not_applicable' as const }),
    );
    const id = fc.string({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1, maxLength: 8 }), score, (ids, quality) => {
        const run = experiment(ids.map((name) => call(name, 0, { scores: { quality } })));
        const accepted = toBaseline(run, NOW);
        const baseline = parseBaseline(formatBaseline(accepted), 'f', 'support');
        expect(plain(baseline)).toEqual(plain(accepted));
        const policy = { threshold: 0.05, min: {}, evaluators: {} };
        const [candidate, before] = [toScoreSet(run), baselineScores(baseline)];
        const verdict = gate({ candidate, baseline: before, policy, suite: 'support' });
        expect([verdict.worse, verdict.better]).toEqual([[], []]);
        expect(verdict.status).not.toBe('fail');
      }),
    );
  });
});

it('summarizes without the critical examples', () => {
  const run = experiment([
    call('a', 0),
    call('b', 0, { critical: true, scores: { quality: { status: 'scored', score: 0 } } }),
  ]);
  expect(summarizeBaseline(toBaseline(run, NOW))).toEqual([
    { key: 'quality', direction: 'higher', gate: true, mean: 0.5, n: 1, flakiness: null },
  ]);
});

describe('what a baseline can see', () => {
  const policy = { threshold: 0.05, evaluators: {} };
  const of = (runs: number, score: (example: number, run: number) => number): Baseline =>
    toBaseline(
      experiment(
        Array.from({ length: 50 }, (_, example) =>
          Array.from({ length: runs }, (_, run) =>
            call(`e${example}`, run, {
              scores: { quality: { status: 'scored', score: score(example, run) } },
            }),
          ),
        ).flat(),
      ),
      NOW,
    );
  const sightOf = (baseline: Baseline, repeats: number) =>
    baselineSight(baseline, summarizeBaseline(baseline)[0]!, { repeats, policy });

  it('is not known of one run of each example, and gets finer with more of the candidate', () => {
    expect(
      sightOf(
        of(1, (example) => (example % 10 === 0 ? 0 : 1)),
        1,
      ),
    ).toBeNull();
    const flaky = of(5, (example, run) => (example % 5 === 0 && run % 2 === 0 ? 0 : 1));
    const [once, thrice] = [sightOf(flaky, 1)!, sightOf(flaky, 3)!];
    expect(thrice.detectableDrop).toBeLessThan(once.detectableDrop);
    expect(thrice.falseAlarm).toBeLessThan(once.falseAlarm);
    expect(once.detectableDrop).toBeGreaterThan(0.05);
  });

  it('has runs of extra rounds pooled', () => {
    expect(of(7, () => 1).repeats).toBe(7);
  });

  it('has an age, from the run it was made of', () => {
    expect(baselineAgeDays({ finishedAt: NOW }, Date.parse(NOW) + 3 * 86_400_000)).toBe(3);
    expect(baselineAgeDays({ finishedAt: NOW }, 0)).toBe(0);
  });
});
