import { context, metrics, propagation, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { metricsText, shutdown, type TraceOptions } from '../../src/tracing/index.ts';
import { eventually } from '../support/eventually.ts';
import { meteredGraph } from '../support/metered-graph.ts';
import { parsePrometheusText } from '../support/prometheus-text.ts';
import { tempDir } from '../support/temp-dir.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(async () => {
  await shutdown();
  metrics.disable();
  trace.disable();
  context.disable();
  propagation.disable();
  vi.unstubAllEnvs();
  await dir[Symbol.asyncDispose]();
});

function build(name: string, options: TraceOptions = {}) {
  return meteredGraph(name, { home: dir.path, sampleRate: 0, ...options });
}

function ownProvider() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    provider,
    /** Points of a metric as `attributes -> value`, of this graph alone where it is named. */
    async read() {
      exporter.reset();
      await provider.forceFlush();
      const all = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .filter(({ scope }) => scope.name === 'sluicegate')
        .flatMap(({ metrics: found }) => found);
      return new Map(all.map((metric) => [metric.descriptor.name, metric]));
    },
  };
}

/** Waits for the connection, which is made beside the first runs. */
async function connected(own: ReturnType<typeof ownProvider>) {
  await eventually(async () => expect((await own.read()).has('sluicegate.buffered')).toBe(true));
}

describe('with a meter provider of the application', () => {
  it('every run is measured into it, kept or not, by names and attributes of the conventions', async () => {
    const own = ownProvider();
    metrics.setGlobalMeterProvider(own.provider);
    const { say } = build('own', { prices: { fast: { inputPerMillion: 1, outputPerMillion: 5 } } });
    await connected(own);
    await say('hi');
    await say('fail');
    const read = await own.read();
    const points = (name: string, match: Record<string, unknown> = {}) =>
      read
        .get(name)
        ?.dataPoints.filter(({ attributes }) =>
          Object.entries(match).every(([key, value]) => attributes[key] === value),
        )
        .map(({ attributes, value }) => [attributes, typeof value === 'number' ? value : value.count]);
    const own_ = { 'gen_ai.agent.name': 'own' };
    expect(points('sluicegate.runs', own_)).toEqual([
      [{ ...own_, 'sluicegate.outcome': 'success' }, 1],
      [{ ...own_, 'sluicegate.outcome': 'error' }, 1],
    ]);
    expect(points('sluicegate.run.duration', own_)).toHaveLength(2);
    expect(points('sluicegate.cost', own_)).toEqual([[{ ...own_, 'gen_ai.request.model': 'fast' }, 0.002]]);
    const call = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'azure.ai.openai',
      'gen_ai.request.model': 'fast',
    };
    expect(points('gen_ai.client.operation.duration')).toEqual([
      [call, 1],
      [{ ...call, 'error.type': 'TypeError' }, 1],
    ]);
    expect(points('gen_ai.client.token.usage')).toEqual([
      [{ ...call, 'gen_ai.token.type': 'input' }, 1],
      [{ ...call, 'gen_ai.token.type': 'output' }, 1],
    ]);
    expect(points('sluicegate.traces_dropped')).toEqual([[{ 'sluicegate.reason': 'not_sampled' }, 1]]);
    expect(read.get('gen_ai.client.operation.duration')).toMatchObject({
      descriptor: { unit: 's' },
      dataPoints: [{ value: { buckets: { boundaries: expect.arrayContaining([0.01, 81.92]) } } }, {}],
    });
    expect(read.get('sluicegate.runs')).toMatchObject({ isMonotonic: true, descriptor: { unit: '{run}' } });
    await own.provider.shutdown();
  });

  it('says the same as the Prometheus text, and in that nothing new', async () => {
    const own = ownProvider();
    metrics.setGlobalMeterProvider(own.provider);
    const { say } = build('same');
    await connected(own);
    for (let n = 0; n < 5; n += 1) await say('hi');
    const read = await own.read();
    const text = parsePrometheusText(metricsText());
    const scraped = (name: string, labels: Record<string, string>) =>
      text
        .get(name)
        ?.samples.find((sample) =>
          Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
        )?.value;
    const runs = read
      .get('sluicegate.runs')
      ?.dataPoints.find(({ attributes }) => attributes['gen_ai.agent.name'] === 'same');
    expect(runs?.value).toBe(5);
    expect(scraped('sluicegate_runs_total', { graph: 'same' })).toBe(5);
    expect([...text.keys()].filter((name) => name.includes('gen_ai'))).toEqual([]);
    await own.provider.shutdown();
  });

  it('that is registered after the graph was wrapped gets what is measured from then on', async () => {
    trace.setGlobalTracerProvider(trace.getTracerProvider());
    const { say } = build('late');
    await say('hi');
    const own = ownProvider();
    metrics.setGlobalMeterProvider(own.provider);
    await eventually(async () => {
      await say('hi');
      expect((await own.read()).get('sluicegate.runs')).toBeDefined();
    });
    await own.provider.shutdown();
  });
});
