import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { sluiceHome } from '../../core/index.ts';
import { loadGraph } from '../../loading/index.ts';
import { startServer } from '../../serve/index.ts';
import { shutdown, traceGraph } from '../../tracing/index.ts';
import { main } from '../main.ts';
import { replay } from './replay.ts';

const GRAPH = (lookup: string) => `
import { Annotation, START, StateGraph } from ${JSON.stringify(import.meta.resolve('@langchain/langgraph'))};
const State = Annotation.Root({ id: Annotation(), answer: Annotation() });
const orders = { 'A-1': { status: 'sent' } };
export const graph = new StateGraph(State)
  .addNode('find', ({ id }, config) => ({ answer: ${lookup} + (config.configurable.suffix ?? '') }))
  .addEdge(START, 'find')
  .compile({ name: 'orders' });
`;

let cwd: string;
let home: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-replay-'));
  home = sluiceHome({}, cwd);
  await writeFile(join(cwd, 'broken.mjs'), GRAPH('orders[id].status'));
  await writeFile(join(cwd, 'mended.mjs'), GRAPH("(orders[id]?.status ?? 'unknown')"));
});
afterEach(async () => {
  await shutdown();
  await rm(cwd, { recursive: true, force: true });
});

async function sluice(...argv: string[]) {
  const context = fakeContext({ cwd, nowMs: Date.now() });
  const exitCode = await main(['replay', ...argv], [replay], context, '0.0.0');
  return { exitCode, out: context.stdout.text, err: context.stderr.text };
}

async function record(input: unknown, options: { hideInputs?: boolean } = {}): Promise<string> {
  const runId = crypto.randomUUID();
  const graph = traceGraph(await loadGraph('./broken.mjs#graph', { cwd }), { home, ...options });
  await graph.invoke(input, { runId }).catch(() => undefined);
  await shutdown();
  return runId;
}

describe('sluice replay', () => {
  it('exits 0 and shows what changed when the recorded failure is gone', async () => {
    const id = await record({ id: 'A-2' });
    const { exitCode, out } = await sluice(id, '--graph', './mended.mjs#graph');
    expect(exitCode).toBe(0);
    expect(out).toContain(`Replay of ${id} on ./mended.mjs#graph`);
    expect(out).toMatch(/outcome\s+✗ error {2}→ {2}✓ success/);
    expect(out).toMatch(
      /error\s+TypeError: Cannot read properties of undefined \(reading 'status'\) \(in find\)/,
    );
    expect(out).toMatch(/path\s+find {2}\(same\)/);
    expect(out).toContain('FIXED  the recorded failure is gone.');
    expect(out).toMatch(/sluice traces show [0-9a-f-]{36}/);
  });

  it('finds the run by the beginning of its id', async () => {
    const id = await record({ id: 'A-2' });
    expect((await sluice(id.slice(0, 8), '--graph', './mended.mjs#graph')).exitCode).toBe(0);
  });

  it('exits 1 when it still fails, or has become worse', async () => {
    const failed = await record({ id: 'A-2' });
    expect(await sluice(failed, '--graph', './broken.mjs#graph')).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('FAILING  it still fails.'),
    });
    const fine = await record({ id: 'A-1' });
    await writeFile(join(cwd, 'worse.mjs'), GRAPH('orders.none.status'));
    expect((await sluice(fine, '--graph', './worse.mjs#graph')).out).toContain('WORSE');
    expect((await sluice(fine, '--graph', './worse.mjs#graph')).exitCode).toBe(1);
  });

  it('exits 3 with the reason when the inputs were hidden', async () => {
    const id = await record({ id: 'A-2' }, { hideInputs: true });
    const { exitCode, err } = await sluice(id, '--graph', './mended.mjs#graph');
    expect(exitCode).toBe(3);
    expect(err).toContain(`The inputs of run ${id} were hidden when it was recorded.`);
    expect(err).not.toContain('    at ');
  });

  it('exits 3 when there is no such trace', async () => {
    expect(await sluice('some-id', '--graph', './mended.mjs#graph')).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('No trace or span "some-id"'),
    });
  });

  it('hands on configurable values, as JSON where they are', async () => {
    const id = await record({ id: 'A-1' });
    const { out } = await sluice(
      id,
      '--graph',
      './broken.mjs#graph',
      '--configurable',
      'suffix=!?',
      '--configurable',
      'n=3',
      '--json',
    );
    const { diff, verdict } = JSON.parse(out) as { verdict: string; diff: { after: { answer: string } } };
    expect(verdict).toBe('same');
    expect(diff.after.answer).toContain('sent!?');
  });

  it('replays on a deployed agent', async () => {
    const id = await record({ id: 'A-2' });
    const server = await startServer({ graph: await loadGraph('./mended.mjs#graph', { cwd }), port: 0 });
    try {
      const { exitCode, out } = await sluice(id, '--target', `langserve:${server.url}`);
      expect(out).toContain('FIXED');
      expect(out).toContain('The trace of the replay is not in this store');
      expect(exitCode).toBe(0);
    } finally {
      await server.close();
    }
    const { exitCode, err } = await sluice(id, '--target', `langserve:${server.url}`);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('did not answer')]);
  });

  it.each([
    [['some-id'], 'needs --graph or --target'],
    [['some-id', '--graph', 'a#b', '--target', 'langserve:http://x'], 'exclude each other'],
    [[], 'Which run?'],
    [['some-id', '--grahp', 'x'], 'There is no option --grahp.'],
    [['some-id', '--graph', 'x', '--timeout', 'soon'], '--timeout must be a duration'],
  ])('refuses %j in one line', async (argv, message) => {
    const { exitCode, err } = await sluice(...argv);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('    at ');
  });

  it('refuses a file without the graph, and a pair without its sign', async () => {
    const id = await record({ id: 'A-2' });
    expect(await sluice(id, '--graph', './missing.mjs#graph')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('missing.mjs'),
    });
    expect(await sluice(id, '--graph', './mended.mjs#agent')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('graph'),
    });
    expect(await sluice(id, '--graph', './mended.mjs#graph', '--configurable', 'suffix')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('--configurable takes key=value, not "suffix"'),
    });
  });
});
