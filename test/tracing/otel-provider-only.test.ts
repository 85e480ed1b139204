import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SluicegateSpanProcessor } from '../../src/otel.ts';
import { flush, shutdown, type TraceOptions, traceGraph } from '../../src/tracing/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const SECRET = 'customer-4242';
const memory = new InMemorySpanExporter();
const processor = new SluicegateSpanProcessor(new SimpleSpanProcessor({ exporter: memory }));
const provider = new TracerProvider({ spanProcessors: [processor] });

beforeEach(() => {
  trace.setGlobalTracerProvider(provider);
});
afterEach(async () => {
  await shutdown();
  trace.disable();
  context.disable();
  memory.reset();
});

const State = Annotation.Root({ text: Annotation<string> });

/** A graph whose node makes a span of the application's, in a process that has a tracer provider and no context manager. */
async function spansOf(options: TraceOptions) {
  await using dir = await tempDir();
  const graph = new StateGraph(State)
    .addNode('call', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      trace
        .getTracer('app')
        .startSpan('select', { attributes: { 'db.query.text': SECRET } })
        .end();
      return {};
    })
    .addEdge(START, 'call')
    .compile({ name: 'support' });
  await traceGraph(graph, { home: dir.path, ...options }).invoke({ text: 'x' });
  await flush();
  return memory.getFinishedSpans();
}

it('a span made in a node is a child of the node', async () => {
  const spans = await spansOf({});
  const [call, select] = ['call', 'select'].map((name) => spans.find((span) => span.name === name));
  expect(select?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
  expect(call).toBeDefined();
  expect(select?.attributes).toEqual({ 'db.query.text': SECRET });
});

it('a run that is dropped takes the spans made in it along', async () => {
  expect((await spansOf({ sampleRate: 0 })).map((span) => span.name)).toEqual([]);
});

it('a span made where something is hidden loses what could tell of it', async () => {
  const spans = await spansOf({ hideInputs: true, hideOutputs: true, hideMetadata: true });
  // The name of the tracer stands for that of the span.
  expect(spans.map((span) => span.name)).toContain('app');
  expect(JSON.stringify(spans.map(({ attributes, events }) => ({ attributes, events })))).not.toContain(
    SECRET,
  );
});
