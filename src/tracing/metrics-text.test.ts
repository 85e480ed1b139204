import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { afterEach, describe, expect, it } from 'vitest';
import { parsePrometheusText } from '../../test/support/prometheus-text.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { COUNTERS } from './counters.ts';
import { flush, metricsContentType, metricsText, shutdown, traceGraph } from './index.ts';
import { counterDefinition, healthFamilies } from './metrics/index.ts';

const State = Annotation.Root({ n: Annotation<number>() });
const graphOf = (name: string) =>
  new StateGraph(State)
    .addNode('work', ({ n }) => {
      if (n === 0) throw new Error('no');
      return { n };
    })
    .addEdge(START, 'work')
    .compile({ name });

afterEach(() => shutdown());

function value(metric: string, labels: Record<string, string> = {}): number | undefined {
  const samples = parsePrometheusText(metricsText()).get(metric)?.samples ?? [];
  return samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
}

describe('metricsText', () => {
  it('sums up the graphs of the process and the health of the tracer', async () => {
    await using dir = await tempDir();
    const first = traceGraph(graphOf('first'), { home: dir.path, sampleRate: 0 });
    const second = traceGraph(graphOf('second'), { home: dir.path });
    await first.invoke({ n: 1 });
    await first.invoke({ n: 0 }).catch(() => undefined);
    await second.invoke({ n: 1 });
    await flush();
    expect(value('sluicegate_runs_total', { graph: 'first', outcome: 'success' })).toBe(1);
    expect(value('sluicegate_runs_total', { graph: 'first', outcome: 'error' })).toBe(1);
    expect(value('sluicegate_runs_total', { graph: 'second', outcome: 'success' })).toBe(1);
    expect(value('sluicegate_traces_kept_total', { reason: 'error' })).toBe(1);
    expect(value('sluicegate_traces_kept_total', { reason: 'sampled' })).toBe(1);
    expect(value('sluicegate_traces_dropped_total', { reason: 'not_sampled' })).toBe(1);
    expect(value('sluicegate_traces_exported_total', { reason: 'store' })).toBe(2);
    expect(value('sluicegate_pending_traces')).toBe(0);
    expect(value('sluicegate_spooled_bytes')).toBe(0);
    expect(value('sluicegate_delivery_lag_seconds')).toBe(0);
    expect(value('sluicegate_buffered_bytes')).toBeGreaterThanOrEqual(0);
  });

  it('does not go back when the tracers are shut down', async () => {
    await using dir = await tempDir();
    await traceGraph(graphOf('third'), { home: dir.path }).invoke({ n: 1 });
    await shutdown();
    expect(value('sluicegate_runs_total', { graph: 'third', outcome: 'success' })).toBe(1);
  });

  it('is Prometheus text', () => {
    expect(metricsContentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metricsText()).toMatch(/^# HELP /);
  });
});

describe('the health of the tracer as metrics', () => {
  it('has a counter for each count, with the description that the documentation gives', () => {
    for (const [name, description] of Object.entries(COUNTERS)) {
      const definition = counterDefinition(name as keyof typeof COUNTERS);
      expect(definition).toMatchObject({ name: `sluicegate_${name}_total`, description, labels: ['reason'] });
    }
  });

  it('bounds the reasons, which can be words of the application, and loses none of the counts', () => {
    const reasons = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`order ${n}`, 2]));
    const health = {
      counters: { traces_promoted: reasons },
      bufferedBytes: 0,
      pendingTraces: 0,
      spooledBytes: 0,
      lagMs: 0,
    };
    const [family] = healthFamilies(health);
    expect(family?.series).toHaveLength(201);
    const sum = family?.series.reduce((total, each) => total + (each.kind === 'number' ? each.value : 0), 0);
    expect(sum).toBe(1_000);
  });
});
