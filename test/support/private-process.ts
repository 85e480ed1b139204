// A process of its own that calls a traced graph with private values wherever one can enter: `private-process.ts <job>`,
// where the job is a PrivateJob as JSON. It prints `open` when all is flushed, and ends with the next line on its stdin.
import { once } from 'node:events';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { RunTree } from 'langsmith/run_trees';
import { SluicegateSpanProcessor } from '../../src/otel.ts';
import { flush, shutdown, type TraceOptions, traceGraph } from '../../src/tracing/index.ts';
import { callWithPrivateTexts, type PrivateTexts, privateAgent } from './private-agent.ts';

/** What {@link file://./private-process.ts} is told. */
export interface PrivateJob {
  readonly options: TraceOptions;
  readonly texts: PrivateTexts;
  /** URL of a service that a node calls. */
  readonly peer: string;
  /** The application runs an OpenTelemetry SDK of its own. */
  readonly ownSdk: boolean;
}

const { options, texts, peer, ownSdk } = JSON.parse(process.argv[2] ?? '') as PrivateJob;

let provider: TracerProvider | undefined;
if (ownSdk) {
  provider = new TracerProvider({
    spanProcessors: [
      new SluicegateSpanProcessor(new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}
const graph = traceGraph(privateAgent(texts, peer), options);
// The SDK that the tracer starts is there when it can record.
while (!trace.getTracer('test').startSpan('probe').isRecording()) await new Promise(setImmediate);
propagation.disable();
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
const instrumentation = new UndiciInstrumentation();
instrumentation.setTracerProvider(trace.getTracerProvider());
await callWithPrivateTexts(graph, texts);
await RunTree.getSharedClient().awaitPendingTraceBatches();
await flush();
await provider?.forceFlush();
process.stdout.write('open\n');
await once(process.stdin, 'data');
await shutdown();
await provider?.shutdown();
process.stdin.destroy();
