import { errorMessage, hasErrorCode, type Logger } from '../../core/index.ts';
import { apiRegistry } from './api-registry.ts';
import { type OtelHub, otelHub } from './otel-hub.ts';

/** True once something has registered with the OpenTelemetry API in this process. Loads nothing. */
export function otelIsRegistered(): boolean {
  return apiRegistry() !== undefined;
}

/** Options of {@link connectOtel}. */
export interface ConnectOptions {
  readonly logger: Logger;
  /** Start an SDK of our own where none is registered; the exporter's `OTEL_EXPORTER_OTLP_*` variables say where to. */
  readonly startSdk: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hub?: OtelHub;
}

/** What {@link connectOtel} has set up. */
export interface OtelConnection {
  /** Exports what the SDK of our own holds and stops it; nothing where the application runs its own. Never rejects. */
  shutdown(): Promise<void>;
}

/**
 * Joins the tracer with the OpenTelemetry API, loading it for the first time: from now on the active span inside a node
 * or tool is that node's or tool's. Does nothing where the API is not installed: then nobody can ask for a span.
 */
export async function connectOtel(options: ConnectOptions): Promise<OtelConnection> {
  const hub = options.hub ?? otelHub;
  try {
    const bridge = await import('./bridge/index.ts');
    bridge.joinContext(hub, options.logger);
    const sdk = options.startSdk ? await bridge.startSdk({ hub, env: options.env }) : undefined;
    return {
      shutdown: async () => {
        await sdk?.shutdown().catch((thrown: unknown) => {
          options.logger.warn(`OpenTelemetry did not shut down: ${errorMessage(thrown)}`);
        });
      },
    };
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'ERR_MODULE_NOT_FOUND')) {
      options.logger.warn(`OpenTelemetry cannot be used: ${errorMessage(thrown)}`);
    } else if (options.startSdk) {
      options.logger.warn(
        'An OTLP endpoint is configured but @opentelemetry/api is not installed: spans beside the graph are not recorded.',
      );
    }
    return { shutdown: async () => {} };
  }
}
