import { RunnableLambda } from '@langchain/core/runnables';
import { entrypoint, START, StateGraph, StateSchema, task } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { traceWith } from '../../../test/support/trace-with.ts';
import type { Trace } from '../../core/index.ts';

const State = new StateSchema({ n: z.number() });
const kinds = ({ spans }: Trace) => spans.map(({ name, type }) => `${type} ${name}`);

describe('what a recorded run is', () => {
  it('is a graph only for what was compiled: the steps of the functional API are none', async () => {
    const double = task('double', (n: number) => n * 2);
    const traced = traceWith(entrypoint('twice', async (n: number) => double(n)));
    await traced.graph.invoke(1);
    const [trace] = await traced.traces();
    expect(kinds(trace!)).toEqual([
      'graph twice',
      'node twice',
      'node double',
      'chain pluckReturnValue',
      'chain pluckSaveValue',
    ]);
  });

  it('does not depend on tags that a call has in common with the nodes of LangGraph', async () => {
    const sub = new StateGraph(State)
      .addNode('inside', ({ n }) => ({ n: n + 1 }))
      .addEdge(START, 'inside')
      .compile({ name: 'sub' });
    const add = RunnableLambda.from((n: number) => n + 1).withConfig({ runName: 'add' });
    const graph = new StateGraph(State)
      .addNode('work', async (state, config) => {
        await add.invoke(state.n, config);
        return sub.invoke(state, config);
      })
      .addEdge(START, 'work')
      .compile({ name: 'main' });
    for (const tag of ['none', 'graph:step:1', 'graph:step:mine']) {
      const traced = traceWith(graph);
      await traced.graph.invoke({ n: 1 }, { tags: [tag] });
      const [trace] = await traced.traces();
      expect(kinds(trace!), tag).toEqual([
        'graph main',
        'node __start__',
        'node work',
        'chain add',
        'graph sub',
        'node __start__',
        'node inside',
      ]);
      expect(traced.tracer.counters.snapshot().spans_dropped).toBeUndefined();
    }
  });
});
