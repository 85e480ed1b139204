import { errorMessage, hasErrorCode, type Logger } from '../../core/index.ts';
import type { OtlpMetricsSettings } from '../exporters/otlp/index.ts';
import { type OtelHub, otelHub } from '../otel/index.ts';
import type { OtelMetricsSources } from './otel-metrics.ts';

/** Options of {@link connectMetrics}. */
export interface ConnectMetricsOptions extends OtelMetricsSources {
  readonly logger: Logger;
  /** Start a meter provider where none is registered. Undefined: never. */
  readonly start: OtlpMetricsSettings | undefined;
  readonly hub?: OtelHub;
}

/** What {@link connectMetrics} has set up. Nothing of it rejects. */
export interface MetricsConnection {
  /** Sends what a provider of our own has measured so far. */
  flush(): Promise<void>;
  /** Aborts what is under way, which would keep the process alive. */
  letGo(): void;
  /** Sends what a provider of our own has measured and stops it; takes everything back. */
  shutdown(): Promise<void>;
}

/**
 * Reports metrics to OpenTelemetry: to the meter provider of the application, also one that comes later, or to one of our own.
 * Does nothing where `@opentelemetry/api` is not installed.
 */
export async function connectMetrics(options: ConnectMetricsOptions): Promise<MetricsConnection> {
  const { logger, start, hub = otelHub } = options;
  try {
    const { OtelMetrics } = await import('./otel-metrics.ts');
    const started = start && (await (await import('./meter-provider.ts')).startMeterProvider(start, logger));
    const reported = new OtelMetrics(options);
    reported.refresh();
    hub.onRoot(() => reported.refresh());
    return {
      // What is wrong, the provider's transport has said.
      flush: async () => started?.flush().catch(() => undefined),
      letGo: () => started?.letGo(),
      shutdown: async () => {
        hub.onRoot(undefined);
        await started?.shutdown().catch(() => undefined);
        reported.close();
      },
    };
  } catch (thrown) {
    // That it is not installed, the export of traces says where it matters.
    if (!hasErrorCode(thrown, 'ERR_MODULE_NOT_FOUND')) {
      logger.warn(`OpenTelemetry metrics cannot be used: ${errorMessage(thrown)}`);
    }
    return { flush: async () => {}, letGo: () => {}, shutdown: async () => {} };
  }
}
