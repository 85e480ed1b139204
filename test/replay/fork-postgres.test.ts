import { MemorySaver } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Trace } from '../../src/core/index.ts';
import type { ReplayableGraph } from '../../src/replay/contract.ts';
import { forkAtFailure, openCheckpointer } from '../../src/replay/fork/index.ts';
import { readThread } from '../../src/replay/fork/thread.ts';
import { TABLES_SUM } from '../support/checkpoint-tables.ts';
import {
  answer,
  asking,
  type Build,
  fanOut,
  line,
  nested,
  parallel,
  playFork,
  recordRun,
  router,
} from '../support/forked-graphs.ts';
import { describePostgres, type PrivatePostgres, startPostgres } from '../support/postgres.ts';

let postgres: PrivatePostgres;
let databases = 0;

/** An agent's database with its checkpointer. */
async function production(schema = 'public') {
  databases += 1;
  const url = await postgres.createDatabase(`agent_${databases}`);
  const checkpointer = PostgresSaver.fromConnString(url, { schema });
  await checkpointer.setup();
  onTestFinished(() => checkpointer.end());
  return { url, checkpointer, sum: () => postgres.query(url, TABLES_SUM) };
}

const fork = (graph: ReplayableGraph, trace: Trace, url: string) =>
  forkAtFailure(graph, { trace, checkpointer: url, play: playFork });

async function checkpointBefore(graph: ReplayableGraph, node: string): Promise<string> {
  for await (const { config, next } of graph.getStateHistory({ configurable: { thread_id: 't' } })) {
    if (next[0] === node) return String(config.configurable?.['checkpoint_id']);
  }
  throw new Error(`No checkpoint before ${node}.`);
}

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => thrown as Error & { code: string; hint?: string },
  );

describePostgres('a fork of a thread in Postgres', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());

  it.each([
    ['a line', line, ['draft', 'send']],
    ['parallel branches', parallel, ['failing', 'slow', 'join']],
    ['a fan-out', fanOut, ['worker 2']],
    ['a throwing router', router, ['find', 'send']],
    ['a subgraph', nested, ['second', 'third', 'send']],
  ] as const)(
    'runs only the failing node and what follows, and leaves every row as it was: %s',
    async (_name, build: (build: Build) => ReplayableGraph, expected) => {
      const { url, checkpointer, sum } = await production();
      const trace = await recordRun(build({ checkpointer }));
      const before = await sum();
      expect(before.find(({ name }) => name === 'checkpoints')?.['rows']).toBeGreaterThan(1);
      const ran: string[] = [];
      const forked = await fork(build({ mended: true, ran }), trace, url);
      expect(ran).toEqual(expected);
      expect(forked.trace.outcome).toBe('success');
      expect(await sum()).toEqual(before);
    },
  );

  it('does so where the thread has gone on, after an interrupt, with durability "exit" and in another schema', async () => {
    const { url, checkpointer } = await production('agent');
    const at = `${url}?schema=agent`;
    const gone = await recordRun(parallel({ checkpointer }));
    await parallel({ checkpointer, mended: true }).invoke(null, { configurable: { thread_id: 't' } });
    const ran: string[] = [];
    await fork(parallel({ mended: true, ran }), gone, at);
    expect(ran).toEqual(['failing', 'slow', 'join']);

    await recordRun(asking({ checkpointer }), undefined, { threadId: 'u' });
    const asked = await recordRun(asking({ checkpointer }), answer('yes'), { threadId: 'u' });
    ran.length = 0;
    await fork(asking({ mended: true, ran }), asked, at);
    expect(ran).toEqual(['ask yes', 'send']);

    const exit = await recordRun(nested({ checkpointer }), undefined, { threadId: 'v', durability: 'exit' });
    ran.length = 0;
    await fork(nested({ mended: true, ran }), exit, at);
    expect(ran).toEqual(['second', 'third', 'send']);
  });

  it('names the version collision where a branch of the thread holds the values of another one', async () => {
    const { url, checkpointer, sum } = await production();
    /** A thread that ran through, then went back to its beginning on a build that fails. */
    const branched = async (saver: PostgresSaver | MemorySaver) => {
      const mended = line({ checkpointer: saver, mended: true });
      await mended.invoke({ topic: 'first' }, { configurable: { thread_id: 't' } });
      const beginning = await checkpointBefore(mended, 'find');
      return recordRun(line({ checkpointer: saver }), null, { checkpointId: beginning });
    };
    const trace = await branched(checkpointer);
    expect(trace).toMatchObject({ outcome: 'error', threadId: 't' });
    const before = await sum();
    const error = await caught(fork(line({ mended: true }), trace, url));
    expect(error).toMatchObject({
      code: 'FORK_CHECKPOINT_DAMAGED',
      exitCode: 3,
      message: expect.stringMatching(/holds the value of another branch in "log".*issue 1812/),
    });
    expect(await sum()).toEqual(before);
    // In memory, where values are stored with each checkpoint, the same story is no collision.
    const memory = new MemorySaver();
    const inMemory = await branched(memory);
    const ran: string[] = [];
    const mended = line({ mended: true, ran });
    await forkAtFailure(mended, { trace: inMemory, checkpointer: memory, play: playFork });
    expect(ran).toEqual(['draft', 'send']);
  });

  it('is right about the collision: an edited state reads back as that of the first branch', async () => {
    const { checkpointer } = await production();
    const mended = line({ checkpointer, mended: true });
    await mended.invoke({ topic: 'first' }, { configurable: { thread_id: 't' } });
    const checkpoint_id = await checkpointBefore(mended, 'draft');
    const edited = await mended.updateState(
      { configurable: { thread_id: 't', checkpoint_id } },
      { log: ['edited'] },
    );
    expect((await mended.getState(edited)).values.log).toEqual(['find', 'draft']);
  });

  it('indexes a thread as a list of its checkpoints would, without reading their values', async () => {
    const { url, checkpointer } = await production();
    for (const build of [parallel, nested, fanOut]) await recordRun(build({ checkpointer }));
    await using source = await openCheckpointer(url);
    const listed = await readThread(source.saver, 't');
    const indexed = (await source.index?.('t')) ?? [];
    expect(listed.some(({ rootId }) => rootId !== undefined)).toBe(true);
    const withoutTuple = listed.map(({ tuple: _, ...rest }) => rest);
    expect(indexed.map(({ tuple: _, ...rest }) => rest)).toEqual(withoutTuple);
    for (const [at, { tuple }] of indexed.entries()) expect(await tuple()).toEqual(await listed[at]?.tuple());
    expect(await source.index?.('none')).toEqual([]);
  });

  it('cannot write through what it has opened', async () => {
    const { url, checkpointer, sum } = await production();
    await recordRun(line({ checkpointer }));
    const before = await sum();
    await using source = await openCheckpointer(url);
    const blocked = { code: 'CHECKPOINT_WRITE_BLOCKED' };
    await expect(source.saver.put()).rejects.toMatchObject(blocked);
    await expect(source.saver.putWrites()).rejects.toMatchObject(blocked);
    await expect(source.saver.deleteThread()).rejects.toMatchObject(blocked);
    expect(await sum()).toEqual(before);
  });

  it('has the database refuse to write, too', async () => {
    const { url } = await production();
    const { openPostgresSession } = await import('../../src/replay/fork/postgres-session.ts');
    await using session = await openPostgresSession(new URL(url), { timeoutMs: 5_000 });
    await expect(session.rows('DELETE FROM checkpoints')).rejects.toMatchObject({
      code: 'CHECKPOINTER_FAILED',
      message: expect.stringContaining('read-only transaction'),
    });
  });

  it('needs no more than the right to read', async () => {
    const { url, checkpointer } = await production();
    const trace = await recordRun(line({ checkpointer }));
    await postgres.query(url, "CREATE ROLE reader LOGIN PASSWORD 'r/@d'");
    const reader = new URL(url);
    reader.username = 'reader';
    reader.password = encodeURIComponent('r/@d');
    const denied = await caught(fork(line({ mended: true }), trace, reader.href));
    expect(denied).toMatchObject({ code: 'CHECKPOINTER_DENIED', exitCode: 3 });
    await postgres.query(url, 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader');
    const ran: string[] = [];
    await fork(line({ mended: true, ran }), trace, reader.href);
    expect(ran).toEqual(['draft', 'send']);
  });

  it('says in a line what is wrong with a database, and never the password', async () => {
    const empty = await postgres.createDatabase('empty');
    const trace = await recordRun(line({ checkpointer: new MemorySaver() }));
    const wrong = new URL(empty);
    wrong.password = 'not-it';
    const nowhere = new URL(empty);
    nowhere.port = '1';
    const missing = new URL(empty);
    missing.pathname = '/none';
    for (const [url, code, exitCode] of [
      [empty, 'CHECKPOINTER_NO_TABLES', 2],
      [wrong.href, 'CHECKPOINTER_DENIED', 3],
      [nowhere.href, 'CHECKPOINTER_UNREACHABLE', 3],
      [missing.href, 'CHECKPOINTER_DENIED', 3],
    ] as const) {
      const error = await caught(fork(line({ mended: true }), trace, url));
      expect(error).toMatchObject({ code, exitCode, hint: expect.any(String) });
      expect(error?.message).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/\w+ /);
      expect(`${error?.message}${error?.hint}`).not.toMatch(new RegExp(`${postgres.password}|not-it`));
      expect(error?.message).not.toContain('\n');
    }
    const { url } = await production();
    expect(await caught(fork(line({ mended: true }), trace, url))).toMatchObject({
      code: 'FORK_THREAD_GONE',
    });
  });
});
