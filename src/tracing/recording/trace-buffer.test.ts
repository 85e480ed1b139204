import { dispatchCustomEvent } from '@langchain/core/callbacks/dispatch';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { RunnableLambda } from '@langchain/core/runnables';
import { Annotation, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turn } from '../../../test/support/manual-clock.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { Counters } from '../counters.ts';
import { TracingHandler } from '../handler.ts';
import { payloadSize } from '../payload-size.ts';
import type { RawSpan, RawTrace } from './raw-trace.ts';
import { Recorder } from './recorder.ts';
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

/** Records the runs it hears of, and lets no trace go. */
function recordInto(maxBytes: number) {
  const counters = new Counters();
  const buffer = new TraceBuffer({ maxBytes, counters });
  const ended: RawTrace[] = [];
  const recorder = new Recorder({
    buffer,
    counters,
    now: Date.now,
    monotonic: () => performance.now(),
    maxSpansPerTrace: 100,
    maxTraceAgeMs: 3_600_000,
    onEnd: (trace) => void ended.push(trace),
  });
  const handler = new TracingHandler(recorder, (_where, thrown) => {
    throw thrown;
  });
  return { buffer, counters, ended, handler };
}

/** Payload bytes that a trace keeps alive. */
function heldBytes({ spans }: RawTrace): number {
  const held = spans.flatMap(({ inputs, outputs, events }) => [
    inputs,
    outputs,
    ...events.map(({ data }) => data),
  ]);
  return payloadSize(
    held.filter((payload) => payload !== undefined),
    new WeakSet(),
  );
}

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

  it('stays within its limit with 1,000 runs of 64 KB messages at once, and gives up what failed last', async () => {
    const runs = 1_000;
    const maxBytes = 8 * 1024 * 1024;
    let highWaterBytes = 0;
    const note = () => {
      highWaterBytes = Math.max(highWaterBytes, recorded.buffer.sizeBytes);
    };
    const gate = Promise.withResolvers<void>();
    const failing = RunnableLambda.from(() => Promise.reject(new Error('overloaded')));
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('answer', async ({ messages }, config) => {
        const first = String(messages[0]?.content);
        if (first.startsWith('fail')) await failing.invoke('', config).catch(note);
        note();
        await gate.promise;
        return { messages: [new AIMessage(`${first} answered`)] };
      })
      .addNode('check', async ({ messages }, config) => {
        await dispatchCustomEvent('checked', { text: `${messages.at(-1)?.content} checked` }, config);
        note();
        return {};
      })
      .addEdge(START, 'answer')
      .addEdge('answer', 'check')
      .compile();
    const recorded = recordInto(maxBytes);
    const message = (kind: string, number: number) => `${kind} ${number} `.padEnd(64 * 1024, 'x');
    const start = (kind: string, from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) =>
        graph.invoke(
          { messages: [new HumanMessage(message(kind, from + at))] },
          { callbacks: [recorded.handler] },
        ),
      );
    const failed = start('fail', 0, 10);
    await turn();
    const healthy = start('fine', 10, runs);
    await turn();
    gate.resolve();
    await Promise.all([...failed, ...healthy]);

    // All of them wait to be exported: none has been let go.
    expect(recorded.ended).toHaveLength(runs);
    expect(highWaterBytes).toBeGreaterThan(maxBytes / 2);
    expect(highWaterBytes).toBeLessThanOrEqual(maxBytes);
    // Not only by its own account.
    expect(recorded.ended.reduce((sum, trace) => sum + heldBytes(trace), 0)).toBeLessThanOrEqual(maxBytes);
    const released = recorded.ended.filter(({ spans }) => spans.some((span) => span.payloadsReleased));
    expect(released.length).toBeGreaterThan(runs / 2);
    expect(recorded.counters.snapshot().payloads_released?.['memory_pressure']).toBeGreaterThanOrEqual(
      released.length,
    );
    expect(released.filter(({ suspicious }) => suspicious)).toEqual([]);
    expect(recorded.ended.filter(({ suspicious }) => suspicious)).toHaveLength(failed.length);
    for (const trace of recorded.ended) recorded.buffer.remove(trace);
    expect(recorded.buffer.sizeBytes).toBe(0);
  });
});
