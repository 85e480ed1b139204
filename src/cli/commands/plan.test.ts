import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { baselineAccept } from './baseline-accept.ts';
import { baselineShow } from './baseline-show.ts';
import { evalCommand } from './eval.ts';
import { plan } from './plan.ts';

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept, baselineShow, plan]);
});
afterEach(() => project[Symbol.asyncDispose]());

async function accept(repeats: number): Promise<void> {
  // Every fourth example fails in its second run.
  project.reply = (id, count) =>
    Number(id.slice(1)) % 4 === 0 && count === 2 ? { answer: 'I do not know.' } : {};
  expect((await project.sluice(['eval', '--no-gate', '--repeats', String(repeats)])).exitCode).toBe(0);
  expect((await project.sluice(['baseline', 'accept'])).exitCode).toBe(0);
}

interface Planned {
  scores: { key: string; sees: number; falseAlarm: number; needed: { examples: number; repeats: number } }[];
}

async function planned(...flags: string[]): Promise<Planned> {
  const { exitCode, out } = await project.sluice(['plan', '--gate', '--json', ...flags]);
  expect(exitCode).toBe(0);
  return JSON.parse(out);
}

describe('sluice plan --gate', () => {
  it('says what the baseline sees and what a drop needs', async () => {
    await accept(5);
    const { exitCode, out } = await project.sluice(['plan', '--gate']);
    expect(exitCode).toBe(0);
    expect(out).toContain(
      'From the baseline of support, 40 examples x 5: 40 examples, 5 vs 1 runs, limit 5.0%',
    );
    expect(out).toMatch(/has_resolution +0\.95 +0\.050 /);
    expect(out).not.toContain('latency');
    const [score] = (await planned()).scores;
    expect(score).toMatchObject({ key: 'has_resolution', flakinessAssumed: false, examples: 40 });
    const [finer] = (await planned('--repeats', '3')).scores;
    expect(finer!.sees).toBeLessThan(score!.sees);
    const enough = String(score!.needed.examples);
    const [sized] = (await planned('--examples', enough)).scores;
    expect(sized!.sees).toBeLessThanOrEqual(0.1 + 1e-9);
    expect(sized!.falseAlarm).toBeLessThanOrEqual(0.05);
  });

  it('takes the figures by hand, in per cent and as shares', async () => {
    const [byHand] = (await planned('--mean', '85%', '--examples', '50', '--flakiness', '0.06375')).scores;
    expect(byHand!.falseAlarm).toBeCloseTo(0.1366, 3);
    expect(byHand!.sees).toBeCloseTo(0.103, 3);
    expect(await planned('--mean', '0.85', '--examples', '50', '--drop', '0.1')).toEqual(
      await planned('--mean', '85%', '--examples', '50', '--drop', '10%'),
    );
  });

  it('says that the flakiness is a guess where there was one run', async () => {
    await accept(1);
    const { out } = await project.sluice(['plan', 'support', '--gate']);
    expect(out).toMatch(/has_resolution .*\d\*/);
    expect(out).toContain('one run of each example does not show it');
  });

  it.each([
    [[], 'What is to be planned?'],
    [['--gate'], 'There is no baseline in datasets/baselines.'],
    [['support', '--gate'], 'The suite support has no baseline yet.'],
    [['--gate', '--mean', '0.85'], '--examples is missing'],
    [['--gate', '--mean', 'abc', '--examples', '5'], '--mean must be a share'],
    [['--gate', '--drop', '5%'], '--drop must be above the limit of 5.0%'],
    [['--gate', '--drop', '120%'], '--drop must be a share'],
    [['--gate', '--examples', '0'], '--examples must be a whole number'],
  ])('refuses %j with one line and exit 2', async (argv, message) => {
    const { exitCode, out, err } = await project.sluice(['plan', ...argv]);
    expect([exitCode, out, err]).toEqual([2, '', expect.stringContaining(message)]);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('has examples that work', async () => {
    await accept(5);
    for (const [line] of plan.examples)
      expect([line, (await project.sluice(line.split(' ').slice(1))).exitCode]).toEqual([line, 0]);
  });
});

describe('sluice baseline show', () => {
  it('says what a run can see, and asks for five runs where there are fewer', async () => {
    await accept(1);
    expect((await project.sluice(['baseline', 'show'])).out).toContain(
      '1 run of each example: its noise stays in every comparison. Record 5: sluice eval support --repeats 5',
    );
    project.asked.clear();
    await accept(5);
    const { out } = await project.sluice(['baseline', 'show']);
    expect(out).toMatch(/has_resolution.*0\.95.*\d\.\d%.*\d\.\d%/);
    expect(out).toContain('the smallest change for the worse that fails in 80% of runs');
    const json = JSON.parse((await project.sluice(['baseline', 'show', '--json'])).out);
    expect(json.scores[0]).toMatchObject({
      key: 'has_resolution',
      sees: [
        { repeats: 1, detectableDrop: expect.any(Number) },
        { repeats: 3, detectableDrop: expect.any(Number) },
      ],
    });
    expect(json.runAgeDays).toBeGreaterThanOrEqual(0);
  });
});
