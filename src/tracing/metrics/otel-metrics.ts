import {
  type Attributes,
  type BatchObservableCallback,
  type Histogram,
  type Meter,
  metrics,
  type Observable,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import { COUNTERS, type CounterName } from '../counters.ts';
import { SEMCONV_SCHEMA_URL } from '../exporters/otlp/index.ts';
import type { TracingHealth } from '../live-tracers.ts';
import { apiRegistry } from '../otel/index.ts';
import { healthFamilies } from './health-metrics.ts';
import { otelAttributes, otelInstruments } from './otel-instruments.ts';
import type { MetricsRegistry, Series } from './registry.ts';

/** What an {@link OtelMetrics} reports. */
export interface OtelMetricsSources {
  readonly registry: MetricsRegistry;
  readonly health: () => TracingHealth;
}

/**
 * Reports the same numbers to the meter provider of the process as the Prometheus text has, with the same limits of labels.
 * Counters and gauges are read when the provider collects, and cost a run nothing; of a histogram the API takes single
 * values only, so each is handed on when it is measured.
 */
export class OtelMetrics {
  readonly #sources: OtelMetricsSources;
  /** Made once for each series. */
  readonly #attributes = new WeakMap<Series, Attributes>();
  #provider: unknown;
  #detach = () => {};

  constructor(sources: OtelMetricsSources) {
    this.#sources = sources;
  }

  /** Looks which provider is registered now: an application may register its own late. Cheap when it is the same. */
  refresh(): void {
    const provider = apiRegistry()?.['metrics'];
    if (provider === this.#provider) return;
    this.#detach();
    this.#detach = () => {};
    this.#provider = provider;
    if (provider === undefined) return;
    this.#attach(metrics.getMeter('sluicegate', undefined, { schemaUrl: SEMCONV_SCHEMA_URL }));
  }

  /** Reports nothing any more. */
  close(): void {
    this.#detach();
    this.#detach = () => {};
  }

  #attach(meter: Meter): void {
    const { registry, health } = this.#sources;
    const histograms = new Map<string, Histogram>();
    const observables = new Map<string, Observable>();
    for (const { definition, name, unit } of otelInstruments(Object.keys(COUNTERS) as CounterName[])) {
      const { type, description, buckets = [] } = definition;
      const options = { unit, description };
      if (type === 'histogram') {
        const advice = { explicitBucketBoundaries: [...buckets] };
        histograms.set(definition.name, meter.createHistogram(name, { ...options, advice }));
      } else {
        const observable =
          type === 'counter'
            ? meter.createObservableCounter(name, options)
            : meter.createObservableGauge(name, options);
        observables.set(definition.name, observable);
      }
    }
    const read: BatchObservableCallback = (result) => {
      for (const { definition, series } of [...registry.families(), ...healthFamilies(health())]) {
        const observable = observables.get(definition.name);
        if (observable === undefined) continue;
        for (const one of series) {
          if (one.kind !== 'number') continue;
          result.observe(observable, one.value, otelAttributes(definition, one.labels));
        }
      }
    };
    const all = [...observables.values()];
    meter.addBatchObservableCallback(read, all);
    registry.watch((definition, series, value) => {
      const histogram = histograms.get(definition.name);
      if (histogram === undefined) return;
      let attributes = this.#attributes.get(series);
      if (attributes === undefined) {
        attributes = otelAttributes(definition, series.labels);
        this.#attributes.set(series, attributes);
      }
      // Measured after the run, outside of what encloses it.
      histogram.record(value, attributes, ROOT_CONTEXT);
    });
    this.#detach = () => {
      meter.removeBatchObservableCallback(read, all);
      registry.watch(undefined);
    };
  }
}
