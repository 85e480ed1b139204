import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject, journaledCalls } from '../../../test/support/eval-project.ts';
import { resultsSchema } from '../../evals/reports/results.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';
import { evalMerge } from './eval-merge.ts';

const BAD = { answer: 'I do not know.' };

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalMerge, evalCommand, baselineAccept]);
});
afterEach(() => project[Symbol.asyncDispose]());

/** Runs shards and moves their folders to where a job of CI would have downloaded them. */
async function runShards(of: number, ...flags: string[]): Promise<string[]> {
  const folders: string[] = [];
  for (let index = 1; index <= of; index += 1) {
    const { exitCode, err } = await project.sluice(['eval', '--shard', `${index}/${of}`, ...flags]);
    expect([exitCode, err]).toEqual([0, expect.stringContaining('sluice eval merge')]);
    const run = (await project.runs()).at(-1) ?? '';
    const folder = join(project.path, 'artifacts', `shard-${index}`, basename(run));
    await mkdir(join(folder, '..'), { recursive: true });
    await cp(run, folder, { recursive: true });
    await rm(run, { recursive: true });
    folders.push(folder);
  }
  return folders;
}

async function accept(): Promise<void> {
  await project.sluice(['eval', '--no-gate', '--repeats', '5']);
  expect((await project.sluice(['baseline', 'accept'])).exitCode).toBe(0);
  project.asked.clear();
}

const merge = (...argv: string[]) => project.sluice(['eval', 'merge', ...argv]);

describe('shards of a run', () => {
  it('run every example once among them, and merge to what one run is', async () => {
    await accept();
    project.reply = (id) => (Number(id.slice(1)) % 10 === 0 ? BAD : {});
    await runShards(3);
    expect([...project.asked.values()].every((count) => count === 1)).toBe(true);
    expect(project.asked.size).toBe(40);
    const { exitCode, out } = await merge('--from', 'artifacts', '--json');
    const merged = resultsSchema.parse(JSON.parse(out));
    const whole = await project.evalJson('--rerun', 'off');
    expect([exitCode, whole.exitCode]).toEqual([1, 1]);
    expect(merged.calls.map(({ exampleId }) => exampleId)).toEqual(
      whole.results.calls.map(({ exampleId }) => exampleId),
    );
    expect(merged.head).toEqual({
      ...whole.results.head,
      runId: merged.head.runId,
      startedAt: merged.head.startedAt,
    });
    const comparable = (verdict: typeof merged.verdict) =>
      verdict?.evaluators.filter(({ key }) => key !== 'latency');
    expect(comparable(merged.verdict)).toEqual(comparable(whole.results.verdict));
    expect(merged.verdict?.rounds.stopped).toBe('off');
  });

  it('merge into a run folder with every answer, which can be accepted', async () => {
    const folders = await runShards(2, '--repeats', '2');
    const { exitCode } = await merge(...folders, '--no-gate');
    expect(exitCode).toBe(0);
    const [folder = ''] = await project.runs();
    expect(await journaledCalls(folder)).toHaveLength(80);
    expect((await project.sluice(['baseline', 'accept'])).out).toContain('40 examples x 2');
  });

  it('have no verdict by themselves and cannot be accepted', async () => {
    await accept();
    project.reply = () => BAD;
    const { exitCode, out } = await project.sluice(['eval', '--shard', '2/4']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('Not gated')]);
    const refused = await project.sluice(['baseline', 'accept', '--suite', 'support']);
    expect([refused.exitCode, refused.err]).toEqual([3, expect.stringContaining('shard')]);
  });

  it('without one of them have no verdict, naming it', async () => {
    await accept();
    const [first = '', , third = ''] = await runShards(3);
    const { exitCode, err } = await merge(first, third);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('Shard 2/3 of support is missing')]);
  });

  it('of which one did not finish have no verdict', async () => {
    await accept();
    const [first = '', second = ''] = await runShards(2);
    await rm(join(second, 'results.json'));
    expect(await merge(first, second)).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('is not finished'),
    });
    // Below a folder it is not seen at all: then it is missing.
    expect(await merge('--from', 'artifacts')).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('Shard 2/2'),
    });
  });

  it('are refused twice, of another dataset, and when they are no shards', async () => {
    await accept();
    const [first = '', second = ''] = await runShards(2);
    const twice = await merge(first, second, first);
    expect([twice.exitCode, twice.err]).toEqual([2, expect.stringContaining('are both shard 1/2')]);
    await project.dataset([
      { id: 'e0', inputs: { id: 'e0' } },
      { id: 'e1', inputs: { id: 'e1' } },
    ]);
    await project.sluice(['eval', '--shard', '2/2']);
    const other = (await project.runs()).at(-1) ?? '';
    const mixed = await merge(first, other);
    expect([mixed.exitCode, mixed.err]).toEqual([2, expect.stringContaining('another dataset')]);
    await project.sluice(['eval', '--no-gate']);
    const whole = await merge((await project.runs()).at(-1) ?? '');
    expect([whole.exitCode, whole.err]).toEqual([2, expect.stringContaining('is not the run of a shard')]);
  });

  it('are refused with a number that cannot be meant', async () => {
    for (const wrong of ['0/2', '3/2', '1/1', '2', 'a/b', '1/99'])
      expect((await project.sluice(['eval', '--shard', wrong])).exitCode).toBe(2);
    expect(project.asked.size).toBe(0);
  });

  it('need folders or --from, and one of them only', async () => {
    expect((await merge()).err).toContain('There are no shards to merge');
    expect((await merge('a', '--from', 'b')).exitCode).toBe(2);
    const folders = await runShards(2);
    for (const flag of [
      ['--threshold', '1'],
      ['--threshold', 'abc'],
      ['--rule', 'soft'],
    ])
      expect((await merge(...folders, ...flag)).exitCode).toBe(2);
    expect((await merge('--from', 'nowhere')).exitCode).toBe(2);
    await mkdir(join(project.path, 'empty'));
    expect((await merge('--from', 'empty')).exitCode).toBe(3);
  });

  it('without their journals are gated all the same, with a warning', async () => {
    await accept();
    const folders = await runShards(2);
    for (const folder of folders) await rm(join(folder, 'journal.jsonl'));
    const { exitCode, err } = await merge('--from', 'artifacts');
    expect([exitCode, err]).toEqual([0, expect.stringContaining('no journal.jsonl')]);
  });

  it('called at different targets merge with a warning', async () => {
    await accept();
    const [first = '', second = ''] = await runShards(2);
    const path = join(second, 'results.json');
    const { readFile } = await import('node:fs/promises');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('/agent', '/agent2'));
    expect((await merge(first, second)).err).toContain('different targets');
  });
});
