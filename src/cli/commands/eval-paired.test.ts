import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';

const BAD = { answer: 'I do not know.' };
const isHard = (id: string) => Number(id.slice(1)) < 6;

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept]);
  expect((await project.sluice(['eval', '--no-gate'])).exitCode).toBe(0);
  expect((await project.sluice(['baseline', 'accept'])).exitCode).toBe(0);
  project.asked.clear();
});
afterEach(() => project[Symbol.asyncDispose]());

describe('sluice eval --paired-target', () => {
  it('passes what got worse for both, which the accepted baseline would fail', async () => {
    project.reply = (id) => (isHard(id) ? BAD : {});
    expect((await project.evalJson('--rerun', 'off')).exitCode).toBe(1);
    const { exitCode, err, results } = await project.evalJson('--paired-target', `${project.target}/`);
    expect(exitCode).toBe(0);
    expect(err).toContain(`Measuring ${project.target}/ first, to compare with.`);
    expect(results.head.target).toBe(project.target);
    expect(results.verdict?.evaluators[0]).toMatchObject({ key: 'has_resolution', relativeChange: 0 });
  });

  it('fails what got worse for the new build alone', async () => {
    // The pair is asked first.
    project.reply = (id, count) => (isHard(id) && count > 1 ? BAD : {});
    const { exitCode, results } = await project.evalJson('--paired-target', `${project.target}/`);
    expect([exitCode, results.verdict?.label]).toEqual([1, 'fail_confirmed']);
  });

  it('has no verdict when the other target is down', async () => {
    const { exitCode, err } = await project.sluice([
      'eval',
      '--paired-target',
      'langserve:http://127.0.0.1:9/agent',
    ]);
    expect([exitCode, project.asked.size]).toEqual([3, 0]);
    expect(err).toContain('langserve:http://127.0.0.1:9/agent');
  });

  it.each([['--baseline', 'main.json'], ['--no-gate'], ['--shard', '1/2'], ['--calibrate', '3']])(
    'cannot be given with %s',
    async (...flags) => {
      const { exitCode, err } = await project.sluice(['eval', '--paired-target', project.target, ...flags]);
      expect([exitCode, project.asked.size]).toEqual([2, 0]);
      expect(err).toContain(`--paired-target and ${flags[0]} cannot be given together.`);
    },
  );
});
