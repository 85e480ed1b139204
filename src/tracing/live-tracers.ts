import type { Logger } from '../core/index.ts';
import type { CounterName } from './counters.ts';
import type { DeliveryHealth } from './delivery/delivery.ts';
import { MetricsRegistry } from './metrics/index.ts';
import type { JoinedOtel } from './process-otel.ts';
import type { Tracer } from './tracer.ts';

/** A tracer of this process, and what it was made with. */
export interface LiveTracer {
  readonly tracer: Tracer;
  /** Its options as a text: graphs with the same ones share it. */
  readonly options: string;
  readonly logger: Logger | undefined;
  /** Whether it is brought to its end when the process is asked to stop or has nothing left to do. */
  readonly endsWithProcess: boolean;
  /** The join with OpenTelemetry, where this process has any. */
  readonly otel: JoinedOtel | undefined;
}

/** The tracers of this process. */
export const liveTracers = new Set<LiveTracer>();
/** Those that shut down: their health still counts in the last report of it. */
export const endingTracers = new Set<LiveTracer>();

/** What the runs of every tracer of this process add up to; it outlives them, because a counter must not go back. */
export const trafficMetrics = new MetricsRegistry();

/** What the tracer says of itself. */
export interface TracingHealth {
  /** Counts since the start of the process, by name and reason. */
  readonly counters: Readonly<Partial<Record<CounterName, Readonly<Record<string, number>>>>>;
  /** Estimated payload bytes in memory. */
  readonly bufferedBytes: number;
  /** Kept traces that not every exporter has taken yet. */
  readonly pendingTraces: number;
  /** Bytes on disk of traces that wait for an exporter, and of spans recorded beside them. */
  readonly spooledBytes: number;
  /** Age of the oldest trace that waits, in milliseconds; 0 when none does. */
  readonly lagMs: number;
}

/** The health of every tracer of this process, summed. */
export function tracingHealth(): TracingHealth {
  const counters: Partial<Record<CounterName, Record<string, number>>> = {};
  let bufferedBytes = 0;
  let pendingTraces = 0;
  let spooledBytes = 0;
  let lagMs = 0;
  const addDelivery = (delivery: DeliveryHealth) => {
    spooledBytes += delivery.spooledBytes;
    lagMs = Math.max(lagMs, delivery.lagMs);
  };
  for (const { tracer, otel } of [...liveTracers, ...endingTracers]) {
    bufferedBytes += tracer.bufferedBytes;
    pendingTraces += tracer.pendingTraces;
    addDelivery(tracer.deliveryHealth);
    const spans = otel?.spans();
    if (spans !== undefined) addDelivery(spans.health);
    for (const [name, reasons] of Object.entries(tracer.counters.snapshot())) {
      const sums = counters[name as CounterName] ?? {};
      for (const [reason, count] of Object.entries(reasons)) sums[reason] = (sums[reason] ?? 0) + count;
      counters[name as CounterName] = sums;
    }
  }
  return { counters, bufferedBytes, pendingTraces, spooledBytes, lagMs };
}
