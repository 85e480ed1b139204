import { END, START, StateGraph, StateSchema } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ManualClock, turn } from '../../../test/support/manual-clock.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { MetricsRegistry } from '../metrics/index.ts';

const State = new StateSchema({ n: z.number() });
const inner = new StateGraph(State)
  .addNode('work', ({ n }) => ({ n: n + 1 }))
  .addEdge(START, 'work')
  .compile({ name: 'inner' });

/** Calls `inner` in its node, over and over. */
function outer(graph: typeof inner, times: number) {
  return new StateGraph(State)
    .addNode('call', (state, config) => graph.invoke(state, config))
    .addEdge(START, 'call')
    .addConditionalEdges('call', ({ n }) => (n < times ? 'call' : END))
    .compile({ name: 'outer' });
}

/** A promise and what fulfils it. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

describe('a graph inside of a run that is not recorded', () => {
  it('begins no trace of its own where its node was beyond the limit of spans', async () => {
    const metrics = new MetricsRegistry();
    const traced = traceWith(outer(inner, 5), { maxSpansPerTrace: 7 }, { metrics });
    await traced.graph.invoke({ n: 0 });
    const traces = await traced.traces();
    expect(traces.map(({ name, spans }) => [name, spans.length])).toEqual([['outer', 7]]);
    const { spans_dropped: dropped } = traced.tracer.counters.snapshot();
    expect(dropped?.['parent_gone']).toBeGreaterThanOrEqual(9);
    expect(JSON.stringify(metrics.families())).not.toContain('inner');
  });

  it('stays out also where it is wrapped with options of its own', async () => {
    const own = traceWith(inner);
    const traced = traceWith(outer(own.graph, 5), { maxSpansPerTrace: 7 });
    await traced.graph.invoke({ n: 0 });
    expect(await own.traces()).toEqual([]);
    expect(own.tracer.counters.snapshot().spans_dropped).toBeUndefined();
    expect(await traced.traces()).toHaveLength(1);
  });

  it('lets no error tell what it would have hidden', async () => {
    const failing = new StateGraph(State)
      .addNode('work', () => Promise.reject(new Error('SECRET')))
      .addEdge(START, 'work')
      .compile({ name: 'failing' });
    const graph = new StateGraph(State)
      .addNode('call', (state, config) => (state.n < 3 ? inner : failing).invoke(state, config))
      .addEdge(START, 'call')
      .addEdge('call', 'call')
      .compile({ name: 'outer' });
    const traced = traceWith(graph, { maxSpansPerTrace: 7, hideInputs: [{ graph: 'failing' }] });
    await traced.graph.invoke({ n: 0 }).catch(() => undefined);
    const traces = await traced.traces();
    expect(traces).toMatchObject([{ outcome: 'error', error: { message: '[hidden]' } }]);
    expect(JSON.stringify(traces)).not.toContain('SECRET');
  });

  it('begins no trace of its own after the age limit of the run around it', async () => {
    const clock = new ManualClock();
    const { open, opened } = gate();
    const graph = new StateGraph(State)
      .addNode('wait', () => opened.then(() => ({})))
      .addNode('call', inner)
      .addEdge(START, 'wait')
      .addEdge('wait', 'call')
      .compile({ name: 'outer' });
    const traced = traceWith(graph, { maxTraceAgeMs: 1_000 }, { clock, monotonic: clock.now });
    const run = traced.graph.invoke({ n: 0 });
    await turn();
    clock.advance(1_000);
    await turn();
    open();
    await run;
    expect((await traced.traces()).map(({ name, outcome }) => [name, outcome])).toEqual([
      ['outer', 'cancelled'],
    ]);
    await traced.tracer.shutdown();
  });

  it('begins none after the end of the run that it belongs to, unless it is wrapped itself', async () => {
    const { open, opened } = gate();
    const own = traceWith(inner);
    let late: Promise<unknown> = Promise.resolve();
    const graph = new StateGraph(State)
      .addNode('leave', (state, config) => {
        late = opened.then(async () => {
          await inner.invoke(state, config);
          await own.graph.invoke(state, config);
        });
        return {};
      })
      .addEdge(START, 'leave')
      .compile({ name: 'outer' });
    const traced = traceWith(graph);
    await traced.graph.invoke({ n: 0 });
    open();
    await late;
    expect((await traced.traces()).map(({ name }) => name)).toEqual(['outer']);
    expect((await own.traces()).map(({ name }) => name)).toEqual(['inner']);
  });
});
