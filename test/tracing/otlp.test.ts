import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { flush, shutdown, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { eventually } from '../support/eventually.ts';
import { otlpServer } from '../support/otlp-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const State = Annotation.Root({ n: Annotation<number>(), text: Annotation<string>() });
const SECRET = 'customer-4242';

afterEach(async () => {
  await shutdown();
  vi.unstubAllEnvs();
});

describe('with an OTLP endpoint in the environment', () => {
  it('kept runs reach the collector under their run ids, only errors as errors, and no content', async () => {
    await using dir = await tempDir();
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    const graph = traceGraph(
      new StateGraph(State)
        .addNode('work', ({ n }) => {
          if (n === 0) throw new Error('failed');
          return { n };
        })
        .addEdge(START, 'work')
        .compile({ name: 'orders' }),
      { home: dir.path, sampleRate: 0.5 },
    );
    const kept = 'ffffffff-ffff-4fff-bfff-ffffffffffff';
    const dropped = '00000000-0000-4000-8000-000000000000';
    const failed = '00000000-0000-4000-8000-000000000001';
    await graph.invoke({ n: 1, text: SECRET }, { runId: kept });
    await graph.invoke({ n: 1 }, { runId: dropped });
    await expect(graph.invoke({ n: 0 }, { runId: failed })).rejects.toThrow('failed');
    await eventually(async () => {
      await flush();
      expect(new Set(server.spans.map((span) => span.traceId))).toEqual(
        new Set([kept.replaceAll('-', ''), failed.replaceAll('-', '')]),
      );
    });
    const roots = server.spans.filter((span) => span.name === 'invoke_agent orders');
    expect(roots.map((span) => [span.traceId, span.status.code ?? 0]).sort()).toEqual([
      [failed.replaceAll('-', ''), 2],
      [kept.replaceAll('-', ''), 0],
    ]);
    expect(JSON.stringify(server.spans)).not.toContain(SECRET);
    // Kept by a share of a half, and for its error.
    const states = Object.fromEntries(server.spans.map(({ traceId, traceState }) => [traceId, traceState]));
    expect(states[kept.replaceAll('-', '')]).toBe('ot=th:8');
    expect(states[failed.replaceAll('-', '')] ?? '').toBe('');
  });

  it('spans that the collector leaves out of a request are counted, and reported once', async () => {
    await using dir = await tempDir();
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    vi.stubEnv('OTEL_METRICS_EXPORTER', 'none');
    const warnings: string[] = [];
    const graph = traceGraph(
      new StateGraph(State)
        .addNode('work', () => ({}))
        .addEdge(START, 'work')
        .compile({ name: 'orders' }),
      { home: dir.path, logger: { warn: (text) => void warnings.push(text), error: () => {} } },
    );
    const rejected = () => tracingHealth().counters.spans_dropped?.['otlp_rejected'];
    const partial = { rejectedSpans: '3', errorMessage: SECRET };
    for (const counted of [3, 6]) {
      server.answers.push({ status: 200, body: JSON.stringify({ partialSuccess: partial }) });
      await graph.invoke({ n: 1 });
      await eventually(async () => {
        await flush();
        expect(rejected()).toBe(counted);
      });
    }
    expect(tracingHealth().counters.traces_exported?.['otlp']).toBe(2);
    expect(new Set(server.spans.map(({ traceState }) => traceState))).toEqual(new Set(['ot=th:0']));
    expect(warnings).toEqual([expect.stringContaining('left out 3 spans')]);
    expect(warnings.join()).not.toContain(SECRET);
  });

  it('a run whose metadata has the headers of its caller is part of the trace of that caller', async () => {
    await using dir = await tempDir();
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    const graph = traceGraph(
      new StateGraph(State)
        .addNode('work', () => ({}))
        .addEdge(START, 'work')
        .compile({ name: 'orders' }),
      { home: dir.path },
    );
    const [traceId, spanId] = ['0af7651916cd43dd84ffffffffffffff', 'b7ad6b7169203331'];
    await graph.invoke(
      { n: 1 },
      { metadata: { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'ot=th:8,vendor=1' } },
    );
    await eventually(async () => {
      await flush();
      expect(server.spans).not.toEqual([]);
    });
    const root = server.spans.find((span) => span.name === 'invoke_agent orders');
    expect(root).toMatchObject({ traceId, parentSpanId: spanId, traceState: 'ot=th:8,vendor=1' });
    expect(new Set(server.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });
});
