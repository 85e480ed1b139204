import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { tool } from '@langchain/core/tools';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Client } from 'langsmith';
import { traceable } from 'langsmith/traceable';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { eventually } from '../../../../test/support/eventually.ts';
import { OtelWatcher } from '../../../../test/support/otel-watcher.ts';
import { otelSpanId, otelTraceId } from '../ids.ts';
import { OtelHub } from '../otel-hub.ts';
import { SluicegateSpanProcessor } from './index.ts';

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

/** A real SDK with real fetch instrumentation, as an application runs it, and a server to call. */
async function application(options: { maxHeldSpans?: number } = {}) {
  const hub = new OtelHub();
  const exporter = new InMemorySpanExporter();
  const processor = new SluicegateSpanProcessor(new SimpleSpanProcessor({ exporter }), { hub, ...options });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [processor],
  });
  const manager = new AsyncLocalStorageContextManager();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(manager.enable());
  const instrumentation = new UndiciInstrumentation();
  instrumentation.setTracerProvider(provider);
  const server = createServer(async (request, response) => {
    if (request.url === '/slow') await delay(30);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    hub,
    exporter,
    processor,
    tracer: trace.getTracer('app'),
    /** A request; its path tells the client spans apart. */
    get: async (path: string) => (await fetch(`${url}/${path}`)).text(),
    /** The client span of a request, exported. */
    clientSpan: (path: string) =>
      exporter.getFinishedSpans().find((span) => span.attributes['url.path'] === `/${path}`),
    async close() {
      instrumentation.disable();
      await provider.shutdown();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let app: Awaited<ReturnType<typeof application>>;

beforeEach(async () => {
  app = await application();
});

afterEach(async () => {
  await app.close();
  trace.disable();
  context.disable();
  propagation.disable();
  vi.unstubAllEnvs();
});

const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

/** Two branches side by side; the second one is a subgraph whose node calls a tool. */
function graph(seen: Record<string, string | undefined>, options: { failAfter?: Promise<void> } = {}) {
  const lookup = tool(
    async () => {
      await delay(5);
      seen['lookup'] = activeSpanId();
      return app.get('lookup');
    },
    { name: 'lookup', description: 'Looks an order up.', schema: z.object({ id: z.string() }) },
  );
  const inner = new StateGraph(State)
    .addNode('ask', async () => {
      await delay(1);
      seen['ask'] = activeSpanId();
      await Promise.all([app.get('ask'), lookup.invoke({ id: '1' })]);
      seen['ask again'] = activeSpanId();
      return { log: ['ask'] };
    })
    .addEdge(START, 'ask')
    .addEdge('ask', END)
    .compile({ name: 'inner' });
  return new StateGraph(State)
    .addNode('left', async () => {
      await delay(3);
      seen['left'] = activeSpanId();
      await app.get('left');
      if (options.failAfter) {
        await options.failAfter;
        throw new Error('left fell over');
      }
      return { log: ['left'] };
    })
    .addNode('right', inner)
    .addEdge(START, 'left')
    .addEdge(START, 'right')
    .addEdge('left', END)
    .addEdge('right', END)
    .compile({ name: 'outer' });
}

describe('the active span inside a graph', () => {
  it('is that of the node or tool, in parallel branches and subgraphs, and auto-instrumented requests are its children', async () => {
    const watcher = new OtelWatcher(app.hub, () => 'keep');
    const seen: Record<string, string | undefined> = {};
    await graph(seen).invoke({ log: [] }, { callbacks: [watcher] });

    for (const name of ['left', 'ask', 'lookup']) {
      const [runId] = watcher.ids.get(name) ?? [];
      expect(seen[name], name).toBe(otelSpanId(runId!));
      const client = app.clientSpan(name);
      expect(client?.parentSpanContext?.spanId, name).toBe(otelSpanId(runId!));
      expect(client?.spanContext().traceId, name).toBe(otelTraceId(watcher.roots[0]!));
    }
    expect(seen['ask again']).toBe(seen['ask']);
    expect(activeSpanId()).toBeUndefined();
  });

  it('gives way to a span that the application makes active inside the node', async () => {
    const watcher = new OtelWatcher(app.hub, () => 'keep');
    let own: string | undefined;
    const inside: (string | undefined)[] = [];
    const one = new StateGraph(State)
      .addNode('work', async () => {
        await app.tracer.startActiveSpan('own', async (span) => {
          own = span.spanContext().spanId;
          await delay(1);
          inside.push(activeSpanId());
          const bound = context.bind(context.active(), activeSpanId);
          inside.push(bound());
          await app.get('own');
          span.end();
        });
        inside.push(activeSpanId());
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    await one.invoke({ log: [] }, { callbacks: [watcher] });

    const node = otelSpanId(watcher.ids.get('work')![0]!);
    expect(inside).toEqual([own, own, node]);
    expect(app.clientSpan('own')?.parentSpanContext?.spanId).toBe(own);
    const ownSpan = app.exporter.getFinishedSpans().find((span) => span.name === 'own');
    expect(ownSpan?.parentSpanContext?.spanId).toBe(node);
  });

  it("is still the node's inside a traceable that a LangSmith tracer records", async () => {
    const watcher = new OtelWatcher(app.hub, () => 'keep');
    let inside: string | undefined;
    const nested = traceable(
      async () => {
        inside = activeSpanId();
      },
      { name: 'nested' },
    );
    const one = new StateGraph(State)
      .addNode('work', async () => {
        await nested();
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    vi.stubEnv('LANGSMITH_TRACING', undefined);
    const client = new Client({ apiUrl: 'http://127.0.0.1:9', apiKey: 'none', autoBatchTracing: false });
    client.createRun = async () => {};
    client.updateRun = async () => {};
    await one.invoke({ log: [] }, { callbacks: [watcher, new LangChainTracer({ client })] });
    expect(inside).toBe(otelSpanId(watcher.ids.get('work')![0]!));
  });

  it('belongs to the trace of the request around the graph, and the request stays active outside of it', async () => {
    const watcher = new OtelWatcher(app.hub, () => 'keep');
    const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
    const seen: Record<string, string | undefined> = {};
    const request = trace.setSpanContext(context.active(), remote);
    await context.with(request, () =>
      app.tracer.startActiveSpan('POST /chat', async (span) => {
        await graph(seen).invoke({ log: [] }, { callbacks: [watcher] });
        expect(activeSpanId()).toBe(span.spanContext().spanId);
        span.end();
        expect(watcher.parents.get(watcher.roots[0]!)).toMatchObject({
          traceId: remote.traceId,
          spanId: span.spanContext().spanId,
        });
      }),
    );
    expect(app.clientSpan('left')?.spanContext().traceId).toBe(remote.traceId);
    expect(app.clientSpan('left')?.parentSpanContext?.spanId).toBe(seen['left']);
  });

  it('follows a context that the application chooses, for example one without a span', async () => {
    const watcher = new OtelWatcher(app.hub, () => 'keep');
    const inside: unknown[] = [];
    const one = new StateGraph(State)
      .addNode('work', async () => {
        for (const chosen of [trace.deleteSpan(context.active()), ROOT_CONTEXT]) {
          await context.with(chosen, async () => {
            await delay(1);
            inside.push(activeSpanId());
          });
          inside.push(context.bind(chosen, activeSpanId)());
        }
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    await one.invoke({ log: [] }, { callbacks: [watcher] });
    expect(inside).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('stays what the application says in graphs that no tracer follows', async () => {
    let inside: string | undefined;
    const one = new StateGraph(State)
      .addNode('work', () => {
        inside = activeSpanId();
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    await app.tracer.startActiveSpan('around', async (span) => {
      await one.invoke({ log: [] });
      expect(inside).toBe(span.spanContext().spanId);
      span.end();
    });
  });
});

const NONE = { held: 0, aside: 0, kept: 0, dropped: 0, givenUp: 0, undecided: 0 };

describe('the tail decision', () => {
  it('drops what was recorded inside a run with the run, and keeps what lies outside', async () => {
    const watcher = new OtelWatcher(app.hub, () => 'drop');
    await app.tracer.startActiveSpan('POST /chat', async (span) => {
      await graph({}).invoke({ log: [] }, { callbacks: [watcher] });
      await app.get('after');
      span.end();
    });
    expect(app.exporter.getFinishedSpans().map((span) => span.name)).toEqual(['GET', 'POST /chat']);
    expect(app.clientSpan('after')).toBeDefined();
    expect(app.processor.counts).toEqual({ ...NONE, dropped: 3 });
  });

  it('exports nothing of a run before it is decided, and all of it once it failed', async () => {
    const watcher = new OtelWatcher(app.hub, (failed) => (failed ? 'keep' : 'drop'));
    const { promise, resolve: fail } = Promise.withResolvers<void>();
    const running = graph({}, { failAfter: promise }).invoke({ log: [] }, { callbacks: [watcher] });
    const failure = expect(running).rejects.toThrow('left fell over');
    await eventually(() => expect(app.processor.counts.held).toBe(3));
    expect(app.exporter.getFinishedSpans()).toEqual([]);
    fail();
    await failure;
    expect(app.clientSpan('left')).toBeDefined();
    expect(app.processor.counts).toEqual({ ...NONE, kept: 3 });
  });

  it('of one run says nothing of another that runs beside it', async () => {
    const watcher = new OtelWatcher(app.hub, (failed) => (failed ? 'keep' : 'drop'));
    const [bad] = await Promise.allSettled([
      graph({}, { failAfter: Promise.resolve() }).invoke({ log: [] }, { callbacks: [watcher] }),
      graph({}).invoke({ log: [] }, { callbacks: [watcher] }),
      graph({}).invoke({ log: [] }, { callbacks: [watcher] }),
    ]);
    expect(bad.status).toBe('rejected');
    // The branch beside the failed one goes on after the end of its run; its requests are still of that trace.
    await eventually(() => expect(app.processor.counts.kept).toBe(3));
    const traces = new Set(app.exporter.getFinishedSpans().map((span) => span.spanContext().traceId));
    expect(traces).toEqual(new Set([otelTraceId(watcher.roots[0]!)]));
    expect(app.processor.counts.dropped).toBe(6);
  });

  it('is followed by what ends only after it', async () => {
    const late: Promise<unknown>[] = [];
    const one = new StateGraph(State)
      .addNode('work', () => {
        late.push(app.get('slow'));
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    for (const decision of ['drop', 'keep'] as const) {
      await one.invoke({ log: [] }, { callbacks: [new OtelWatcher(app.hub, () => decision)] });
    }
    expect(app.processor.counts).toMatchObject({ held: 0, kept: 0, dropped: 0 });
    await Promise.all(late);
    await eventually(() => expect(app.processor.counts).toEqual({ ...NONE, kept: 1, dropped: 1 }));
  });
});
