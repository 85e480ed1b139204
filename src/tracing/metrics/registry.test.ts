import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/any-text.ts';
import { MetricsRegistry, type RegistryLimits } from './registry.ts';

const calls = {
  name: 'calls_total',
  type: 'counter',
  unit: 'calls',
  description: 'Calls.',
  labels: ['graph', 'tool', 'outcome'],
} as const;
const duration = {
  name: 'd_seconds',
  type: 'histogram',
  unit: 'seconds',
  description: 'D.',
  labels: ['tool'],
  buckets: [1],
} as const;

function seriesOf(registry: MetricsRegistry, name: string) {
  return registry.families().find(({ definition }) => definition.name === name)?.series ?? [];
}

function numbers(registry: MetricsRegistry, name: string) {
  return seriesOf(registry, name).map((each) => [
    ...each.labels,
    each.kind === 'number' ? each.value : each.sum,
  ]);
}

describe('MetricsRegistry', () => {
  it('adds up by labels', () => {
    const registry = new MetricsRegistry();
    registry.add(calls, { graph: 'a', tool: 'x', outcome: 'success' }, 1);
    registry.add(calls, { graph: 'a', tool: 'x', outcome: 'error' }, 1);
    registry.add(calls, { graph: 'a', tool: 'x', outcome: 'success' }, 2.5);
    expect(numbers(registry, 'calls_total')).toEqual([
      ['a', 'x', 'success', 3.5],
      ['a', 'x', 'error', 1],
    ]);
  });

  it('counts the values of a label beyond its limit as other, in every metric, and says how often', () => {
    const registry = new MetricsRegistry({ maxLabelValues: 2 });
    for (const tool of ['x', 'y', 'z', 'w', 'x']) {
      registry.add(calls, { graph: 'g', tool, outcome: 'success' }, 1);
      registry.observe(duration, { tool }, 0.5);
    }
    expect(numbers(registry, 'calls_total')).toEqual([
      ['g', 'x', 'success', 2],
      ['g', 'y', 'success', 1],
      ['g', 'other', 'success', 2],
    ]);
    expect(numbers(registry, 'd_seconds')).toEqual([
      ['x', 1],
      ['y', 0.5],
      ['other', 1],
    ]);
    expect(numbers(registry, 'sluicegate_metric_labels_limited_total')).toEqual([['tool', 4]]);
  });

  it('folds the names of a metric that has too many combinations, and keeps its outcomes', () => {
    const registry = new MetricsRegistry({ maxSeries: 2 });
    const add = (graph: string, tool: string, outcome: string) =>
      registry.add(calls, { graph, tool, outcome }, 1);
    add('a', 'x', 'success');
    add('b', 'y', 'success');
    add('a', 'y', 'success');
    add('b', 'x', 'error');
    add('a', 'x', 'success');
    add('c', 'x', 'success');
    expect(numbers(registry, 'calls_total')).toEqual([
      ['a', 'x', 'success', 2],
      ['b', 'y', 'success', 1],
      ['other', 'other', 'success', 2],
      ['other', 'other', 'error', 1],
    ]);
    expect(numbers(registry, 'sluicegate_metric_labels_limited_total')).toEqual([
      ['graph', 3],
      ['tool', 3],
    ]);
  });

  it('lets 200 values of a label through unless it is told otherwise', () => {
    const registry = new MetricsRegistry();
    for (let n = 0; n < 250; n += 1)
      registry.add(calls, { graph: 'g', tool: `t${n}`, outcome: 'success' }, 1);
    expect(seriesOf(registry, 'calls_total')).toHaveLength(201);
  });

  it('loses nothing and stays within its limits, whatever the names are', () => {
    const limits: Required<RegistryLimits> = { maxLabelValues: 5, maxSeries: 20 };
    const name = fc.oneof(
      anyText({ maxLength: 200 }),
      fc.constantFrom('a', 'b', 'other', '', '__proto__', 'a\u0000b'),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, name, fc.constantFrom('success', 'error')), { maxLength: 80 }),
        (added) => {
          const registry = new MetricsRegistry(limits);
          for (const [graph, tool, outcome] of added) registry.add(calls, { graph, tool, outcome }, 1);
          const series = seriesOf(registry, 'calls_total');
          const total = series.reduce((sum, each) => sum + (each.kind === 'number' ? each.value : 0), 0);
          expect(total).toBe(added.length);
          // Folded ones differ in their outcome alone.
          expect(series.length).toBeLessThanOrEqual(limits.maxSeries + 2);
          for (const at of [0, 1]) {
            const shown = new Set(series.map(({ labels }) => labels[at]));
            shown.delete('other');
            expect(shown.size).toBeLessThanOrEqual(limits.maxLabelValues);
          }
          const written = series.map(({ labels }) => labels.join('\u0000'));
          expect(new Set(written).size).toBe(written.length);
          for (const label of series.flatMap(({ labels }) => labels)) {
            expect(label.length).toBeLessThanOrEqual(120);
            expect(label.isWellFormed()).toBe(true);
          }
        },
      ),
      { seed: 9, numRuns: 300 },
    );
  });
});
