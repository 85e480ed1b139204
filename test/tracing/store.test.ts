import { AIMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import {
  Annotation,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { afterEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { main } from '../../src/cli/main.ts';
import { seededRandom, traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { flush, shutdown, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { fakeContext } from '../support/fake-context.ts';
import { tempDir } from '../support/temp-dir.ts';

const State = Annotation.Root({ n: Annotation<number>() });

afterEach(() => shutdown());

/** A UUID of version 4 from seeded digits: which runs are sampled is the same in every test run. */
function seededRunId(random: () => number): string {
  const hex = Array.from({ length: 30 }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
}

describe('500 runs at a sample rate of 0.1, 50 of them failing', () => {
  it('leave all 50 failures in the store, and their share of the successes, each with reason and weight', async () => {
    await using dir = await tempDir();
    const graph = traceGraph(
      new StateGraph(State)
        .addNode('work', ({ n }) => {
          if (n % 10 === 0) throw new Error(`run ${n} failed`);
          return { n };
        })
        .addEdge(START, 'work')
        .compile(),
      { home: dir.path, sampleRate: 0.1 },
    );
    const random = seededRandom(20_261_122);
    const ids = Array.from({ length: 500 }, () => seededRunId(random));
    await Promise.all(ids.map((runId, n) => graph.invoke({ n }, { runId }).catch(() => undefined)));
    await flush();
    expect(tracingHealth()).toMatchObject({
      bufferedBytes: 0,
      pendingTraces: 0,
      counters: { traces_kept: { error: 50 } },
    });
    await shutdown();

    const store = await openTraceStore({ path: traceStorePath(dir.path), readOnly: true });
    const errors = await store.list({ outcome: 'error', limit: 1_000 });
    const successes = await store.list({ outcome: 'success', limit: 1_000 });
    await store.close();
    expect(new Set(errors.map((trace) => trace.id))).toEqual(new Set(ids.filter((_id, n) => n % 10 === 0)));
    expect(errors.every(({ decision }) => decision.reason === 'error' && decision.weight === 1)).toBe(true);
    expect(successes.length).toBeGreaterThanOrEqual(25);
    expect(successes.length).toBeLessThanOrEqual(70);
    expect(successes.every(({ decision }) => decision.reason === 'sampled')).toBe(true);
    for (const { decision } of successes) expect(decision.weight).toBeCloseTo(10, 6);
  });
});

describe('sluice traces list', () => {
  it('shows a run that interrupts, one at its limit, one whose tool throws and is caught, and one whose node throws', async () => {
    await using dir = await tempDir();
    const options = { home: `${dir.path}/.sluice` };
    const interrupts = traceGraph(
      new StateGraph(State)
        .addNode('ask', () => ({ n: Number(interrupt('sure?')) }))
        .addEdge(START, 'ask')
        .compile({ name: 'interrupts', checkpointer: new MemorySaver() }),
      options,
    );
    const loops = traceGraph(
      new StateGraph(State)
        .addNode('again', ({ n }) => ({ n }))
        .addEdge(START, 'again')
        .addEdge('again', 'again')
        .compile({ name: 'loops' }),
      options,
    );
    const broken = tool(
      () => {
        throw new Error('tool is down');
      },
      { name: 'broken', description: 'x' },
    );
    const catches = traceGraph(
      new StateGraph(MessagesAnnotation)
        .addNode('tools', new ToolNode([broken]))
        .addEdge(START, 'tools')
        .compile({ name: 'catches' }),
      options,
    );
    const throws = traceGraph(
      new StateGraph(State)
        .addNode('bad', () => {
          throw new TypeError('node is broken');
        })
        .addEdge(START, 'bad')
        .compile({ name: 'throws' }),
      options,
    );
    await interrupts.invoke({ n: 1 }, { configurable: { thread_id: 'thread-9' } });
    await expect(loops.invoke({ n: 1 }, { recursionLimit: 4 })).rejects.toThrow(/Recursion limit/);
    await catches.invoke({
      messages: [new AIMessage({ content: '', tool_calls: [{ name: 'broken', args: {}, id: 'c' }] })],
    });
    await expect(throws.invoke({ n: 1 })).rejects.toThrow('node is broken');
    await flush();

    const list = async (...flags: string[]) => {
      const context = fakeContext({ cwd: dir.path, nowMs: Date.now() });
      expect(await main(['traces', 'list', ...flags, '--json'], commands, context, '0.0.0')).toBe(0);
      const traces = JSON.parse(context.stdout.text) as {
        name: string;
        outcome: string;
        error?: { message: string };
      }[];
      return traces.map(({ name, outcome, error }) => [
        name,
        outcome,
        error?.message.split('\n')[0]?.slice(0, 30),
      ]);
    };
    expect(await list()).toEqual([
      ['throws', 'error', 'node is broken'],
      ['catches', 'handled_error', undefined],
      ['loops', 'error', 'Recursion limit of 4 reached w'],
      ['interrupts', 'interrupted', undefined],
    ]);
    expect((await list('--status', 'error')).map(([name]) => name)).toEqual(['throws', 'loops']);
    expect((await list('--thread', 'thread-9')).map(([name]) => name)).toEqual(['interrupts']);
  });
});
