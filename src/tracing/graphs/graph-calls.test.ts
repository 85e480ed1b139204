import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { followCalls, takeRunSignal } from './graph-calls.ts';

const State = Annotation.Root({ n: Annotation<number>() });

/** A graph whose runs tell the signal that was noted of them, by the id they report. */
function watched() {
  const seen: (readonly [runId: string, signal: AbortSignal | undefined])[] = [];
  const handler = {
    name: 'watcher',
    awaitHandlers: true,
    handleChainStart: (_chain: unknown, _inputs: unknown, runId: string, parentId?: string) => {
      if (parentId === undefined) seen.push([runId, takeRunSignal(runId)]);
    },
  };
  const bare = new StateGraph(State)
    .addNode('work', ({ n }) => ({ n: n + 1 }))
    .addEdge(START, 'work')
    .compile();
  return { bare, graph: followCalls(bare.withConfig({ callbacks: [handler] })), seen };
}

describe('followCalls', () => {
  it('tells the signal by which a run would be aborted, with its reason, once', async () => {
    const { graph, seen } = watched();
    const controller = new AbortController();
    await graph.invoke({ n: 1 }, { signal: controller.signal });
    const [[runId, signal] = []] = seen;
    expect(signal?.aborted).toBe(false);
    controller.abort(new Error('gone'));
    expect(signal?.reason).toEqual(new Error('gone'));
    expect(takeRunSignal(runId ?? '')).toBeUndefined();
  });

  it('leaves the run its id, and gives each run of a batch its own', async () => {
    const { graph, seen } = watched();
    const id = '01890000-0000-7000-8000-000000000001';
    await graph.invoke({ n: 1 }, { runId: id });
    await graph.batch([{ n: 1 }, { n: 2 }]);
    const ids = seen.map(([runId]) => runId);
    expect(ids[0]).toBe(id);
    expect(new Set(ids).size).toBe(3);
    expect(seen.every(([, signal]) => signal instanceof AbortSignal)).toBe(true);
  });

  it('follows the graph through its copies, and through being noted twice', async () => {
    const { graph, seen } = watched();
    const copy = followCalls(
      followCalls(graph)
        .withConfig({ tags: ['a'] })
        .withConfig({ tags: ['b'] }),
    );
    expect(await copy.invoke({ n: 1 })).toEqual({ n: 2 });
    expect(seen.map(([, signal]) => signal instanceof AbortSignal)).toEqual([true]);
  });

  it('changes nothing of the graph that can be listed, and nothing of the graph it was made from', () => {
    const { bare, graph } = watched();
    expect(Object.keys(graph)).toEqual(Object.keys(bare));
    expect(Object.getPrototypeOf(graph)).toBe(Object.getPrototypeOf(bare));
    expect(Object.hasOwn(bare, '_streamIterator')).toBe(false);
  });

  it.each([
    ['nobody waits for the next chunk', false],
    ['the next chunk is on its way', true],
  ])('has a run that is aborted while %s report its end', async (_when, isAsked) => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const errors: unknown[] = [];
    const handler = {
      name: 'watcher',
      awaitHandlers: true,
      handleChainError: (thrown: unknown, _runId: string, parentId?: string) => {
        if (parentId === undefined) errors.push(thrown);
      },
    };
    const graph = followCalls(
      new StateGraph(State)
        .addNode('first', ({ n }) => ({ n: n + 1 }))
        .addNode('second', async () => {
          await gate;
          return {};
        })
        .addEdge(START, 'first')
        .addEdge('first', 'second')
        .compile()
        .withConfig({ callbacks: [handler] }),
    );
    const controller = new AbortController();
    // What `stream` reads from: the reader on top of it asks for a chunk in turns of the event loop of its own.
    const chunks = graph._streamIterator({ n: 1 }, {
      signal: controller.signal,
      streamMode: ['values'],
      recursionLimit: 25,
    } as never);
    expect(await chunks.next()).toMatchObject({ done: false });
    const asked = isAsked ? chunks.next().catch(() => 'aborted') : undefined;
    controller.abort();
    open();
    await eventually(() => expect(errors).toEqual([new Error('Abort')]));
    await asked;
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
  });

  it('leaves alone what has no runs to follow', () => {
    const other = { withConfig: () => other };
    expect(followCalls(other)).toBe(other);
    expect(Object.getOwnPropertyNames(other)).toEqual(['withConfig']);
  });
});
