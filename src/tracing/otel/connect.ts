import { errorMessage, hasErrorCode, type Logger } from '../../core/index.ts';
import { apiRegistry } from './api-registry.ts';
import { type OtelHub, otelHub } from './otel-hub.ts';
import type { SpanOutlet } from './span-outlet.ts';

/** True once something has registered with the OpenTelemetry API in this process. Loads nothing. */
export function otelIsRegistered(): boolean {
  return apiRegistry() !== undefined;
}

/** Options of {@link connectOtel}. */
export interface ConnectOptions {
  readonly logger: Logger;
  /** Start an SDK of our own where none is registered, with this as the way out of its spans. Undefined: start none. */
  readonly openOutlet: (() => SpanOutlet) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hub?: OtelHub;
}

/** What {@link connectOtel} has set up. */
export interface OtelConnection {
  /** Hands over what the SDK of our own holds and stops it; nothing where the application runs its own. Never rejects. */
  shutdown(): Promise<void>;
}

/**
 * Joins the tracer with the OpenTelemetry API, loading it for the first time: from now on the active span inside a node
 * or tool is that node's or tool's. Does nothing where the API is not installed: then nobody can ask for a span.
 */
export async function connectOtel(options: ConnectOptions): Promise<OtelConnection> {
  const { logger, openOutlet, env } = options;
  const hub = options.hub ?? otelHub;
  try {
    const bridge = await import('./bridge/index.ts');
    bridge.joinContext(hub, logger);
    const sdk = openOutlet && (await bridge.startSdk({ hub, env, openOutlet }));
    return {
      shutdown: async () => {
        await sdk?.shutdown().catch((thrown: unknown) => {
          logger.warn(`OpenTelemetry did not shut down: ${errorMessage(thrown)}`);
        });
      },
    };
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'ERR_MODULE_NOT_FOUND')) {
      logger.warn(`OpenTelemetry cannot be used: ${errorMessage(thrown)}`);
    } else if (openOutlet !== undefined) {
      logger.warn(
        'An OTLP endpoint is configured but @opentelemetry/api is not installed: spans beside the graph are not recorded.',
      );
    }
    return { shutdown: async () => {} };
  }
}
