import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';

const BAD = { answer: 'I do not know.' };

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept]);
});
afterEach(() => project[Symbol.asyncDispose]());

/** Accepts a run of 5 repeats in which every example goes well, but some in one of five. */
async function accept(isFlaky: (id: string) => boolean = () => false): Promise<void> {
  project.reply = (id, count) => (isFlaky(id) && count === 3 ? BAD : {});
  expect((await project.sluice(['eval', '--no-gate', '--repeats', '5'])).exitCode).toBe(0);
  expect((await project.sluice(['baseline', 'accept'])).exitCode).toBe(0);
  project.asked.clear();
  project.reply = () => ({});
}

const numberOf = (id: string) => Number(id.slice(1));

describe('a breach that chance could explain', () => {
  // In its first run one more example than the limit allows goes wrong, in every later one none.
  const badOnce = (id: string, count: number): { answer?: string } =>
    numberOf(id) < 4 && count === 1 ? BAD : {};
  const isFlaky = (id: string) => numberOf(id) < 10;

  it('is measured again with the whole dataset, says why, and passes when it was chance', async () => {
    await accept(isFlaky);
    project.reply = badOnce;
    const { exitCode, err, results } = await project.evalJson();
    expect(exitCode).toBe(0);
    expect(err).toMatch(/Extra round 1 \(has_resolution .*\): all examples once more, 40 calls\./);
    expect(results.verdict?.rounds.extra).toBeGreaterThan(0);
    expect(results.calls).toHaveLength(40 * (1 + (results.verdict?.rounds.extra ?? 0)));
    expect(new Set(project.asked.values()).size).toBe(1);
  });

  it('is final with --rerun off and with the suite saying so', async () => {
    await accept(isFlaky);
    project.reply = badOnce;
    const { exitCode, results } = await project.evalJson('--rerun', 'off');
    expect([exitCode, results.calls.length]).toEqual([1, 40]);
    expect(results.verdict?.rounds).toMatchObject({ extra: 0, stopped: 'off' });
    project.asked.clear();
    await project.configure({ gate: { rerun: 'off' } });
    expect((await project.evalJson()).exitCode).toBe(1);
    project.asked.clear();
    expect((await project.evalJson('--rerun', 'close')).exitCode).toBe(0);
  });

  it('fails unconfirmed when the budget has no room for another round', async () => {
    await accept(isFlaky);
    project.reply = (id, count) => ({
      output: {
        answer: badOnce(id, count).answer ?? 'Your order was refunded.',
        messages: [{ type: 'ai', content: '', usage_metadata: { input_tokens: 9, output_tokens: 1 } }],
      },
    });
    const { exitCode, results } = await project.evalJson('--budget-tokens', '500');
    expect([exitCode, results.verdict?.label]).toEqual([1, 'fail_unconfirmed']);
    expect(results.verdict?.rounds).toMatchObject({ extra: 0, stopped: 'budget' });
  });

  it('goes on in the middle of an extra round when it was stopped there', async () => {
    await accept(isFlaky);
    project.reply = badOnce;
    const interruption = new AbortController();
    project.onAsked = (total) => {
      if (total === 60) interruption.abort(new Error('Stopped by SIGINT.'));
    };
    const stopped = await project.sluice(['eval', '--concurrency', '1'], { signal: interruption.signal });
    expect(stopped.exitCode).toBe(130);
    expect(stopped.err).toMatch(/stopped: 59 of 80 finished/);
    project.onAsked = () => {};
    const { exitCode, err, results } = await project.evalJson('--concurrency', '1');
    expect(err).toMatch(/Resuming run \S+: 40 of 40 finished/);
    expect(exitCode).toBe(0);
    // The one call that was under way is the only one made twice.
    const total = [...project.asked.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBe(results.calls.length + 1);
  });
});

describe('flags of the gate', () => {
  it('--rule lenient passes what the literal rule fails unconfirmed', async () => {
    await accept((id) => numberOf(id) < 10);
    project.reply = (id) => (numberOf(id) < 4 ? BAD : {});
    const literal = await project.evalJson('--rerun', 'off');
    const lenient = await project.evalJson('--rule', 'lenient');
    expect([literal.exitCode, lenient.exitCode]).toEqual([1, 0]);
    expect(lenient.results.verdict?.rule).toBe('lenient');
    expect((await project.sluice(['eval', '--rule', 'soft'])).exitCode).toBe(2);
  });

  it('--allow-changed compares an evaluator that changed, and no other', async () => {
    const evaluator = (marker: string) =>
      `export default { suites: [{ name: 'support', dataset: 'golden.jsonl', target: '${project.target}', evaluators: [
        { key: 'polite', evaluate: () => ({ score: ${marker} }) }, 'no_error'] }] };`;
    await writeFile(join(project.path, 'v1.mjs'), evaluator('1'));
    await writeFile(join(project.path, 'v2.mjs'), evaluator('1 * 1'));
    await project.sluice(['eval', '--no-gate', '--config', 'v1.mjs']);
    await project.sluice(['baseline', 'accept']);
    const changed = await project.sluice(['eval', '--config', 'v2.mjs']);
    expect([changed.exitCode, changed.out]).toEqual([3, expect.stringContaining('polite')]);
    const allowed = await project.sluice(['eval', '--config', 'v2.mjs', '--allow-changed', 'polite']);
    expect(allowed.exitCode).toBe(0);
    const typo = await project.sluice(['eval', '--config', 'v2.mjs', '--allow-changed', 'polit']);
    expect([typo.exitCode, typo.err]).toEqual([2, expect.stringContaining('polit')]);
  });
});

describe('--calibrate', () => {
  it('runs the unchanged agent against itself and says how often chance fails the gate', async () => {
    project.reply = (id, count) => ((numberOf(id) + count) % 9 === 0 ? BAD : {});
    const { exitCode, out } = await project.sluice(['eval', '--calibrate', '4']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/the gate would have failed it in \d+\.\d% of them/);
    expect([...project.asked.values()].every((count) => count === 4)).toBe(true);
    const json = await project.sluice(['eval', '--calibrate', '4', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ suite: 'support', of: expect.any(Number) });
  });

  it('finds no chance failure of an agent that always answers the same', async () => {
    const { out } = await project.sluice(['eval', '--calibrate', '3', '--json']);
    expect(JSON.parse(out)).toMatchObject({ failedByChance: 0, failedOnce: 0 });
  });

  it.each([
    ['--repeats', '2'],
    ['--shard', '1/2'],
  ])('cannot be given with %s', async (...flag) => {
    expect((await project.sluice(['eval', '--calibrate', '3', ...flag])).exitCode).toBe(2);
    expect(project.asked.size).toBe(0);
  });
});
