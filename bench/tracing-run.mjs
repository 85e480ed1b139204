// One measurement of one tracer in a process of its own: `tracing-run.mjs <tracer> <sink url> <runs>`. Prints CPU time and
// latency of a run, and the peak memory of the process, as one line of JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

const [tracer, sink, runs] = process.argv.slice(2);
const WARM_UP = 500;

/** Sets the tracer up as its documentation says. `wrap` gives the graph to call, `finish` waits until all is delivered. */
const TRACERS = {
  untraced: async () => ({ wrap: (graph) => graph, finish: async () => {} }),

  'no-op handler': async () => {
    const { BaseCallbackHandler } = await import('@langchain/core/callbacks/base');
    class Nothing extends BaseCallbackHandler {
      name = 'nothing';
      awaitHandlers = true;
      handleChainStart() {}
      handleChainEnd() {}
      handleChatModelStart() {}
      handleLLMEnd() {}
    }
    return { wrap: (graph) => graph.withConfig({ callbacks: [new Nothing()] }), finish: async () => {} };
  },

  langsmith: () => langsmith('1'),
  'langsmith 10%': () => langsmith('0.1'),

  openinference: async () => {
    const manager = await import('@langchain/core/callbacks/manager');
    const { LangChainInstrumentation } = await import('@arizeai/openinference-instrumentation-langchain');
    const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    const exporter = new OTLPTraceExporter({ url: `${sink}/v1/traces` });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    new LangChainInstrumentation({ tracerProvider: provider }).manuallyInstrument(manager);
    return { wrap: (graph) => graph, finish: () => provider.forceFlush() };
  },

  langfuse: async () => {
    const { CallbackHandler } = await import('@langfuse/langchain');
    const { LangfuseSpanProcessor } = await import('@langfuse/otel');
    const { BasicTracerProvider } = await import('@opentelemetry/sdk-trace-base');
    const { trace } = await import('@opentelemetry/api');
    const processor = new LangfuseSpanProcessor({ publicKey: 'pk', secretKey: 'sk', baseUrl: sink });
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
    return {
      wrap: (graph) => graph.withConfig({ callbacks: [new CallbackHandler()] }),
      finish: () => processor.forceFlush(),
    };
  },

  sluicegate: () => sluicegate(1),
  'sluicegate 10%': () => sluicegate(0.1),
  // The same variables as for langsmith's own tracer, whose place it takes.
  'sluicegate > LS': () => {
    useLangSmith('1');
    return sluicegate(1);
  },
};

function useLangSmith(rate) {
  Object.assign(process.env, {
    LANGSMITH_TRACING: 'true',
    LANGSMITH_ENDPOINT: sink,
    LANGSMITH_API_KEY: 'key',
    LANGSMITH_TRACING_SAMPLING_RATE: rate,
  });
}

async function langsmith(rate) {
  useLangSmith(rate);
  const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
  return { wrap: (graph) => graph, finish: awaitAllCallbacks };
}

async function sluicegate(sampleRate) {
  const { flush, traceGraph } = await import('sluicegate/tracing');
  const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  process.on('exit', () => rmSync(home, { recursive: true, force: true }));
  return {
    wrap: (graph) => traceGraph(graph, { home, sampleRate }),
    finish: () => flush({ timeoutMs: 60_000 }),
  };
}

const { wrap, finish } = await TRACERS[tracer]();
// Only now: a tracer may have to be in place before LangChain is loaded.
const { buildGraph, INPUT } = await import('./five-node-graph.mjs');
const graph = wrap(buildGraph());
const call = () => graph.invoke(INPUT);
for (let run = 0; run < WARM_UP; run += 1) await turn().then(call);
await finish();

const latencies = [];
const before = process.cpuUsage();
for (let run = 0; run < Number(runs); run += 1) {
  // As a request does: it arrives in a turn of the event loop, and what is waiting gets its own.
  await turn();
  const startMs = performance.now();
  await call();
  latencies.push(performance.now() - startMs);
}
// What is written after the request is part of what the tracer costs.
await finish();
const { user, system } = process.cpuUsage(before);
latencies.sort((a, b) => a - b);
process.stdout.write(
  `${JSON.stringify({
    cpuMs: (user + system) / 1_000 / Number(runs),
    p50Ms: latencies[Math.floor(latencies.length * 0.5)],
    p99Ms: latencies[Math.floor(latencies.length * 0.99)],
    memoryMb: process.resourceUsage().maxRSS / 1_024,
  })}\n`,
);
process.exit(0);
