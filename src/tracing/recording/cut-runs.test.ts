import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { ManualClock, turn } from '../../../test/support/manual-clock.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import type { TraceOptions } from '../options/options-schema.ts';

const State = Annotation.Root({ n: Annotation<number>() });

describe('a run that is cut off', () => {
  it('ends a run that never does at its age limit, as cancelled', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const graph = new StateGraph(State)
      .addNode('hang', async ({ n }) => {
        if (n === 0) await gate;
        return {};
      })
      .addEdge(START, 'hang')
      .compile();
    const clock = new ManualClock();
    const traced = traceWith(graph, { maxTraceAgeMs: 1_000 }, { monotonic: clock.now });
    const hanging = traced.graph.invoke({ n: 0 });
    await turn();
    clock.advance(1_000);
    await traced.graph.invoke({ n: 1 });
    const traces = await traced.traces();
    expect(traces.map((trace) => trace.outcome)).toEqual(['cancelled', 'success']);
    open();
    await hanging;
    expect(await traced.traces()).toHaveLength(2);
  });

  it('ends a run that never does at its age limit while no other run begins, each in its time', async () => {
    const clock = new ManualClock();
    const traced = traceWith(
      new StateGraph(State)
        .addNode('hang', () => new Promise<never>(() => {}))
        .addEdge(START, 'hang')
        .compile(),
      { maxTraceAgeMs: 1_000 },
      { clock, monotonic: clock.now },
    );
    void traced.graph.invoke({ n: 0 });
    await turn();
    clock.advance(600);
    void traced.graph.invoke({ n: 1 });
    await turn();
    const inputs = async () => (await traced.traces()).map((trace) => trace.spans[0]?.inputs);
    clock.advance(399);
    await turn();
    expect(await inputs()).toEqual([]);
    clock.advance(1);
    await turn();
    expect(await inputs()).toEqual([{ n: 0 }]);
    clock.advance(600);
    await turn();
    expect(await inputs()).toEqual([{ n: 0 }, { n: 1 }]);
    expect((await traced.traces()).map((trace) => trace.outcome)).toEqual(['cancelled', 'cancelled']);
    expect(traced.tracer.counters.snapshot().traces_expired).toEqual({ age_limit: 2 });
    await traced.tracer.shutdown();
  });

  it.each([
    [
      'at its age limit',
      async (traced: ReturnType<typeof traceWith>, clock: ManualClock) => {
        clock.advance(400);
        await turn();
        await traced.tracer.flush();
      },
    ],
    ['with the process', async (traced: ReturnType<typeof traceWith>) => traced.tracer.drain()],
  ])('%s has the time until then', async (_when, cut) => {
    const clock = new ManualClock();
    const metrics = new MetricsRegistry();
    const traced = traceWith(
      new StateGraph(State)
        .addNode('hang', () => new Promise<never>(() => {}))
        .addEdge(START, 'hang')
        .compile({ name: 'g' }),
      { maxTraceAgeMs: 1_000, sampleRate: 0, keep: [{ type: 'slower_than', ms: 500 }] },
      { clock, monotonic: clock.now, metrics },
    );
    clock.advance(5_000);
    void traced.graph.invoke({ n: 0 });
    await turn();
    clock.advance(600);
    await turn();
    await cut(traced, clock);
    const [trace] = traced.exporter.traces;
    const durationMs = trace!.endTimeMs - 5_000;
    expect([600, 1_000]).toContain(durationMs);
    expect(trace).toMatchObject({ outcome: 'cancelled', startTimeMs: 5_000 });
    expect(trace!.spans.map(({ name, startTimeMs, endTimeMs }) => [name, startTimeMs, endTimeMs])).toEqual([
      ['g', 5_000, trace!.endTimeMs],
      ['__start__', 5_000, 5_000],
      ['hang', 5_000, trace!.endTimeMs],
    ]);
    expect(trace!.decision.reason).toMatch(/slower_than|process_ended/);
    const durations = metrics.families().find(({ definition }) => definition.name.includes('run_duration'));
    expect(durations?.series[0]).toMatchObject({ sum: durationMs / 1_000 });
    await traced.tracer.shutdown();
  });
});

describe('a run that ends after its age limit', () => {
  async function endLate(
    options: TraceOptions,
    end: (run: { fail(thrown: unknown): void; go(): void; abort(): void }) => void,
  ) {
    const clock = new ManualClock();
    const caller = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const traced = traceWith(
      new StateGraph(State)
        .addNode('first', () => ({ n: 2 }))
        .addNode('wait', () => promise.then(() => ({})))
        .addEdge(START, 'first')
        .addEdge('first', 'wait')
        .compile({ name: 'g' }),
      { maxTraceAgeMs: 1_000, sampleRate: 0, ...options },
      { clock, monotonic: clock.now },
    );
    const run = traced.graph
      .invoke({ n: 1 }, { metadata: { route: '/pay' }, signal: caller.signal })
      .catch(() => undefined);
    await turn();
    clock.advance(1_000);
    await turn();
    clock.advance(500);
    expect(await traced.traces()).toHaveLength(0);
    end({ fail: reject, go: resolve, abort: () => caller.abort() });
    await run;
    const traces = await traced.traces();
    await traced.tracer.shutdown();
    return { traces, counters: traced.tracer.counters.snapshot() };
  }
  const failLate = (options: TraceOptions = {}) =>
    endLate(options, ({ fail }) => fail(new RangeError('late')));

  it('is kept for its error, with all that it had when it was cut off', async () => {
    const { traces, counters } = await failLate();
    expect(traces).toMatchObject([
      {
        name: 'g',
        outcome: 'error',
        startTimeMs: 0,
        endTimeMs: 1_500,
        error: { name: 'RangeError', message: 'late' },
        decision: { reason: 'error', weight: 1 },
        spans: [
          { name: 'g', outcome: 'error', inputs: { n: 1 } },
          {},
          {},
          { name: 'wait', outcome: 'cancelled' },
        ],
      },
    ]);
    expect(counters).toMatchObject({ traces_dropped: { not_sampled: 1 }, traces_promoted: { error: 1 } });
  });

  it('is kept for its error also when nothing else is left of it', async () => {
    const { traces } = await failLate({ maxDroppedTraces: 0 });
    expect(traces).toMatchObject([
      {
        outcome: 'error',
        error: { name: 'RangeError', message: 'late' },
        decision: { reason: 'error', weight: 1 },
        spans: [
          { name: 'g', metadata: { route: '/pay' }, gaps: [{ field: 'inputs', reason: 'truncated' }, {}] },
        ],
      },
    ]);
  });

  it('is decided by the rules: one that drops failures drops it', async () => {
    const keep = [
      { type: 'path' as const, metadata: { route: '/pay' }, rate: 0 },
      { type: 'error' as const },
    ];
    expect((await failLate({ keep })).traces).toEqual([]);
  });

  it('stays as it was when it returns, or was only stopped', async () => {
    expect((await endLate({}, ({ go }) => go())).traces).toEqual([]);
    expect((await endLate({}, ({ abort }) => abort())).traces).toEqual([]);
  });

  it('says nothing of its error where a place is hidden that it may be from', async () => {
    const hideInputs = [{ node: 'elsewhere' }];
    for (const options of [{ hideInputs }, { hideInputs, maxDroppedTraces: 0 }]) {
      const { traces } = await failLate(options);
      expect(traces).toMatchObject([{ error: { name: 'RangeError', message: '[hidden]' } }]);
      expect(JSON.stringify(traces)).not.toContain('late');
    }
  });
});
