import { Annotation, START, StateGraph } from '@langchain/langgraph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceWith } from '../../test/support/trace-with.ts';
import { Counters } from './counters.ts';
import type { RawSpan, RawTrace } from './raw-trace.ts';
import { TraceBuffer } from './trace-buffer.ts';

function rawTrace(id: string, suspicious = false): RawTrace {
  const root: RawSpan = {
    id,
    parentId: undefined,
    name: id,
    type: 'graph',
    inputs: 'in',
    outputs: 'out',
    metadata: {},
    tags: [],
    startTimeMs: 0,
    endTimeMs: undefined,
    thrown: undefined,
    failed: false,
    outcome: undefined,
    events: [],
    payloadsReleased: false,
  };
  return {
    root,
    spans: [root],
    checkpointId: undefined,
    resumedFrom: undefined,
    interrupted: false,
    suspicious,
    sizeBytes: 0,
    spansDropped: 0,
  };
}

function bufferOf(maxBytes: number, ...traces: (readonly [RawTrace, bytes: number])[]) {
  const counters = new Counters();
  const buffer = new TraceBuffer({ maxBytes, counters });
  for (const [trace, bytes] of traces) {
    buffer.add(trace);
    buffer.grow(trace, bytes);
  }
  return { buffer, counters };
}

describe('TraceBuffer', () => {
  it('takes payloads from the biggest healthy trace first', () => {
    const [small, big, middle] = [rawTrace('small'), rawTrace('big'), rawTrace('middle')];
    const { buffer, counters } = bufferOf(100, [small, 10], [big, 60], [middle, 40]);
    expect([small, big, middle].map((trace) => trace.root.payloadsReleased)).toEqual([false, true, false]);
    expect(big.root.inputs).toBeUndefined();
    expect(buffer.sizeBytes).toBe(50);
    expect(counters.snapshot()).toEqual({ payloads_released: { memory_pressure: 1 } });
  });

  it('takes payloads from a trace with an error only when no healthy one has any left', () => {
    const [failed, healthy] = [rawTrace('failed', true), rawTrace('healthy')];
    const { buffer } = bufferOf(100, [failed, 90], [healthy, 20]);
    expect([failed.root.payloadsReleased, healthy.root.payloadsReleased]).toEqual([false, true]);
    buffer.grow(failed, 50);
    expect(failed.root.payloadsReleased).toBe(true);
    expect(buffer.sizeBytes).toBe(0);
  });

  it('never holds more than its limit, and nothing once every trace is removed', () => {
    const growth = fc.array(fc.tuple(fc.nat(9), fc.nat(500)), { maxLength: 100 });
    fc.assert(
      fc.property(growth, fc.integer({ min: 1, max: 1_000 }), (steps, maxBytes) => {
        const traces = Array.from({ length: 10 }, (_, index) => rawTrace(`t${index}`, index % 3 === 0));
        const { buffer } = bufferOf(maxBytes, ...traces.map((trace) => [trace, 0] as const));
        for (const [index, bytes] of steps) {
          buffer.grow(traces[index]!, bytes);
          expect(buffer.sizeBytes).toBeLessThanOrEqual(maxBytes);
        }
        for (const trace of traces) buffer.remove(trace);
        expect(buffer.sizeBytes).toBe(0);
      }),
    );
  });
});

describe('a traced graph under memory pressure', () => {
  const State = Annotation.Root({ text: Annotation<string>(), fail: Annotation<boolean>() });

  function gated(options: Parameters<typeof traceWith>[1]) {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const graph = new StateGraph(State)
      .addNode('work', async ({ fail }) => {
        await gate;
        if (fail) throw new Error('failed');
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    return { ...traceWith(graph, options), open };
  }

  it('records every run, and marks the payloads it gave up', async () => {
    const traced = gated({ maxBufferBytes: 200_000 });
    const runs = [10_000, 150_000, 20_000].map((size) =>
      traced.graph.invoke({ text: 'x'.repeat(size), fail: false }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(traced.tracer.bufferedBytes).toBeLessThanOrEqual(200_000);
    traced.open();
    await Promise.all(runs);
    const roots = (await traced.traces()).map((trace) => trace.spans[0]!);
    const inputsGiven = roots.map((root) => root.gaps.every(({ field }) => field !== 'inputs'));
    expect(inputsGiven.filter((given) => given)).toHaveLength(2);
    expect(roots.find((root) => root.gaps.length > 0)?.gaps).toContainEqual({
      field: 'inputs',
      reason: 'truncated',
    });
  });

  it('holds nothing once the runs are written or dropped', async () => {
    const traced = gated({ sampleRate: 0 });
    traced.open();
    await traced.graph.invoke({ text: 'x'.repeat(50_000), fail: false });
    await expect(traced.graph.invoke({ text: 'y'.repeat(50_000), fail: true })).rejects.toThrow('failed');
    expect(await traced.traces()).toHaveLength(1);
    expect(traced.tracer.bufferedBytes).toBe(0);
    expect(traced.tracer.pendingTraces).toBe(0);
  });
});
