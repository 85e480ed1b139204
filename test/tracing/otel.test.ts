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
import { resolveTraceOptions } from '../../src/tracing/options.ts';
import { otelSpanId } from '../../src/tracing/otel/index.ts';
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
  expect(processor.counts).toEqual({ held: 0, kept: 1, dropped: 1, undecided: 0 });
});
