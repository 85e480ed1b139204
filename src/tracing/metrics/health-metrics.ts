import { COUNTERS, type CounterName } from '../counters.ts';
import type { TracingHealth } from '../live-tracers.ts';
import type { MetricDefinition } from './definitions.ts';
import { cleanValue, type MetricFamily, OTHER, type Series } from './registry.ts';

/** A gauge of the tracer. */
interface HealthGauge extends MetricDefinition {
  readonly read: (health: TracingHealth) => number;
}

/** The tracer's gauges, one for each number of its health. */
export const HEALTH_GAUGES = {
  bufferedBytes: {
    name: 'sluicegate_buffered_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Estimated payload bytes held in memory for runs under way and traces that wait.',
    labels: [],
    read: (health) => health.bufferedBytes,
  },
  pendingTraces: {
    name: 'sluicegate_pending_traces',
    type: 'gauge',
    unit: 'traces',
    description: 'Kept traces that not every exporter has taken yet.',
    labels: [],
    read: (health) => health.pendingTraces,
  },
  spooledBytes: {
    name: 'sluicegate_spooled_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Bytes on disk of traces that wait for an exporter.',
    labels: [],
    read: (health) => health.spooledBytes,
  },
  lagMs: {
    name: 'sluicegate_delivery_lag_seconds',
    type: 'gauge',
    unit: 'seconds',
    description: 'Age of the oldest trace that waits for an exporter; 0 when none does.',
    labels: [],
    read: (health) => health.lagMs / 1_000,
  },
} as const satisfies Readonly<Record<Exclude<keyof TracingHealth, 'counters'>, HealthGauge>>;

/** A reason can be a word of the application's own. */
const MAX_REASONS = 200;

/** The tracer's health as metrics. A counter has one label, `reason`, for what its description says it is counted by. */
export function healthFamilies(health: TracingHealth): MetricFamily[] {
  const counters = Object.entries(health.counters).map(
    ([name, reasons]): MetricFamily => ({
      definition: counterDefinition(name as CounterName),
      series: reasonSeries(reasons),
    }),
  );
  const gauges = Object.values(HEALTH_GAUGES).map(
    (gauge): MetricFamily => ({
      definition: gauge,
      series: [{ kind: 'number', labels: [], value: gauge.read(health) }],
    }),
  );
  return [...counters, ...gauges];
}

/** A counter of the tracer as a metric. */
export function counterDefinition(name: CounterName): MetricDefinition {
  return {
    name: `sluicegate_${name}_total`,
    type: 'counter',
    unit: 'events',
    description: COUNTERS[name],
    labels: ['reason'],
  };
}

function reasonSeries(reasons: Readonly<Record<string, number>>): Series[] {
  const counts = new Map<string, number>();
  for (const [reason, count] of Object.entries(reasons)) {
    const cleaned = cleanValue(reason);
    const shown = counts.has(cleaned) || counts.size < MAX_REASONS ? cleaned : OTHER;
    counts.set(shown, (counts.get(shown) ?? 0) + count);
  }
  return [...counts].map(([reason, value]) => ({ kind: 'number', labels: [reason], value }));
}
