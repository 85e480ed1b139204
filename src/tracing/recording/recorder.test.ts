import { setTimeout as delay } from 'node:timers/promises';
import { dispatchCustomEvent } from '@langchain/core/callbacks/dispatch';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { Annotation, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { traceWith } from '../../../test/support/trace-with.ts';
import { traceSchema } from '../../core/index.ts';

const State = Annotation.Root({ n: Annotation<number>() });
const step = (name: string) =>
  new StateGraph(State)
    .addNode('work', ({ n }) => ({ n: (n ?? 0) + 1 }))
    .addEdge(START, 'work')
    .compile({ name });

describe('recording', () => {
  it('gives records that their schema accepts, parents before children, times in order', async () => {
    const inner = step('inner');
    const outer = new StateGraph(State)
      .addNode('sub', inner)
      .addEdge(START, 'sub')
      .compile({ name: 'outer' });
    const traced = traceWith(outer);
    await traced.graph.invoke({ n: 1 }, { tags: ['beta'], metadata: { customer: 'c1' }, runName: 'my-run' });
    const [trace] = await traced.traces();
    expect(traceSchema.parse(JSON.parse(JSON.stringify(trace)))).toEqual(JSON.parse(JSON.stringify(trace)));
    const known = new Set<string>();
    for (const span of trace!.spans) {
      expect(span.parentId === null || known.has(span.parentId)).toBe(true);
      expect(span.endTimeMs).toBeGreaterThanOrEqual(span.startTimeMs);
      known.add(span.id);
    }
    expect(trace).toMatchObject({
      name: 'my-run',
      spans: [{ type: 'graph', tags: ['beta'], metadata: { customer: 'c1' } }, {}, {}, {}, {}, {}],
    });
    expect(trace?.spans.find((span) => span.name === 'work')).toMatchObject({
      node: 'work',
      step: 1,
      checkpointNs: expect.stringMatching(/^sub:.+\|work:/),
    });
  });

  it('uses the run id of the caller as the id of the trace', async () => {
    const traced = traceWith(step('g'));
    await traced.graph.invoke({ n: 1 }, { runId: '01890000-0000-7000-8000-000000000001' });
    expect((await traced.traces())[0]?.id).toBe('01890000-0000-7000-8000-000000000001');
  });

  it('records what was passed in and returned, also when the caller changes it afterwards', async () => {
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('answer', () => ({ messages: [{ role: 'assistant', content: 'hello' }] }))
      .addEdge(START, 'answer')
      .compile();
    const traced = traceWith(graph);
    const input = { messages: [{ role: 'user', content: 'hi' }] };
    const result = await traced.graph.invoke(input);
    input.messages.push({ role: 'user', content: 'changed' });
    result.messages.pop();
    const [trace] = await traced.traces();
    expect(JSON.stringify(trace?.spans[0]?.inputs)).not.toContain('changed');
    expect(JSON.stringify(trace?.spans[0]?.outputs)).toContain('hello');
  });

  it('keeps concurrent runs apart', async () => {
    const graph = new StateGraph(State)
      .addNode('work', async ({ n }) => {
        await delay(n % 5);
        return { n: n * 2 };
      })
      .addEdge(START, 'work')
      .compile();
    const traced = traceWith(graph);
    await Promise.all(Array.from({ length: 50 }, (_, n) => traced.graph.invoke({ n })));
    const traces = await traced.traces();
    expect(traces).toHaveLength(50);
    for (const trace of traces) {
      const [root] = trace.spans;
      expect(trace.spans).toHaveLength(3);
      expect(root!.outputs).toEqual({ n: (root!.inputs as { n: number }).n * 2 });
    }
  });

  it('leaves a wrapped graph inside a wrapped graph to the outer one', async () => {
    const inner = traceWith(step('inner'));
    const outer = traceWith(
      new StateGraph(State)
        .addNode('sub', (state, config) => inner.graph.invoke(state, config))
        .addEdge(START, 'sub')
        .compile({ name: 'outer' }),
    );
    await outer.graph.invoke({ n: 1 });
    expect(await inner.traces()).toHaveLength(0);
    const [trace] = await outer.traces();
    expect(trace?.spans.map((span) => span.name)).toEqual([
      'outer',
      '__start__',
      'sub',
      'inner',
      '__start__',
      'work',
    ]);
    await inner.graph.invoke({ n: 1 });
    expect(await inner.traces()).toHaveLength(1);
  });

  it('records model calls with their model, usage and first token', async () => {
    const model = new FakeListChatModel({ responses: ['hello there'] });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('answer', async ({ messages }, config) => ({
        messages: [await model.invoke(messages, config)],
      }))
      .addEdge(START, 'answer')
      .compile();
    const traced = traceWith(graph);
    for await (const _chunk of await traced.graph.stream(
      { messages: [{ role: 'user', content: 'hi' }] },
      { streamMode: 'messages' },
    ));
    const [trace] = await traced.traces();
    const call = trace?.spans.find((span) => span.type === 'llm');
    expect(call).toMatchObject({ name: 'FakeListChatModel', node: 'answer', outcome: 'success' });
    expect(call?.events.map((event) => event.name)).toEqual(['first_token', 'pieces']);
  });

  it('records custom events with their data', async () => {
    const graph = new StateGraph(State)
      .addNode('work', async (_state, config) => {
        await dispatchCustomEvent('progress', { percent: 40 }, config);
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    const traced = traceWith(graph);
    await traced.graph.invoke({ n: 1 });
    const [trace] = await traced.traces();
    expect(trace?.spans.find((span) => span.name === 'work')?.events).toMatchObject([
      { name: 'progress', data: { percent: 40 } },
    ]);
  });

  it('hides inputs or outputs of every span, event data with the outputs, and says so', async () => {
    const graph = new StateGraph(State)
      .addNode('work', async ({ n }, config) => {
        await dispatchCustomEvent('progress', { secret: 'event-secret' }, config);
        return { n: n + 1 };
      })
      .addEdge(START, 'work')
      .compile();
    const traced = traceWith(graph, { hideInputs: true, hideOutputs: true });
    await traced.graph.invoke({ n: 424242 });
    const [trace] = await traced.traces();
    const text = JSON.stringify(trace);
    for (const secret of ['424242', '424243', 'event-secret']) expect(text).not.toContain(secret);
    for (const span of trace!.spans) {
      expect(span.gaps).toEqual([
        { field: 'inputs', reason: 'hidden' },
        { field: 'outputs', reason: 'hidden' },
      ]);
    }
    const inputsOnly = traceWith(graph, { hideInputs: true });
    await inputsOnly.graph.invoke({ n: 424242 });
    const [other] = await inputsOnly.traces();
    expect(other?.spans[0]).not.toHaveProperty('inputs');
    expect(other?.spans[0]?.outputs).toEqual({ n: 424243 });
  });

  it('records the errors that a node failed with together', async () => {
    const asking = ['401 from one', '503 from another'].map((text) => Promise.reject(new Error(text)));
    const graph = new StateGraph(State)
      .addNode('ask', () => Promise.any(asking))
      .addEdge(START, 'ask')
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({ n: 1 })).rejects.toThrow(AggregateError);
    const [trace] = await traced.traces();
    expect(trace?.error?.stack).toMatch(/Error: 401 from one[\s\S]*Error: 503 from another/);
  });

  it('leaves out spans beyond the limit of one trace, and counts them', async () => {
    const graph = new StateGraph(State)
      .addNode('again', ({ n }) => ({ n: n + 1 }))
      .addEdge(START, 'again')
      .addConditionalEdges('again', ({ n }) => (n < 20 ? 'again' : '__end__'))
      .compile();
    const traced = traceWith(graph, { maxSpansPerTrace: 10 });
    await traced.graph.invoke({ n: 0 });
    const [trace] = await traced.traces();
    expect(trace?.spans).toHaveLength(10);
    expect(trace?.outcome).toBe('success');
    expect(traced.tracer.counters.snapshot().spans_dropped?.['span_limit']).toBeGreaterThan(10);
  });

  it('records runs under way as cancelled at shutdown, and nothing after it', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const graph = new StateGraph(State)
      .addNode('hang', async () => {
        await gate;
        return {};
      })
      .addEdge(START, 'hang')
      .compile();
    const traced = traceWith(graph);
    const hanging = traced.graph.invoke({ n: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    await traced.tracer.shutdown();
    open();
    await hanging;
    await traced.graph.invoke({ n: 0 });
    const traces = await traced.traces();
    expect(traces.map((trace) => trace.outcome)).toEqual(['cancelled']);
    expect(traces[0]?.spans.at(-1)).toMatchObject({ name: 'hang', outcome: 'cancelled' });
    expect(traced.exporter.closed).toBe(1);
  });
});
