// A service under one tracer, in a process of its own: `outage-run.mjs <tracer> <sink url>`. The parent process says by
// message what it does: {warmUp: runs}, {settle: true} to deliver what waits, or {runs, seconds}, which spreads the runs
// evenly and answers with their latency.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [tracer, sink] = process.argv.slice(2);

/** Sets the tracer up as its documentation says. `wrap` gives the graph to call, `finish` waits until all is delivered. */
const TRACERS = {
  untraced: async () => ({ wrap: (graph) => graph, finish: async () => {} }),

  langsmith: async () => {
    configureLangSmith();
    const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
    return { wrap: (graph) => graph, finish: awaitAllCallbacks };
  },

  'otel batch': async () => {
    const manager = await import('@langchain/core/callbacks/manager');
    const { LangChainInstrumentation } = await import('@arizeai/openinference-instrumentation-langchain');
    const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    const exporter = new OTLPTraceExporter({ url: `${sink}/v1/traces` });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    new LangChainInstrumentation({ tracerProvider: provider }).manuallyInstrument(manager);
    return { wrap: (graph) => graph, finish: () => provider.forceFlush() };
  },

  sluicegate: async () => {
    configureLangSmith();
    const { flush, traceGraph } = await import('sluicegate/tracing');
    const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    process.on('exit', () => rmSync(home, { recursive: true, force: true }));
    return { wrap: (graph) => traceGraph(graph, { home }), finish: () => flush({ timeoutMs: 60_000 }) };
  },
};

function configureLangSmith() {
  Object.assign(process.env, {
    LANGSMITH_TRACING: 'true',
    LANGSMITH_ENDPOINT: sink,
    LANGSMITH_API_KEY: 'key',
  });
}

const { wrap, finish } = await TRACERS[tracer]();
// Only now: a tracer may have to be in place before LangChain is loaded.
const { buildGraph, INPUT } = await import('./five-node-graph.mjs');
const graph = wrap(buildGraph());
const call = () => graph.invoke(INPUT);

/** From when a request was due, so that one that a busy event loop starts late counts as late. */
async function request(dueMs) {
  await sleep(Math.max(0, dueMs - performance.now()));
  await call();
  return performance.now() - dueMs;
}

async function load({ runs, seconds }) {
  const startMs = performance.now() + 50;
  const stepMs = (seconds * 1_000) / runs;
  const latencies = await Promise.all(
    Array.from({ length: runs }, (_, run) => request(startMs + run * stepMs)),
  );
  latencies.sort((a, b) => a - b);
  return {
    p50Ms: latencies[Math.floor(runs * 0.5)],
    p99Ms: latencies[Math.floor(runs * 0.99)],
    maxMs: latencies[runs - 1],
  };
}

async function obey({ warmUp, settle, ...order }) {
  for (let run = 0; run < (warmUp ?? 0); run += 1) await call();
  if (settle) await finish();
  return order.runs === undefined ? {} : load(order);
}

process.on('message', async (order) => process.send(await obey(order)));
process.on('disconnect', () => process.exit(0));
process.send({});
