import { RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { Annotation, entrypoint, START, StateGraph } from '@langchain/langgraph';
import { RemoteGraph } from '@langchain/langgraph/remote';
import { createAgent } from 'langchain';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { flush, shutdown, type TraceableGraph, traceGraph, tracingHealth } from '../index.ts';

const State = Annotation.Root({ messages: Annotation<unknown[]>() });
const builder = () => new StateGraph(State).addNode('work', () => ({})).addEdge(START, 'work');
const model = new FakeListChatModel({ responses: ['hi'] });

afterEach(async () => {
  await shutdown();
  vi.unstubAllEnvs();
});

describe('traceGraph', () => {
  it.each([
    ['a graph', builder().compile()],
    ['a graph of the functional API', entrypoint('work', async (input: object) => input)],
    ['an agent', createAgent({ model, tools: [] })],
    ['a graph that is tried again', builder().compile().withRetry()],
    [
      'a graph with a fallback',
      builder()
        .compile()
        .withFallbacks([builder().compile()] as never),
    ],
  ])('records %s', async (_what, graph) => {
    await using dir = await tempDir();
    const traced = traceGraph(graph as TraceableGraph, { home: dir.path });
    await traced.invoke({ messages: [{ role: 'user', content: 'x' }] });
    await flush();
    expect(tracingHealth().counters.traces_kept).toEqual({ sampled: 1 });
    await shutdown();
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'graph'],
    ['a function', () => {}],
    ['a plain object', {}],
    ['an object of class StateGraph', builder()],
    ['an object of class RunnableLambda', RunnableLambda.from((value: object) => value)],
    [
      'an object of class RunnableSequence',
      RunnableSequence.from([(value: object) => value, builder().compile() as never]),
    ],
    ['an object of class RemoteGraph', new RemoteGraph({ graphId: 'x', url: 'http://127.0.0.1:1' })],
  ])('refuses %s, of which it would record nothing, also while tracing is off', (what, value) => {
    for (const isOn of ['true', 'false']) {
      vi.stubEnv('SLUICE_TRACING', isOn);
      expect(() => traceGraph(value as never)).toThrow(
        expect.objectContaining({
          code: 'NOT_A_GRAPH',
          message: `traceGraph takes a compiled graph, not ${what}.`,
        }),
      );
    }
  });
});
