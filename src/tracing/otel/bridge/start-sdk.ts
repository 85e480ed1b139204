import { context, propagation, trace } from '@opentelemetry/api';
import { apiRegistry } from '../api-registry.ts';
import type { OtelHub } from '../otel-hub.ts';
import { GraphContextManager } from './graph-context-manager.ts';
import { spanContextsOf } from './join-context.ts';
import { SluicegateSpanProcessor } from './span-processor.ts';

/** Options of {@link startSdk}. */
export interface StartSdkOptions {
  readonly hub: OtelHub;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An SDK that this package has started. */
export interface StartedSdk {
  /** Exports what waits and stops it. */
  shutdown(): Promise<void>;
}

/**
 * Starts an SDK for what instrumentation records inside graphs, unless the application has registered its own or
 * `OTEL_SDK_DISABLED` is true. Its spans go to the same OTLP endpoint as the graph's, by the `OTEL_EXPORTER_OTLP_*`
 * variables; service name and attributes come from `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`. Context is
 * propagated as W3C `traceparent` and `tracestate`. The graph's own spans take the durable way of the tracer instead.
 *
 * @returns Undefined when it is left to the application.
 */
export async function startSdk({ hub, env }: StartSdkOptions): Promise<StartedSdk | undefined> {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const [sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, core, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
    ]);
  // Looked at after the imports: an application that starts its SDK beside us comes first.
  if (apiRegistry()?.['trace'] !== undefined) return undefined;
  const spans = spanContextsOf(hub);
  if (spans === undefined) return undefined;
  const resource = resources
    .defaultResource()
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const processor = new SluicegateSpanProcessor(
    new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter() }),
    { hub, graphSpans: false },
  );
  const provider = new sdk.TracerProvider({ resource, spanProcessors: [processor] });
  trace.setGlobalTracerProvider(provider);
  const manager = new AsyncLocalStorageContextManager();
  context.setGlobalContextManager(new GraphContextManager(manager.enable(), spans));
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  return { shutdown: () => provider.shutdown() };
}
