import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { didYouMean, editDistance } from './did-you-mean.ts';
import { loadConfig } from './load-config.ts';
import { parseConfig } from './parse-config.ts';
import { defineConfig } from './schema.ts';
import { selectSuite } from './select-suite.ts';
import { suiteEvaluators } from './suite-evaluators.ts';

const SUITE = { name: 'support', dataset: 'd.jsonl', evaluators: ['no_error' as const] };

function problemOf(work: () => unknown): UsageError {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('parseConfig', () => {
  it('fills in the defaults', () => {
    expect(parseConfig(defineConfig({ suites: [SUITE] }), 'f')).toEqual([
      {
        ...SUITE,
        repeats: 1,
        concurrency: 4,
        timeoutMs: 60_000,
        maxRetries: 3,
        budget: {},
        prices: {},
        gate: {
          threshold: 0.05,
          min: {},
          evaluators: {},
          rule: 'literal',
          rerun: 'close',
          maxExtraRounds: 4,
          onUnconfirmed: 'fail',
          alpha: 0.05,
          baselineMaxAgeDays: 90,
        },
      },
    ]);
  });

  it('takes the gate, the budget and the prices that are written', () => {
    const written = {
      budget: { usd: 2, tokens: 1_000, timeMs: 60_000 },
      prices: { 'gpt-x': { inputPerMillion: 0.15, outputPerMillion: 0.6 } },
      gate: {
        rule: 'strict',
        rerun: 'on-breach',
        maxExtraRounds: 0,
        onUnconfirmed: 'warn',
        alpha: 0.01,
        cluster: 'topic',
        baselineMaxAgeDays: 7,
      },
    } as const;
    expect(parseConfig({ suites: [{ ...SUITE, ...written }] }, 'f')[0]).toMatchObject(written);
  });

  it.each([
    [
      { gate: { treshold: 0.1 } },
      'sluice.config.ts: suites[0].gate.treshold: unknown key; did you mean "threshold"?',
    ],
    [{ repeat: 2 }, 'suites[0].repeat: unknown key; did you mean "repeats"?'],
    [
      { gate: { evaluators: { latency: { gated: true } } } },
      'suites[0].gate.evaluators.latency.gated: unknown key; did you mean "gate"?',
    ],
    [{ wat: 1 }, 'suites[0].wat: unknown key; known are name, dataset'],
    [{ gate: { threshold: Number.NaN } }, 'suites[0].gate.threshold: must be'],
    [{ gate: { threshold: '0.05' } }, 'suites[0].gate.threshold: must be a number between 0 and 1'],
    [{ gate: { threshold: 5 } }, 'suites[0].gate.threshold: must be between 0 and 1 (0.05 is 5%), not 5'],
    [{ gate: { threshold: 0 } }, 'suites[0].gate.threshold: must be'],
    [{ gate: { rule: 'soft' } }, 'suites[0].gate.rule: must be one of literal, strict, lenient'],
    [{ gate: { rerun: true } }, 'suites[0].gate.rerun: must be one of close, on-breach, off'],
    [{ gate: { maxExtraRounds: 1.5 } }, 'suites[0].gate.maxExtraRounds: must be a whole number of rounds'],
    [{ gate: { alpha: 1 } }, 'suites[0].gate.alpha: must be between 0 and 1'],
    [{ budget: { usd: 0 } }, 'suites[0].budget.usd: must be an amount of dollars above 0'],
    [{ budget: { tokens: '5' } }, 'suites[0].budget.tokens: must be a number of tokens'],
    [{ prices: { m: { inputPerMillion: -1, outputPerMillion: 1 } } }, 'suites[0].prices.m.inputPerMillion'],
    [{ gate: { threshold: Number.POSITIVE_INFINITY } }, 'suites[0].gate.threshold: must be'],
    [{ gate: { min: { q: Number.NaN } } }, 'suites[0].gate.min.q: must be a finite number'],
    [{ repeats: 0 }, 'suites[0].repeats: must be a whole number of runs from 1 to 1000'],
    [{ concurrency: 1.5 }, 'suites[0].concurrency: must be a whole number'],
    [{ timeoutMs: '30s' }, 'suites[0].timeoutMs: must be a whole number of milliseconds'],
    [{ evaluators: [] }, 'suites[0].evaluators: must name at least one evaluator'],
    [{ evaluators: [7] }, 'suites[0].evaluators[0]: must be the name of a built-in evaluator'],
    [{ name: '../evil' }, 'suites[0].name: must be lower-case letters'],
    [{ dataset: ' ' }, 'suites[0].dataset: must not be empty'],
  ])('says where the mistake is: %j', (more, message) => {
    const error = problemOf(() => parseConfig({ suites: [{ ...SUITE, ...more }] }, 'sluice.config.ts'));
    expect(error.message).toContain(message);
    expect([error.code, error.exitCode, error.message.includes('\n')]).toEqual(['CONFIG_INVALID', 2, false]);
  });

  it('counts the other mistakes and refuses two suites of one name', () => {
    expect(problemOf(() => parseConfig({ suites: [{ ...SUITE, a: 1, b: 2 }] }, 'f')).message).toContain(
      '(and 1 more)',
    );
    expect(problemOf(() => parseConfig({ suites: [SUITE, SUITE] }, 'f')).message).toBe(
      'f: suites[1].name: "support" is already the name of suites[0]',
    );
    for (const value of [undefined, null, [], 'x', { suites: [] }, {}])
      expect(problemOf(() => parseConfig(value, 'f')).code).toBe('CONFIG_INVALID');
  });

  it('accepts or refuses any value and never throws anything else', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        expect(problemOf(() => parseConfig({ suites: [value] }, 'f')).code).toBe('CONFIG_INVALID');
      }),
    );
  });
});

describe('loadConfig', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'sluice-config-'));
  });
  afterEach(() => rm(cwd, { recursive: true, force: true }));

  const problem = (path?: string) =>
    loadConfig({ cwd, path }).then(
      () => undefined,
      (error: UsageError) => error,
    );

  it.each([
    ['sluice.config.json', JSON.stringify({ suites: [SUITE] })],
    ['sluice.config.yaml', 'suites:\n  - name: support\n    dataset: d.jsonl\n    evaluators: [no_error]\n'],
    ['sluice.config.mjs', `export default ${JSON.stringify({ suites: [SUITE] })}`],
    [
      'sluice.config.ts',
      `const name: string = 'support'; export default { suites: [{ name, dataset: 'd.jsonl', evaluators: ['no_error'] }] };`,
    ],
  ])('reads %s', async (name, text) => {
    await writeFile(join(cwd, name), text);
    const config = await loadConfig({ cwd });
    expect([config.file, config.suites[0]?.name]).toEqual([name, 'support']);
    expect((await loadConfig({ cwd, path: name })).suites).toEqual(config.suites);
  });

  it('shows how to write one when there is none', async () => {
    const error = await problem();
    expect([error?.code, error?.exitCode]).toEqual(['CONFIG_MISSING', 2]);
    expect(error?.hint).toContain('defineConfig({ suites: [');
    expect((await problem('nope.json'))?.message).toBe('--config: there is no file nope.json.');
    expect((await problem('nope.ts'))?.message).toBe('--config: there is no file nope.ts.');
  });

  it('does not choose between two, nor guess a format', async () => {
    await writeFile(join(cwd, 'sluice.config.json'), '{}');
    await writeFile(join(cwd, 'sluice.config.yaml'), '');
    expect((await problem())?.code).toBe('CONFIG_AMBIGUOUS');
    expect((await problem('sluice.config.toml'))?.code).toBe('CONFIG_INVALID');
  });

  it('names file and line of what cannot be parsed', async () => {
    await writeFile(join(cwd, 'a.yaml'), 'suites:\n  - name: [\n');
    expect((await problem('a.yaml'))?.message).toMatch(/^a\.yaml:\d+: /);
    await writeFile(join(cwd, 'a.json'), '{');
    expect((await problem('a.json'))?.message).toMatch(/^a\.json: not valid JSON: /);
    await writeFile(join(cwd, 'b.mjs'), 'throw new Error("broken on purpose")');
    expect((await problem('b.mjs'))?.message).toContain('broken on purpose');
    await writeFile(join(cwd, 'c.mjs'), 'export const config = {}');
    expect((await problem('c.mjs'))?.exitCode).toBe(2);
  });
});

describe('selectSuite', () => {
  const config = (...names: string[]) => ({
    file: 'f',
    suites: parseConfig({ suites: names.map((name) => ({ ...SUITE, name })) }, 'f'),
  });

  it('takes the only one or the named one, and lists the names otherwise', () => {
    expect(selectSuite(config('a'), undefined).name).toBe('a');
    expect(selectSuite(config('a', 'b'), 'b').name).toBe('b');
    expect(problemOf(() => selectSuite(config('a', 'b'), undefined)).message).toBe(
      'Which suite? f has a, b.',
    );
    expect(problemOf(() => selectSuite(config('support', 'b'), 'suport')).hint).toBe(
      'Did you mean support? It has support, b.',
    );
  });
});

describe('suiteEvaluators', () => {
  const suite = (more: object) => parseConfig({ suites: [{ ...SUITE, ...more }] }, 'f')[0]!;

  it('applies the exceptions of the suite', () => {
    const [latency] = suiteEvaluators(
      suite({ evaluators: ['latency'], gate: { evaluators: { latency: { gate: true } } } }),
      'f',
    );
    expect(latency).toMatchObject({ key: 'latency', gate: true, direction: 'lower' });
  });

  it('refuses unknown names, two of one key, and a minimum for lower-is-better', () => {
    expect(
      problemOf(() => suiteEvaluators(suite({ evaluators: ['has_resolutoin'] }), 'f')).message,
    ).toContain('f: suite support: evaluators[0]');
    expect(problemOf(() => suiteEvaluators(suite({ evaluators: ['latency', 'latency'] }), 'f')).code).toBe(
      'EVALUATOR_DUPLICATE',
    );
    const bad = suite({ evaluators: ['latency'], gate: { min: { latency: 5 } } });
    expect(problemOf(() => suiteEvaluators(bad, 'f')).message).toContain('gate.min.latency');
  });
});

describe('didYouMean', () => {
  it('finds near words only', () => {
    expect(didYouMean('treshold', ['threshold', 'min'])).toBe('threshold');
    expect(didYouMean('xyz', ['threshold', 'min'])).toBeUndefined();
    expect(didYouMean('x', [])).toBeUndefined();
  });

  it('counts a swap of neighbours once and is symmetric', () => {
    expect(editDistance('repaets', 'repeats')).toBe(1);
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
