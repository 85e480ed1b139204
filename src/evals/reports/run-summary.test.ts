import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleRun } from '../../../test/support/sample-run.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { runFolder } from '../../core/index.ts';
import { sparkText, trends } from './history-trend.ts';
import { writeResults } from './results-file.ts';
import { type RunSummary, toRunSummary } from './run-summary.ts';
import { readRunSummary } from './run-summary-file.ts';
import { evaluatorLine, formatChance, verdictWord } from './verdict-label.ts';

const { results } = sampleRun({ examples: 40, repeats: 3, hostile: '\u2028\u2029\u0085"]}' });
const RUN = results.head.runId;

describe('the summary of a run', () => {
  it('is read from the beginning of its results alone', async () => {
    await using dir = await tempDir();
    const path = await writeResults(runFolder(dir.path, RUN), results);
    const whole = toRunSummary(results);
    expect(await readRunSummary(dir.path, RUN)).toEqual(whole);
    expect(whole.scores[0]).toMatchObject({ key: 'has_resolution', gated: true, status: expect.any(String) });
    // What comes after is not looked at.
    const { calls: _calls, ...head } = results;
    const fields = Object.entries(head).map(
      ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
    );
    await writeFile(path, `{\n${fields.join(',\n')},\n  "calls": [\n    what is no JSON`);
    expect(await readRunSummary(dir.path, RUN)).toEqual(whole);
  });

  it('has the same means without a verdict, from the calls one after the other', async () => {
    await using dir = await tempDir();
    await writeResults(runFolder(dir.path, RUN), { ...results, verdict: null });
    const read = await readRunSummary(dir.path, RUN);
    expect(read).toMatchObject({ status: null, label: null });
    // Of times a failed agent has none, which the gate bounds and a plain mean leaves out.
    const bounded = results.verdict?.evaluators.filter(({ key }) => key !== 'latency') ?? [];
    expect(bounded).toHaveLength(3);
    for (const { key, candidateMean } of bounded)
      expect(read?.scores.find((score) => score.key === key)?.mean).toBeCloseTo(
        candidateMean ?? Number.NaN,
        10,
      );
  });

  it('is none for a run that is not finished, and an error for a damaged one', async () => {
    await using dir = await tempDir();
    expect(await readRunSummary(dir.path, RUN)).toBeUndefined();
    const path = await writeResults(runFolder(dir.path, RUN), { ...results, verdict: null });
    for (const text of ['', '{}', '{\n  "schemaVersion": 1\n}', '[1]']) {
      await writeFile(path, text);
      await expect(readRunSummary(dir.path, RUN)).rejects.toMatchObject({
        code: 'RESULTS_INVALID',
        exitCode: 2,
      });
    }
  });
});

describe('trends', () => {
  const run = (means: Record<string, number>, failed: readonly string[] = []): RunSummary => ({
    ...toRunSummary(results),
    scores: Object.entries(means).map(([key, mean]) => ({
      key,
      mean,
      gated: key !== 'latency',
      direction: 'higher',
      baselineMean: 1,
      status: failed.includes(key) ? 'fail' : 'pass',
    })),
  });

  it('have one value for each run, oldest first, and gated keys first', () => {
    const all = trends([
      run({ latency: 5, a: 0.5 }),
      run({ a: 1 }, ['a']),
      run({ latency: 7, b: 1, a: 0.8 }),
    ]);
    expect(all.map(({ key, values, failed, first, last }) => ({ key, values, failed, first, last }))).toEqual(
      [
        { key: 'b', values: [null, null, 1], failed: [false, false, false], first: 1, last: 1 },
        { key: 'a', values: [0.5, 1, 0.8], failed: [false, true, false], first: 0.5, last: 0.8 },
        { key: 'latency', values: [5, null, 7], failed: [false, false, false], first: 5, last: 7 },
      ],
    );
  });

  it('are drawn from the lowest to the highest block, with a dot for a gap', () => {
    expect(sparkText([0, 0.5, 1, null, 0])).toBe('▁▅█·▁');
    expect(sparkText([1, 1])).toBe('▄▄');
    expect(sparkText([null])).toBe('·');
    const value = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null });
    fc.assert(
      fc.property(fc.array(value), (values) => {
        expect([...sparkText(values)]).toHaveLength(values.length);
        expect(sparkText(values)).toMatch(/^[▁▂▃▄▅▆▇█·]*$/);
      }),
    );
  });
});

describe('the words of a verdict', () => {
  const evaluator = {
    key: 'has_resolution',
    gated: true,
    status: 'fail' as const,
    label: 'fail_unconfirmed' as const,
    direction: 'higher' as const,
    threshold: 0.05,
    baselineMean: 0.86,
    candidateMean: 0.8,
    relativeChange: -0.07,
    limit: 0.817,
    n: 50,
    missing: 0,
    statistics: {
      examples: 50,
      clusters: 50,
      baselineRepeats: 5,
      candidateRepeats: 5,
      flakiness: 0.06,
      pNoise: 0.09,
      falseAlarm: 0.1,
      detectableDrop: 0.106,
      interval: [-0.15, 0.01] as [number, number],
    },
  };

  it('say what happened, how sure it is, and what such a run could see', () => {
    expect(evaluatorLine(evaluator)).toBe(
      'FAIL (unconfirmed) has_resolution 0.86 -> 0.80 (-7.0%, limit -5.0%), 50 examples, 5 vs 5 runs; chance without any change 9%; sees drops of 10.6% or more in 80% of runs',
    );
    const { statistics } = evaluator;
    expect(
      evaluatorLine({
        ...evaluator,
        direction: 'lower',
        statistics: { ...statistics, clusters: 8, candidateRepeats: 1.5, pNoise: null, detectableDrop: null },
      }),
    ).toBe(
      'FAIL (unconfirmed) has_resolution 0.86 -> 0.80 (-7.0%, limit +5.0%), 50 examples in 8 clusters, 5 vs 1.5 runs',
    );
    expect(evaluatorLine({ ...evaluator, status: 'not_applicable' })).toBeUndefined();
  });

  it('never call a chance impossible or certain', () => {
    expect([0, 0.004, 0.01, 0.5, 0.99, 0.999, 1].map(formatChance)).toEqual([
      '<1%',
      '<1%',
      '1%',
      '50%',
      '99%',
      '>99%',
      '>99%',
    ]);
  });

  it('say that an unconfirmed breach was only warned of', () => {
    expect(verdictWord({ status: 'pass', label: 'fail_unconfirmed' })).toBe(
      'PASS, FAIL (unconfirmed) as a warning',
    );
    expect(verdictWord({ status: 'no_verdict', label: null })).toBe('NO VERDICT');
    expect(verdictWord({ status: 'fail', label: 'fail_confirmed' })).toBe('FAIL (confirmed)');
  });
});
