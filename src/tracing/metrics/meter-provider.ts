import { metrics } from '@opentelemetry/api';
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base';
import { errorMessage, type Logger } from '../../core/index.ts';
import { loadEndpoint, type OtlpEndpoint, type OtlpMetricsSettings, post } from '../exporters/otlp/index.ts';
import { apiRegistry } from '../otel/index.ts';

/** A meter provider that this package has started. */
export interface StartedMeterProvider {
  /** Sends what has been measured so far. Rejects when that fails. */
  flush(): Promise<void>;
  /** Aborts what is under way, which would keep the process alive. */
  letGo(): void;
  /** Sends what has been measured so far and stops. */
  shutdown(): Promise<void>;
}

/**
 * Starts a meter provider that sends its metrics by OTLP every interval, unless the application has registered its own. Its
 * timer does not keep the process alive.
 *
 * @returns Undefined when it is left to the application.
 */
export async function startMeterProvider(
  { intervalMs, timeoutMs }: OtlpMetricsSettings,
  logger: Logger,
): Promise<StartedMeterProvider | undefined> {
  const [sdk, { OTLPMetricExporterBase }, base, { JsonMetricsSerializer, MetricsExporterMetricsHelper }] =
    await Promise.all([
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-metrics-otlp-http'),
      import('@opentelemetry/otlp-exporter-base'),
      import('@opentelemetry/otlp-transformer'),
    ]);
  const [resources, endpoint] = await Promise.all([
    import('@opentelemetry/resources'),
    loadEndpoint('METRICS'),
  ]);
  // Looked at after the imports: an application that starts its SDK beside us comes first.
  if (apiRegistry()?.['metrics'] !== undefined) return undefined;
  const transport = new OneAttempt(endpoint, logger);
  const delegate = base.createOtlpNetworkExportDelegate(
    { timeoutMillis: endpoint.timeoutMs, concurrencyLimit: 1, compression: endpoint.compression },
    JsonMetricsSerializer,
    new base.ExporterMetrics({
      componentType: 'otlp_http_metric_exporter',
      metricsHelper: MetricsExporterMetricsHelper,
      url: endpoint.url,
      meterProvider: undefined,
      responseAttributesFromError: () => ({}),
    }),
    transport,
  );
  const provider = new sdk.MeterProvider({
    resource: resources
      .defaultResource()
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    readers: [
      new sdk.PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporterBase(delegate),
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: timeoutMs,
      }),
    ],
  });
  metrics.setGlobalMeterProvider(provider);
  return {
    flush: () => provider.forceFlush(),
    letGo: () => transport.shutdown(),
    shutdown: async () => {
      if (apiRegistry()?.['metrics'] === provider) metrics.disable();
      await provider.shutdown();
    },
  };
}

/**
 * Sends each export once. Its numbers are sums since the start, so that the next one makes up for it, and a retry of
 * OpenTelemetry's own could not be ended with the process.
 */
class OneAttempt implements IExporterTransport {
  readonly #endpoint: OtlpEndpoint;
  readonly #logger: Logger;
  #stop = new AbortController();
  #lastWarning = '';

  constructor(endpoint: OtlpEndpoint, logger: Logger) {
    this.#endpoint = endpoint;
    this.#logger = logger;
  }

  async send(data: Uint8Array): Promise<ExportResponse> {
    const { signal } = this.#stop;
    try {
      const { status, reason, body } = await post(this.#endpoint, data, { signal });
      if (status >= 200 && status < 300) {
        this.#lastWarning = '';
        return { status: 'success', data: body };
      }
      return this.#failure(new Error(`HTTP ${status} ${reason}`.trim()));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      return signal.aborted ? { status: 'failure', error } : this.#failure(error);
    }
  }

  shutdown(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#endpoint.agent.destroy();
  }

  /** Once per distinct message until something works again. */
  #failure(error: Error): ExportResponse {
    const message = `Metrics cannot be sent by OTLP: ${errorMessage(error)}`;
    if (message !== this.#lastWarning) this.#logger.warn(message);
    this.#lastWarning = message;
    return { status: 'failure', error };
  }
}
