import { type Logger, systemClock } from '../core/index.ts';
import type { Counters } from './counters.ts';
import { SpanDelivery } from './delivery/span-delivery.ts';
import { tracingHealth, trafficMetrics } from './live-tracers.ts';
import { connectMetrics, type MetricsConnection } from './metrics/index.ts';
import type { ResolvedTraceOptions } from './options/options.ts';
import { connectOtel, type OtelConnection, otelIsRegistered } from './otel/index.ts';

/** What {@link joinOtel} takes from outside. */
export interface JoinOtelDeps {
  readonly logger: Logger;
  readonly counters: Counters;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A tracer's join with OpenTelemetry. */
export interface JoinedOtel {
  /** Resolves once it is made; the API is loaded for it. */
  readonly connection: Promise<OtelConnection>;
  /** Where the spans go that the SDK of this package records; undefined where this tracer has not started it. */
  readonly spans: () => SpanDelivery | undefined;
}

/** The one report of this process to OpenTelemetry. */
let metricsConnection: Promise<MetricsConnection> | undefined;
/** Whether the SDK that is registered is our own: after a shutdown, we may start its metrics again. */
let hasOwnSdk = false;
let otelIsLeftOut = false;

/**
 * From now on graphs that are wrapped start no OpenTelemetry SDK in this process and join none: for a process that loads a
 * graph to look at it, and must send nothing of what runs. Returns what takes it back.
 */
export function leaveOtelOut(): () => void {
  otelIsLeftOut = true;
  return () => {
    otelIsLeftOut = false;
  };
}

/**
 * Makes the active span inside a node that node's, where the process already has OpenTelemetry or an endpoint is
 * configured. Everybody else loads nothing of it.
 */
export function joinOtel(
  options: ResolvedTraceOptions,
  { logger, counters, env }: JoinOtelDeps,
): JoinedOtel | undefined {
  const { otlp } = options;
  if (otelIsLeftOut) return undefined;
  const isRegistered = otelIsRegistered();
  if (!otlp.enabled && otlp.metrics === undefined && !isRegistered) return undefined;
  hasOwnSdk ||= !isRegistered;
  let spans: SpanDelivery | undefined;
  const openOutlet = () => {
    // Waiting to try again is no reason for a process to stay.
    const clock = systemClock({ unref: true });
    spans = new SpanDelivery({ options, counters, logger, clock, random: Math.random });
    return spans;
  };
  const startsSdk = otlp.enabled && !isRegistered;
  const connection = connectOtel({ logger, env, openOutlet: startsSdk ? openOutlet : undefined });
  const start = hasOwnSdk ? otlp.metrics : undefined;
  // After the rest: what it starts would look like an SDK of the application's.
  metricsConnection ??= connection.then(() =>
    connectMetrics({ registry: trafficMetrics, health: tracingHealth, logger, start }),
  );
  return { connection, spans: () => spans };
}

/** Sends the metrics measured so far. Never rejects. */
export async function flushMetrics(): Promise<void> {
  await (await metricsConnection)?.flush();
}

/** Aborts an export of metrics under way, which would keep the process alive. */
export async function letGoOfMetrics(): Promise<void> {
  (await metricsConnection)?.letGo();
}

/** Ends the report to OpenTelemetry; a graph that is wrapped later begins another one. Returns what ends it for good. */
export function takeMetrics(): {
  readonly shutdown: () => Promise<void>;
  readonly letGo: () => Promise<void>;
} {
  const connection = metricsConnection;
  metricsConnection = undefined;
  return {
    shutdown: async () => (await connection)?.shutdown(),
    letGo: async () => (await connection)?.letGo(),
  };
}
