import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept]);
});
afterEach(() => project[Symbol.asyncDispose]());

const cached = (...flags: string[]) => project.evalJson('--cache', '--no-gate', ...flags);

describe('--cache', () => {
  it('asks the agent once, scores the same answers again, and measures no time', async () => {
    const first = await cached();
    expect(first.results.calls.some((call) => call.cached)).toBe(false);
    const second = await cached();
    expect(second.err).toContain('40 from the cache');
    expect([...project.asked.values()].every((count) => count === 1)).toBe(true);
    for (const call of second.results.calls) {
      expect(call).toMatchObject({ cached: true, latencyMs: 0, status: 'answered' });
      expect(call.scores['has_resolution']).toMatchObject({ status: 'scored', score: 1 });
      expect(call.scores['latency']?.status).toBe('not_applicable');
    }
  });

  it('is off without the flag', async () => {
    await cached();
    await project.evalJson('--no-gate');
    expect([...project.asked.values()].every((count) => count === 2)).toBe(true);
  });

  it('does not keep failures of the agent', async () => {
    project.reply = (id, count) => (id === 'e1' && count === 1 ? { status: 500 } : {});
    await cached();
    const { results } = await cached();
    expect(results.calls[1]).toMatchObject({ exampleId: 'e1', status: 'answered' });
    expect(project.asked.get('e1')).toBe(2);
  });

  it('needs no agent when it has every answer', async () => {
    await cached();
    project.reply = () => ({ status: 503 });
    expect((await cached()).exitCode).toBe(0);
  });

  it('never gates and is never accepted', async () => {
    const { exitCode, err } = await project.sluice(['eval', '--cache']);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('--cache needs --no-gate')]);
    await cached();
    await cached();
    const accepted = await project.sluice(['baseline', 'accept']);
    expect([accepted.exitCode, accepted.err]).toEqual([3, expect.stringContaining('cache')]);
  });
});
