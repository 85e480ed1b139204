import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { traceSchema } from '../../src/core/index.ts';
import { SluicegateSpanProcessor } from '../../src/otel.ts';
import { OtlpExporter } from '../../src/tracing/exporters/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options/options.ts';
import type { TraceOptions } from '../../src/tracing/options/options-schema.ts';
import { OtelHub, otelSpanId, otelTraceId } from '../../src/tracing/otel/index.ts';
import { Tracer } from '../../src/tracing/tracer.ts';
import { CollectingExporter } from '../support/collecting-exporter.ts';

const memory = new InMemorySpanExporter();
const processor = new SluicegateSpanProcessor(new SimpleSpanProcessor({ exporter: memory }));
const provider = new TracerProvider({ spanProcessors: [processor] });
const instrumentation = new UndiciInstrumentation();
const server = createServer((_request, response) => response.end('ok'));
let url: string;

beforeEach(async () => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  instrumentation.setTracerProvider(provider);
  instrumentation.enable();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  instrumentation.disable();
  trace.disable();
  context.disable();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('a request, the graph run in it and the calls of its nodes are one trace, which only the failed run keeps', async () => {
  const State = Annotation.Root({ fail: Annotation<boolean> });
  const graph = new StateGraph(State)
    .addNode('call', async ({ fail }) => {
      await fetch(url);
      if (fail) throw new Error('no stock');
      return {};
    })
    .addEdge(START, 'call')
    .compile({ name: 'support' });
  const collecting = new CollectingExporter();
  const otlp = new OtlpExporter();
  const exporter = {
    name: 'both',
    export: async (traces: Parameters<typeof otlp.export>[0]) => {
      await collecting.export(traces);
      return otlp.export(traces);
    },
    close: async () => {},
  };
  const tracer = new Tracer(resolveTraceOptions({ sampleRate: 0 }, {}, '/nowhere'), { exporter });
  const traced = graph.withConfig({ callbacks: [tracer.handler] });
  const request = (fail: boolean) =>
    trace.getTracer('http').startActiveSpan(`POST ${fail}`, async (span) => {
      await traced.invoke({ fail }).catch(() => {});
      span.end();
      return span.spanContext();
    });
  await request(false);
  const { traceId, spanId } = await request(true);
  await tracer.flush();
  await tracer.shutdown();
  const names = memory.getFinishedSpans().map((span) => span.name);
  expect(names.slice(0, 3)).toEqual(['POST false', 'GET', 'POST true']);
  expect(new Set(names.slice(3))).toEqual(new Set(['invoke_agent support', '__start__', 'call']));
  const [record] = collecting.traces;
  expect(collecting.traces).toHaveLength(1);
  expect(traceSchema.parse(record).parentSpan).toMatchObject({ traceId, spanId });
  const byName = (name: string) => memory.getFinishedSpans().find((span) => span.name === name);
  expect(byName('invoke_agent support')?.parentSpanContext?.spanId).toBe(spanId);
  expect(byName('GET')?.spanContext().traceId).toBe(traceId);
  const call = record?.spans.find((span) => span.name === 'call');
  expect(byName('GET')?.parentSpanContext?.spanId).toBe(otelSpanId(call!.id));
  expect(processor.counts).toEqual({
    held: 0,
    aside: 0,
    kept: 1,
    dropped: 1,
    givenUp: 0,
    undecided: 0,
  });
});

/** An SDK and a tracer of their own that drop every run, with room for two dropped ones; the run's one node calls the server. */
function ownSdk({ maxHeldSpans, ...privacy }: TraceOptions & { maxHeldSpans?: number } = {}) {
  const hub = new OtelHub();
  const exporter = new InMemorySpanExporter();
  const held = new SluicegateSpanProcessor(new SimpleSpanProcessor({ exporter }), {
    hub,
    ...(maxHeldSpans === undefined ? {} : { maxHeldSpans }),
  });
  const own = new TracerProvider({ spanProcessors: [held] });
  instrumentation.setTracerProvider(own);
  const State = Annotation.Root({ path: Annotation<string> });
  const tracer = new Tracer(
    resolveTraceOptions({ sampleRate: 0, maxDroppedTraces: 2, ...privacy }, {}, '/nowhere'),
    { exporter: new OtlpExporter({ hub }), otel: hub },
  );
  const graph = new StateGraph(State)
    .addNode('call', async ({ path }) => {
      await (await fetch(`${url}${path}`)).text();
      return {};
    })
    .addEdge(START, 'call')
    .compile({ name: 'support' })
    .withConfig({ callbacks: [tracer.handler] });
  return {
    tracer,
    counts: () => held.counts,
    spans: () => exporter.getFinishedSpans(),
    names: () => exporter.getFinishedSpans().map(({ name }) => name),
    call: async (path: string) => {
      const runId = randomUUID();
      await graph.invoke({ path }, { runId });
      return runId;
    },
    async [Symbol.asyncDispose]() {
      await own.shutdown();
    },
  };
}

it('a run that is kept after it was dropped is exported whole, with the calls of its nodes', async () => {
  await using app = ownSdk();
  const { tracer, call, names, counts } = app;
  const [first, second, third] = [await call('/1'), await call('/2'), await call('/3')];
  expect(counts()).toMatchObject({ held: 0, aside: 2, kept: 0, dropped: 1 });
  expect(names()).toEqual([]);
  // The ring holds two: with the first one, its spans have gone.
  expect(tracer.keep(first, 'unhappy')).toBe(false);
  expect(tracer.keep(second, 'unhappy')).toBe(true);
  await tracer.flush();
  expect(counts()).toMatchObject({ aside: 1, kept: 1, dropped: 1, givenUp: 0 });
  expect(names().toSorted()).toEqual(['GET', '__start__', 'call', 'invoke_agent support']);
  const client = app.spans().find(({ name }) => name === 'GET');
  const node = app.spans().find(({ name }) => name === 'call');
  expect(client?.attributes['url.path']).toBe('/2');
  expect(client?.parentSpanContext?.spanId).toBe(node?.spanContext().spanId);
  expect(client?.spanContext().traceId).toBe(otelTraceId(second));
  expect(tracer.counters.snapshot().spans_dropped).toBeUndefined();
  await tracer.shutdown();
  expect(counts()).toMatchObject({ held: 0, aside: 0, kept: 1, dropped: 2 });
  expect(tracer.keep(third, 'unhappy')).toBe(false);
});

it('spans of a dropped run that are given up while it can still be kept are counted', async () => {
  await using app = ownSdk({ maxHeldSpans: 1 });
  const { tracer, call, names } = app;
  const first = await call('/1');
  await call('/2');
  expect(tracer.counters.snapshot().spans_dropped).toEqual({ too_many_held: 1 });
  expect(tracer.keep(first, 'unhappy')).toBe(true);
  await tracer.flush();
  expect(names().toSorted()).toEqual(['__start__', 'call', 'invoke_agent support']);
  await tracer.shutdown();
});

it('what is hidden stays out of the spans of a run that is kept later', async () => {
  await using app = ownSdk({ hideInputs: true, hideOutputs: true, hideMetadata: true });
  const { tracer, call } = app;
  expect(tracer.keep(await call('/order-of-ann'), 'unhappy')).toBe(true);
  await tracer.flush();
  expect(app.spans().map(({ name }) => name)).toContain('GET');
  expect(JSON.stringify(app.spans().map(({ name, attributes }) => [name, attributes]))).not.toContain('ann');
  await tracer.shutdown();
});
