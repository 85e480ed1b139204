import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { replay } from '../../src/cli/commands/replay.ts';
import { main } from '../../src/cli/main.ts';
import type { ReplayableGraph } from '../../src/replay/index.ts';
import { shutdown, traceGraph } from '../../src/tracing/index.ts';
import { TABLES_SUM } from '../support/checkpoint-tables.ts';
import { fakeContext } from '../support/fake-context.ts';
import { describePostgres, type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { sqliteSaver } from '../support/sqlite-shim.ts';
import { tempDir } from '../support/temp-dir.ts';

const from = (specifier: string) => JSON.stringify(import.meta.resolve(specifier));

/** plan (a model) -> refund (a tool, then it fails unless mended) -> answer (a model). `calls` counts what really ran. */
const AGENT = `
import { HumanMessage } from ${from('@langchain/core/messages')};
import { tool } from ${from('@langchain/core/tools')};
import { FakeListChatModel } from ${from('@langchain/core/utils/testing')};
import { MessagesAnnotation, START, StateGraph } from ${from('@langchain/langgraph')};
export const calls = [];
const model = (name) => new FakeListChatModel({ responses: [name + ' by the model'] });
const refund = tool(async ({ order }) => (calls.push('refund'), 'refunded ' + order), {
  name: 'refund', description: 'x', schema: { type: 'object', properties: { order: { type: 'string' } } },
});
export const build = (mended, checkpointer) => new StateGraph(MessagesAnnotation)
  .addNode('plan', async ({ messages }) => (calls.push('plan'), { messages: [await model('plan').invoke(messages)] }))
  .addNode('refund', async () => {
    const receipt = await refund.invoke({ order: 'A-7' });
    if (!mended) throw new TypeError('no receipt');
    return { messages: [new HumanMessage(receipt)] };
  })
  .addNode('answer', ({ messages }) => (calls.push('answer'), { messages: [messages.at(-1)] }))
  .addEdge(START, 'plan').addEdge('plan', 'refund').addEdge('refund', 'answer')
  .compile({ checkpointer, name: 'agent' });
export const mended = build(true);
export const same = build(false);
`;

interface Agent {
  readonly calls: string[];
  build(mended: boolean, checkpointer: unknown): ReplayableGraph;
}

/** A project whose agent has failed once, traced into its home, with its thread in a checkpointer. */
async function failed(checkpointer: unknown) {
  const dir = await tempDir();
  onTestFinished(async () => {
    await shutdown();
    await dir[Symbol.asyncDispose]();
  });
  await writeFile(join(dir.path, 'agent.mjs'), AGENT);
  const { build, calls } = (await import(join(dir.path, 'agent.mjs'))) as Agent;
  const home = join(dir.path, '.sluice');
  const graph = traceGraph(build(false, checkpointer), { home, handleSignals: false });
  const runId = crypto.randomUUID();
  const config = { runId, configurable: { thread_id: 'customer-7' } };
  await expect(graph.invoke({ messages: [{ role: 'user', content: 'refund A-7' }] }, config)).rejects.toThrow(
    'receipt',
  );
  await shutdown();
  calls.length = 0;
  const sluice = async (...argv: string[]) => {
    const context = fakeContext({ cwd: dir.path, nowMs: Date.now() });
    const exitCode = await main(['replay', runId, ...argv], [replay], context, '0.0.0');
    return { exitCode, out: context.stdout.text, err: context.stderr.text };
  };
  return { calls, sluice };
}

let postgres: PrivatePostgres;

describePostgres('sluice replay --from-failure on Postgres', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());

  it('proves a mend from the failing node on, calls no tool, and leaves the tables as they were', async () => {
    const url = await postgres.createDatabase('agent');
    const checkpointer = PostgresSaver.fromConnString(url);
    onTestFinished(() => checkpointer.end());
    await checkpointer.setup();
    const { calls, sluice } = await failed(checkpointer);
    const before = await postgres.query(url, TABLES_SUM);
    const mended = await sluice('--graph', './agent.mjs#mended', '--from-failure', '--checkpointer', url);
    expect(mended).toMatchObject({ exitCode: 0, err: '' });
    expect(calls).toEqual(['answer']);
    const same = await sluice(
      '--graph',
      './agent.mjs#same',
      '--from-failure',
      '--checkpointer',
      url,
      '--json',
    );
    expect(same.exitCode).toBe(1);
    expect(JSON.parse(same.out)).toMatchObject({ forkedAt: { node: 'refund', checkpointNs: '' } });
    expect(calls).toEqual(['answer']);
    expect(await postgres.query(url, TABLES_SUM)).toEqual(before);
    expect(`${mended.out}${same.out}`).not.toContain(postgres.password);
  });
});

describe('sluice replay --from-failure', () => {
  it('reads a SQLite file, and exits 3 or 2 with the reason when it cannot', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'threads.db');
    const { saver, close } = sqliteSaver(path);
    const { sluice } = await failed(saver);
    expect(
      (await sluice('--graph', './agent.mjs#mended', '--from-failure', '--checkpointer', path)).exitCode,
    ).toBe(0);
    await saver.deleteThread('customer-7');
    close();
    const gone = await sluice('--graph', './agent.mjs#mended', '--from-failure', '--checkpointer', path);
    expect([gone.exitCode, gone.err]).toEqual([
      3,
      expect.stringContaining('Thread customer-7 is not in sqlite:'),
    ]);
    const nowhere = await sluice(
      '--graph',
      './agent.mjs#mended',
      '--from-failure',
      '--checkpointer',
      'none.db',
    );
    expect([nowhere.exitCode, nowhere.err]).toEqual([2, expect.stringContaining('none.db does not exist')]);
    expect(nowhere.err).not.toContain('    at ');
  });
});
