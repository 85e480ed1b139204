import { type BaseCheckpointSaver, MemorySaver } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import {
  answer,
  asking,
  type Build,
  calledInside,
  changes,
  fanOut,
  functional,
  line,
  nested,
  parallel,
  playFork,
  recordRun,
  remembering,
  router,
} from '../../../test/support/forked-graphs.ts';
import type { Trace } from '../../core/index.ts';
import type { Played, ReplayableGraph } from '../contract.ts';
import { forkAtFailure, prepareFork } from './index.ts';

/** Everything a saver in memory holds, to see that nothing changed. */
const contents = (saver: MemorySaver) => JSON.stringify([saver.storage, saver.writes], bytesAsText);
const bytesAsText = (_key: string, value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;

async function fork(
  graph: ReplayableGraph,
  trace: Trace,
  checkpointer: BaseCheckpointSaver<number> | BaseCheckpointSaver<string>,
) {
  return forkAtFailure(graph, { trace, checkpointer, play: playFork });
}

/** Records a failure, forks it on the mended graph, and tells what ran there and what came of it. */
async function mend(build: (build: Build) => ReplayableGraph, options: Parameters<typeof recordRun>[2] = {}) {
  const checkpointer = new MemorySaver();
  const trace = await recordRun(build({ checkpointer }), undefined, options);
  const before = contents(checkpointer);
  const ran: string[] = [];
  const forked = await fork(build({ mended: true, ran }), trace, checkpointer);
  expect(contents(checkpointer)).toBe(before);
  expect(forked.trace.outcome).toBe('success');
  const outputs = forked.trace.spans[0]?.outputs as { log: string[] };
  return { trace, ran, forked, log: outputs.log };
}

describe('forkAtFailure', () => {
  it('runs the failing node and what follows, with the state of what came before', async () => {
    const { ran, log, forked } = await mend(line);
    expect(ran).toEqual(['draft', 'send']);
    expect(log).toEqual(['find', 'draft', 'send']);
    expect(forked.forkedAt).toMatchObject({ node: 'draft', checkpointNs: '' });
  });

  it('shows that a graph still fails', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer }));
    const forked = await fork(line({}), trace, checkpointer);
    expect(forked.trace).toMatchObject({ outcome: 'error', error: { message: 'boom' } });
  });

  it('keeps what a parallel sibling has finished, and runs again what the failure stopped', async () => {
    const { ran, log, forked } = await mend(parallel);
    expect(ran).toEqual(['failing', 'slow', 'join']);
    expect(log.toSorted()).toEqual(['failing', 'find', 'join', 'quick', 'slow']);
    expect(forked.notes).toEqual([
      'Finished beside the failing node, and kept: quick.',
      'Stopped by the failure, and run again with the failing node: slow.',
    ]);
  });

  it('keeps a sibling that had finished though it is marked as aborted', async () => {
    const { trace, ran, log } = await mend(fanOut);
    expect(trace.spans.filter(({ name }) => name === 'worker').map(({ outcome }) => outcome)).toContain(
      'cancelled',
    );
    expect(ran).toEqual(['worker 2']);
    expect(log).toEqual(['find', 'worker 1', 'worker 2', 'worker 3']);
  });

  it('routes again where the router threw', async () => {
    const { ran, log } = await mend(router);
    expect(ran).toEqual(['find', 'send']);
    expect(log).toEqual(['find', 'send']);
  });

  it('goes on inside a subgraph', async () => {
    const { ran, forked } = await mend(nested);
    expect(ran).toEqual(['second', 'third', 'send']);
    expect(forked.forkedAt.node).toBe('outer/second');
    expect(forked.forkedAt.checkpointNs).toMatch(/^outer:[0-9a-f-]{36}$/);
  });

  it('goes on inside a subgraph that keeps its thread across runs', async () => {
    const { ran } = await mend((build) => nested(build, { inner: true }));
    expect(ran).toEqual(['second', 'third', 'send']);
  });

  it('starts a subgraph anew that keeps no checkpoints, and says so', async () => {
    const { ran, forked } = await mend((build) => nested(build, { inner: false }));
    expect(ran).toEqual(['first', 'second', 'third', 'send']);
    expect(forked.notes).toEqual([
      'What runs inside node "outer" keeps no checkpoints: the node starts anew.',
    ]);
  });

  it('keeps the tasks of a function that had finished', async () => {
    const { ran, log } = await mend(functional);
    expect(ran).toEqual(['draft']);
    expect(log).toEqual(['draft of x!']);
  });

  it('goes on in the subgraph that a node had called when it failed', async () => {
    const { ran, log, forked } = await mend(calledInside);
    expect(ran).toEqual(['second2']);
    expect(log).toEqual(['find', 'first1', 'first2', 'second1', 'second2']);
    expect(forked.forkedAt.node).toBe('both/second2');
  });

  it('leaves a subgraph that keeps its thread across runs as it was when the run failed', async () => {
    const checkpointer = new MemorySaver();
    const mended = remembering({ checkpointer, mended: true });
    await mended.invoke({ topic: 'first' }, { configurable: { thread_id: 't' } });
    const trace = await recordRun(remembering({ checkpointer }), { topic: 'second' });
    expect(trace.outcome).toBe('error');
    await mended.invoke(null, { configurable: { thread_id: 't' } });
    await mended.invoke({ topic: 'third' }, { configurable: { thread_id: 't' } });
    const forked = await fork(remembering({ mended: true }), trace, checkpointer);
    expect(forked.trace.spans[0]?.outputs).toMatchObject({
      log: ['draft', 'first', 'draft', 'first,second'],
    });
  });

  it('copies every checkpoint of a state that is stored as changes', async () => {
    const { ran, log } = await mend(changes);
    expect(ran).toEqual(['draft']);
    expect(log).toEqual(['find', 'draft']);
  });

  it('copies of a long thread what the fork needs alone', async () => {
    const checkpointer = new MemorySaver();
    for (const topic of ['a', 'b', 'c', 'd']) {
      await nested({ checkpointer, mended: true }).invoke({ topic }, { configurable: { thread_id: 't' } });
    }
    const trace = await recordRun(nested({ checkpointer }));
    const { resume } = await prepareFork(nested({ mended: true }), { trace, checkpointer });
    const copied: unknown[] = [];
    for await (const { config } of resume.checkpointer.list({ configurable: { thread_id: 't' } })) {
      copied.push(config.configurable?.['checkpoint_ns']);
    }
    expect(copied).toEqual(['', expect.stringMatching(/^outer:/)]);
  });

  it.each(['exit', 'sync'] as const)('goes on from what durability %j has left', async (durability) => {
    expect((await mend(line, { durability })).ran).toEqual(['draft', 'send']);
    expect((await mend(nested, { durability })).ran).toEqual(['second', 'third', 'send']);
    expect((await mend(parallel, { durability })).ran).toEqual(['failing', 'slow', 'join']);
  });

  it('gives a node that was resumed from an interrupt its answer again', async () => {
    const checkpointer = new MemorySaver();
    const graph = asking({ checkpointer });
    await recordRun(graph);
    const trace = await recordRun(graph, answer('yes'));
    expect(trace.outcome).toBe('error');
    const ran: string[] = [];
    const forked = await fork(asking({ mended: true, ran }), trace, checkpointer);
    expect(ran).toEqual(['ask yes', 'send']);
    expect(forked.trace.outcome).toBe('success');
  });

  it.each([
    ['line', line, ['draft', 'send']],
    ['parallel', parallel, ['failing', 'slow', 'join']],
    ['nested', nested, ['second', 'third', 'send']],
  ] as const)(
    'forks where the run failed although the thread has gone on: %s',
    async (_name, build, expected) => {
      const checkpointer = new MemorySaver();
      const trace = await recordRun(build({ checkpointer }));
      // The deployed agent was mended, and the thread resumed and used again.
      const mended = build({ checkpointer, mended: true });
      await mended.invoke(null, { configurable: { thread_id: 't' } });
      await mended.invoke({ topic: 'y' }, { configurable: { thread_id: 't' } });
      const ran: string[] = [];
      const forked = await fork(build({ mended: true, ran }), trace, checkpointer);
      expect(ran).toEqual(expected);
      expect(forked.trace.spans[0]?.outputs).toMatchObject({ topic: 'x' });
    },
  );

  it('counts on from versions that are text', async () => {
    const checkpointer = new MemorySaver();
    // As checkpointers do that avoid equal versions on two branches.
    const next = (current?: string) =>
      `${String(Number.parseInt(current ?? '0', 10) + 1).padStart(32, '0')}.0.5`;
    Object.assign(checkpointer, { getNextVersion: next });
    const trace = await recordRun(parallel({ checkpointer }));
    const ran: string[] = [];
    await fork(parallel({ mended: true, ran }), trace, checkpointer);
    expect(ran).toEqual(['failing', 'slow', 'join']);
  });

  it('finds the checkpoint of a task that stored nothing, as when its process was killed', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(nested({ checkpointer }));
    for (const writes of Object.values(checkpointer.writes)) {
      for (const [key, [, channel]] of Object.entries(writes))
        if (channel === '__error__') delete writes[key];
    }
    const ran: string[] = [];
    await fork(nested({ mended: true, ran }), trace, checkpointer);
    expect(ran).toEqual(['second', 'third', 'send']);
  });
});

describe('what cannot be forked', () => {
  const refuses = async (
    graph: ReplayableGraph,
    trace: Trace,
    checkpointer: BaseCheckpointSaver,
    code: string,
    says: RegExp,
  ) => {
    const error = await fork(graph, trace, checkpointer).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code,
      exitCode: 3,
      message: expect.stringMatching(says),
      hint: expect.any(String),
    });
  };

  it('a run that did not fail', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer, mended: true }));
    await refuses(line({}), trace, checkpointer, 'FORK_NO_FAILURE', /ended as success/);
  });

  it('a node that the patch has renamed, with the names there are', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer }));
    await refuses(
      line({ mended: true }, 'write'),
      trace,
      checkpointer,
      'FORK_NODE_MISSING',
      /no node "draft".* it has find, write, send\./,
    );
    const inner = await recordRun(nested({ checkpointer }), undefined, { threadId: 'u' });
    await refuses(
      nested({ mended: true }, { second: 'middle' }),
      inner,
      checkpointer,
      'FORK_NODE_MISSING',
      /subgraph outer .* no node "second".* it has first, middle, third\./,
    );
  });

  it('a node that other edges lead to', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(parallel({ checkpointer }));
    for (const checkpoint of Object.values(checkpointer.storage['t']?.[''] ?? {})) {
      const kept = JSON.parse(Buffer.from(checkpoint[0]).toString());
      delete kept.channel_values['branch:to:failing'];
      checkpoint[0] = Buffer.from(JSON.stringify(kept));
    }
    await refuses(
      parallel({ mended: true }),
      trace,
      checkpointer,
      'FORK_NODE_NOT_NEXT',
      /does not come to node "failing" but to quick, slow/,
    );
  });

  it('a thread that was deleted, and one without the checkpoint', async () => {
    const checkpointer = new MemorySaver();
    const graph = line({ checkpointer });
    const trace = await recordRun(graph);
    await refuses(
      line({}),
      trace,
      new MemorySaver(),
      'FORK_THREAD_GONE',
      /Thread t is not in the MemorySaver/,
    );
    await checkpointer.deleteThread('t');
    await recordRun(graph);
    await refuses(
      line({}),
      trace,
      checkpointer,
      'FORK_CHECKPOINT_GONE',
      /holds 3 checkpoints of other steps/,
    );
  });

  it('a checkpoint that durability "exit" did not keep', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer }), undefined, { durability: 'exit' });
    await checkpointer.deleteThread('t');
    await recordRun(line({ checkpointer, mended: true }), undefined, { durability: 'exit' });
    await refuses(line({}), trace, checkpointer, 'FORK_CHECKPOINT_GONE', /last checkpoint alone.*"exit"/);
  });

  it('a run on no thread, and one whose thread was hidden', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer }));
    const { threadId: _, ...without } = trace;
    await refuses(line({}), without, checkpointer, 'FORK_NO_THREAD', /was on no thread/);
    const hidden = await recordRun(line({ checkpointer }), undefined, { trace: { hideMetadata: true } });
    await refuses(line({}), hidden, checkpointer, 'FORK_NO_THREAD', /was hidden/);
  });

  it('a failing span that names no checkpoint', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer }));
    const spans = trace.spans.map(({ checkpointNs: _, ...span }) => span);
    await refuses(line({}), { ...trace, spans }, checkpointer, 'FORK_NO_CHECKPOINT', /names no checkpoint/);
  });

  it('a graph that ends without running the node', async () => {
    const checkpointer = new MemorySaver();
    const trace = await recordRun(line({ checkpointer }));
    const play = async (): Promise<Played> => ({
      trace: { ...trace, spans: trace.spans.filter(({ type }) => type !== 'node') },
      calls: [],
      blocked: [],
      notes: [],
    });
    await expect(forkAtFailure(line({}), { trace, checkpointer, play })).rejects.toMatchObject({
      code: 'FORK_NOTHING_RAN',
      exitCode: 3,
    });
  });
});
