import { dispatchCustomEvent } from '@langchain/core/callbacks/dispatch';
import { Annotation, Command, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { afterEach, describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { flush, keep, shutdown, type TraceOptions, traceGraph, tracingHealth } from '../index.ts';

const State = Annotation.Root({ text: Annotation<string>(), fail: Annotation<boolean>() });

function plainGraph() {
  return new StateGraph(State)
    .addNode('work', ({ fail }) => {
      if (fail) throw new Error('failed');
      return {};
    })
    .addEdge(START, 'work')
    .compile({ name: 'plain' });
}

/** Asks twice, and fails at the end when the last answer is `fail`. */
function askingGraph() {
  return new StateGraph(State)
    .addNode('first', () => ({ text: String(interrupt('one?')) }))
    .addNode('second', () => ({ text: String(interrupt('two?')) }))
    .addNode('last', ({ text }) => {
      if (text === 'fail') throw new Error('failed');
      return {};
    })
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('second', 'last')
    .compile({ name: 'asking', checkpointer: new MemorySaver() });
}

/** Ids whose randomness is the lowest and the highest there is: the first is dropped and the second kept at any rate. */
const low = (n: number) => `0199a000-0000-7000-80${n.toString(16).padStart(2, '0')}-000000000000`;
const high = (n: number) => `0199a0${n.toString(16).padStart(2, '0')}-0000-7000-bfff-ffffffffffff`;

const decisions = (traces: readonly { id: string; decision: unknown }[]) =>
  Object.fromEntries(traces.map(({ id, decision }) => [id, decision]));

describe('keeping a run after the fact', () => {
  it('writes a run that was dropped, with its payloads and the reason', async () => {
    const traced = traceWith(plainGraph(), { sampleRate: 0 });
    await traced.graph.invoke({ text: 'hello' }, { runId: low(1) });
    expect(await traced.traces()).toHaveLength(0);
    expect(traced.tracer.keep(low(1), 'negative_feedback')).toBe(true);
    const [trace] = await traced.traces();
    expect(trace).toMatchObject({ id: low(1), decision: { reason: 'negative_feedback', weight: 1 } });
    expect(trace?.spans[0]?.inputs).toEqual({ text: 'hello' });
    expect(traced.tracer.counters.snapshot()).toMatchObject({
      traces_dropped: { not_sampled: 1 },
      traces_promoted: { negative_feedback: 1 },
      traces_kept: { negative_feedback: 1 },
    });
    expect(traced.tracer.bufferedBytes).toBe(0);
  });

  it('can be asked for as soon as it has been called, and not when it never began', async () => {
    const { graph, tracer, traces } = traceWith(plainGraph(), { sampleRate: 0 });
    expect(tracer.keep(low(1), 'asked')).toBe(false);
    const invoked = graph.invoke({ text: 'x' }, { runId: low(1) });
    const streamed = graph.stream({ text: 'x' }, { runId: low(2) });
    expect([1, 2, 3].map((n) => tracer.keep(low(n), 'asked'))).toEqual([true, true, false]);
    await invoked;
    for await (const _chunk of await streamed);
    const kept = { reason: 'asked', weight: 1 };
    expect(decisions(await traces())).toEqual({ [low(1)]: kept, [low(2)]: kept });

    await expect(graph.invoke({}, { runId: low(4), recursionLimit: 0 })).rejects.toThrow('recursionLimit');
    expect(tracer.keep(low(4), 'asked')).toBe(false);
  });

  it('says true for a run that is kept already, and writes it once', async () => {
    const traced = traceWith(plainGraph(), { sampleRate: 0 });
    await traced.graph.invoke({}, { runId: low(1) });
    expect([traced.tracer.keep(low(1), 'a'), traced.tracer.keep(low(1), 'b')]).toEqual([true, true]);
    expect(await traced.traces()).toHaveLength(1);
    expect(traced.tracer.keep(low(2), 'unknown')).toBe(false);
  });

  it('keeps what is under way when tracing ends, and leaves the reason to a rule that matches', async () => {
    const graph = new StateGraph(State)
      .addNode('wait', () => new Promise<Record<string, never>>(() => {}))
      .addEdge(START, 'wait')
      .compile();
    const traced = traceWith(graph, {
      sampleRate: 0,
      keep: [{ type: 'custom', name: 'vip', predicate: ({ spans }) => spans[0]?.metadata['vip'] === true }],
    });
    void traced.graph.invoke({}, { runId: low(1) });
    void traced.graph.invoke({}, { runId: low(2), metadata: { vip: true } });
    await new Promise((resolve) => setImmediate(resolve));
    await traced.tracer.shutdown();
    expect(decisions(await traced.traces())).toEqual({
      [low(1)]: { reason: 'process_ended', weight: 1 },
      [low(2)]: { reason: 'custom:vip', weight: 1 },
    });
  });

  it('keeps a run that has not ended, once it ends', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const graph = new StateGraph(State)
      .addNode('wait', async () => {
        await gate;
        return {};
      })
      .addEdge(START, 'wait')
      .compile();
    const traced = traceWith(graph, { sampleRate: 0 });
    const run = traced.graph.invoke({}, { runId: low(1) });
    await new Promise((resolve) => setImmediate(resolve));
    expect(traced.tracer.keep(low(1), 'watched')).toBe(true);
    open();
    await run;
    expect(decisions(await traced.traces())).toEqual({ [low(1)]: { reason: 'watched', weight: 1 } });
  });

  it('remembers the last runs within its number and its bytes', async () => {
    const few = traceWith(plainGraph(), { sampleRate: 0, maxDroppedTraces: 2 });
    for (const n of [1, 2, 3]) await few.graph.invoke({}, { runId: low(n) });
    expect([1, 2, 3].map((n) => few.tracer.keep(low(n), 'x'))).toEqual([false, true, true]);

    const small = traceWith(plainGraph(), { sampleRate: 0, maxDroppedBytes: 100_000 });
    for (const n of [1, 2, 3]) await small.graph.invoke({ text: 'x'.repeat(10_000) }, { runId: low(n) });
    await small.graph.invoke({ text: 'x'.repeat(200_000) }, { runId: low(4) });
    expect([1, 2, 3, 4].map((n) => small.tracer.keep(low(n), 'x'))).toEqual([false, true, true, false]);

    const none = traceWith(plainGraph(), { sampleRate: 0, maxDroppedTraces: 0 });
    await none.graph.invoke({}, { runId: low(1) });
    expect(none.tracer.keep(low(1), 'x')).toBe(false);
  });

  it('gives the memory of dropped runs back before the payloads of runs under way', async () => {
    const traced = traceWith(plainGraph(), { sampleRate: 0, maxBufferBytes: 400_000 });
    await traced.graph.invoke({ text: 'x'.repeat(60_000) }, { runId: low(1) });
    await expect(traced.graph.invoke({ text: 'y'.repeat(60_000), fail: true })).rejects.toThrow('failed');
    expect((await traced.traces())[0]?.spans[0]?.gaps).toEqual([]);
    expect(traced.tracer.keep(low(1), 'x')).toBe(false);
  });

  it('works through the exported function, on the tracer that has the run', async () => {
    await using dir = await tempDir();
    try {
      const graph = traceGraph(plainGraph(), { home: dir.path, sampleRate: 0 });
      traceGraph(plainGraph(), { home: dir.path, sampleRate: 0.5 });
      await graph.invoke({}, { runId: low(1) });
      expect(keep(low(2))).toBe(false);
      expect(keep(low(1))).toBe(true);
      for (const reason of ['', 'free text', 'x'.repeat(65), 5 as unknown as string]) {
        expect(() => keep(low(1), reason)).toThrow(expect.objectContaining({ code: 'KEEP_REASON_INVALID' }));
      }
      await flush();
      expect(tracingHealth().counters).toMatchObject({ traces_kept: { requested: 1 } });
    } finally {
      await shutdown();
    }
  });
});

describe('an interrupted run and its resume', () => {
  const thread = { configurable: { thread_id: 'thread-1' } };
  const resume = (answer: string) => new Command<unknown, Record<string, unknown>, never>({ resume: answer });

  /** A share that is drawn by what the run says of itself. */
  const shares: TraceOptions = {
    sampleRate: 0,
    keep: [{ type: 'path', metadata: { lucky: true }, rate: 1 }],
  };
  const lucky = { metadata: { lucky: true } };

  it('share the decision of the first half, whatever the second would have been', async () => {
    const traced = traceWith(askingGraph(), shares);
    await traced.graph.invoke({}, { ...thread, ...lucky, runId: low(1) });
    await traced.graph.invoke(resume('a'), { ...thread, runId: low(2) });
    await traced.graph.invoke(resume('b'), { ...thread, runId: low(3) });
    const kept = { reason: 'path:lucky=true', weight: 1 };
    expect(decisions(await traced.traces())).toEqual({ [low(1)]: kept, [low(2)]: kept, [low(3)]: kept });

    const dropped = traceWith(askingGraph(), shares);
    await dropped.graph.invoke({}, { ...thread, runId: low(1) });
    await dropped.graph.invoke(resume('a'), { ...thread, ...lucky, runId: low(2) });
    await dropped.graph.invoke(resume('b'), { ...thread, ...lucky, runId: low(3) });
    expect(await dropped.traces()).toHaveLength(0);
  });

  it('are both kept when the second half fails, the first for the reason of the second', async () => {
    const traced = traceWith(askingGraph(), { sampleRate: 0 });
    await traced.graph.invoke({}, { ...thread, runId: low(1) });
    await traced.graph.invoke(resume('a'), { ...thread, runId: low(2) });
    await expect(traced.graph.invoke(resume('fail'), { ...thread, runId: low(3) })).rejects.toThrow('failed');
    const error = { reason: 'error', weight: 1 };
    expect(decisions(await traced.traces())).toEqual({ [low(1)]: error, [low(2)]: error, [low(3)]: error });
    expect((await traced.traces()).map(({ outcome }) => outcome)).toEqual([
      'interrupted',
      'interrupted',
      'error',
    ]);
  });

  it('lose the first half, and nothing else, when it is no longer in memory', async () => {
    const traced = traceWith(askingGraph(), { sampleRate: 0, maxDroppedTraces: 1 });
    await traced.graph.invoke({}, { ...thread, runId: low(1) });
    await traced.graph.invoke(resume('a'), { ...thread, runId: low(2) });
    await expect(traced.graph.invoke(resume('fail'), { ...thread, runId: low(3) })).rejects.toThrow('failed');
    expect((await traced.traces()).map(({ id }) => id)).toEqual([low(2), low(3)]);
  });

  it('are both kept when one is asked for, also when the other is still to come', async () => {
    const traced = traceWith(askingGraph(), { sampleRate: 0 });
    await traced.graph.invoke({}, { ...thread, runId: low(1) });
    await traced.graph.invoke(resume('a'), { ...thread, runId: low(2) });
    expect(traced.tracer.keep(low(2), 'feedback')).toBe(true);
    await traced.graph.invoke(resume('b'), { ...thread, runId: low(3) });
    const kept = { reason: 'feedback', weight: 1 };
    expect(decisions(await traced.traces())).toEqual({ [low(1)]: kept, [low(2)]: kept, [low(3)]: kept });
  });

  it('are told apart from those of other threads', async () => {
    const traced = traceWith(askingGraph(), shares);
    await traced.graph.invoke({}, { configurable: { thread_id: 'a' }, ...lucky, runId: low(1) });
    await traced.graph.invoke({}, { configurable: { thread_id: 'b' }, runId: low(2) });
    await traced.graph.invoke(resume('x'), { configurable: { thread_id: 'b' }, ...lucky, runId: low(3) });
    expect((await traced.traces()).map(({ id }) => id)).toEqual([low(1)]);
  });

  it('are decided by the rate that a caller has sampled by, where it says one', async () => {
    const traced = traceWith(askingGraph(), { sampleRate: 0.5 });
    const calledBy = (traceId: string) => ({
      ...thread,
      metadata: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'ot=th:8' },
    });
    const ids = ['0', 'f'].map((digit) => `0af7651916cd43dd84${digit.repeat(14)}`);
    for (const id of ids) await traced.graph.invoke({}, calledBy(id));
    expect((await traced.traces()).map(({ spans: [root] }) => root?.metadata['traceparent'])).toEqual([
      `00-${ids[1]}-00f067aa0ba902b7-01`,
    ]);
  });
});

describe('the keep policy on real runs', () => {
  afterEach(() => shutdown());

  it('keeps by rule, with the reason, and follows the sampling of a caller', async () => {
    const traced = traceWith(plainGraph(), {
      sampleRate: 0,
      keep: [
        { type: 'path', metadata: { route: '/vip' }, rate: 1 },
        {
          type: 'custom',
          name: 'greeting',
          predicate: ({ spans: [root] }) => JSON.stringify(root?.inputs).includes('hello'),
        },
      ],
    });
    const parent = (trace: string) => ({
      traceparent: `00-${trace}-b7ad6b7169203331-01`,
      tracestate: 'ot=th:8',
    });
    await traced.graph.invoke({ text: 'x' }, { runId: low(1), metadata: { route: '/vip' } });
    await traced.graph.invoke({ text: 'hello' }, { runId: low(2) });
    await expect(traced.graph.invoke({ fail: true }, { runId: low(3) })).rejects.toThrow('failed');
    await traced.graph.invoke(
      { text: 'x' },
      { runId: low(4), metadata: parent(`${'0'.repeat(18)}ffffffffffffff`) },
    );
    await traced.graph.invoke({ text: 'x' }, { runId: high(5), metadata: parent(`1${'0'.repeat(31)}`) });
    await traced.graph.invoke({ text: 'x' }, { runId: high(6) });
    expect(decisions(await traced.traces())).toEqual({
      [low(1)]: { reason: 'path:route=/vip', weight: 1 },
      [low(2)]: { reason: 'custom:greeting', weight: 1 },
      [low(3)]: { reason: 'error', weight: 1 },
      [low(4)]: { reason: 'sampled', weight: 2 },
    });
  });

  it('shares a tracer among graphs with the same rules, and not among others', async () => {
    await using dir = await tempDir();
    const mine = () => true;
    const rule = (predicate: () => boolean) => ({ type: 'custom', name: 'mine', predicate }) as const;
    const base = { home: dir.path, sampleRate: 0 };
    const graphs = [
      traceGraph(plainGraph(), { ...base, keep: [rule(mine)] }),
      traceGraph(plainGraph(), { ...base, keep: [rule(() => false)] }),
      traceGraph(plainGraph(), { ...base, redact: [/one/] }),
      traceGraph(plainGraph(), { ...base, redact: [/two/] }),
    ];
    for (const [n, graph] of graphs.entries()) await graph.invoke({}, { runId: low(n) });
    await flush();
    expect(tracingHealth().counters).toMatchObject({
      traces_kept: { 'custom:mine': 1 },
      traces_dropped: { not_sampled: 3 },
    });
  });
});

describe('a wrapped graph inside a wrapped graph of the same tracer', () => {
  afterEach(() => shutdown());

  it('reports nothing twice', async () => {
    await using dir = await tempDir();
    const inner = traceGraph(
      new StateGraph(State)
        .addNode('work', async (_state, config) => {
          await dispatchCustomEvent('progress', { percent: 40 }, config);
          return {};
        })
        .addEdge(START, 'work')
        .compile({ name: 'inner' }),
      { home: dir.path, keep: [{ type: 'custom', name: 'events', predicate: countEvents }] },
    );
    const outer = traceGraph(
      new StateGraph(State)
        .addNode('sub', (state, config) => inner.invoke(state, config))
        .addEdge(START, 'sub')
        .compile({ name: 'outer' }),
      { home: dir.path, keep: [{ type: 'custom', name: 'events', predicate: countEvents }] },
    );
    await outer.invoke({ text: 'x' });
    expect(events).toEqual([['outer', ['progress']]]);
  });

  it('reports nothing twice when it is the same graph', async () => {
    await using dir = await tempDir();
    events.length = 0;
    const itself = traceGraph(
      new StateGraph(State)
        .addNode('work', async ({ text }, config): Promise<object> => {
          await dispatchCustomEvent('progress', { text }, config);
          return text === '' ? {} : itself.invoke({ text: text?.slice(1) }, config);
        })
        .addEdge(START, 'work')
        .compile({ name: 'itself' }),
      { home: dir.path, keep: [{ type: 'custom', name: 'events', predicate: countEvents }] },
    );
    await itself.invoke({ text: 'ab' });
    expect(events).toEqual([['itself', ['progress', 'progress', 'progress']]]);
  });

  const events: [string, string[]][] = [];
  function countEvents({ spans }: { readonly spans: readonly object[] }): boolean {
    const recorded = spans as readonly {
      readonly name: string;
      readonly events: readonly { readonly name: string }[];
    }[];
    events.push([recorded[0]!.name, recorded.flatMap((span) => span.events.map(({ name }) => name))]);
    return true;
  }
});
