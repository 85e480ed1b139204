import { context, propagation, trace } from '@opentelemetry/api';
import { apiRegistry } from '../api-registry.ts';
import type { OtelHub } from '../otel-hub.ts';
import type { SpanOutlet } from '../span-outlet.ts';
import { GraphContextManager } from './graph-context-manager.ts';
import { spanContextsOf } from './join-context.ts';
import type { SdkSpan } from './sdk-span.ts';
import { SpanBatcher } from './span-batcher.ts';
import { SluicegateSpanProcessor } from './span-processor.ts';

/** Options of {@link startSdk}. */
export interface StartSdkOptions {
  readonly hub: OtelHub;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Makes the way out of its spans, once it is sure to be needed. */
  readonly openOutlet: () => SpanOutlet;
}

/** An SDK that this package has started. */
export interface StartedSdk {
  /** Hands over what waits, undecided, and stops it. */
  shutdown(): Promise<void>;
}

/**
 * Starts an SDK for what instrumentation records inside graphs, unless the application has registered its own or
 * `OTEL_SDK_DISABLED` is true. Its spans leave by the outlet, those inside a run when the run has been kept; service name and
 * attributes come from `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`. Context is propagated as W3C `traceparent` and
 * `tracestate`. The graph's own spans are made of its trace.
 *
 * @returns Undefined when it is left to the application.
 */
export async function startSdk({ hub, env, openOutlet }: StartSdkOptions): Promise<StartedSdk | undefined> {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const [sdk, { JsonTraceSerializer }, { AsyncLocalStorageContextManager }, core, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/otlp-transformer'),
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
  const batcher = new SpanBatcher(openOutlet(), (spans) => {
    const request = JsonTraceSerializer.serializeRequest(toSdk(spans));
    if (request === undefined) throw new TypeError('OpenTelemetry made nothing of the spans.');
    return request;
  });
  const processor = new SluicegateSpanProcessor(batcher, { hub, graphSpans: false });
  const provider = new sdk.TracerProvider({ resource, spanProcessors: [processor] });
  trace.setGlobalTracerProvider(provider);
  const manager = new AsyncLocalStorageContextManager();
  context.setGlobalContextManager(new GraphContextManager(manager.enable(), spans));
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  return { shutdown: () => provider.shutdown() };
}

/** What comes from the SDK goes to the serializer of the same version: the types that it knows them by are its own. */
function toSdk(spans: readonly SdkSpan[]): never[] {
  return [...spans] as never[];
}
