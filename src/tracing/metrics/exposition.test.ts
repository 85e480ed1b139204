import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/any-text.ts';
import { parsePrometheusText } from '../../../test/support/prometheus-text.ts';
import type { MetricDefinition } from './definitions.ts';
import { exposition, formatNumber } from './exposition.ts';
import { type MetricFamily, MetricsRegistry } from './registry.ts';

const counter = {
  name: 'runs_total',
  type: 'counter',
  unit: 'runs',
  description: 'Runs.',
  labels: ['graph', 'node'],
} as const;
const histogram = {
  name: 'duration_seconds',
  type: 'histogram',
  unit: 'seconds',
  description: 'Duration.',
  labels: ['graph'],
  buckets: [0.1, 1, 10],
} as const;

/** Any text, with the characters that mean something to the format more often than by chance. */
const text = fc
  .array(
    fc.oneof(
      anyText({ maxLength: 4 }),
      fc.constantFrom('\\', '"', '\n', '\r', '{', '}', ',', '=', ' ', '\u2028', 'n'),
    ),
  )
  .map((parts) => parts.join(''));

describe('exposition', () => {
  it('is what the format says, to the byte', () => {
    const registry = new MetricsRegistry();
    registry.add(counter, { graph: 'support', node: 'say "hi"\\' }, 2);
    for (const value of [0.05, 0.1, 0.5, 30]) registry.observe(histogram, { graph: 'support' }, value);
    expect(exposition(registry.families())).toBe(
      [
        '# HELP runs_total Runs.',
        '# TYPE runs_total counter',
        'runs_total{graph="support",node="say \\"hi\\"\\\\"} 2',
        '# HELP duration_seconds Duration.',
        '# TYPE duration_seconds histogram',
        'duration_seconds_bucket{graph="support",le="0.1"} 2',
        'duration_seconds_bucket{graph="support",le="1"} 3',
        'duration_seconds_bucket{graph="support",le="10"} 3',
        'duration_seconds_bucket{graph="support",le="+Inf"} 4',
        'duration_seconds_sum{graph="support"} 30.65',
        'duration_seconds_count{graph="support"} 4',
        '',
      ].join('\n'),
    );
  });

  it('is empty without a metric, and leaves out one without a value', () => {
    expect(exposition([])).toBe('');
    expect(exposition([{ definition: counter, series: [] }])).toBe('');
  });

  it('carries any label value, description and number so that a scraper reads the same', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(text, text, fc.double({ noNaN: true, min: 0 })), {
          selector: ([a, b]) => JSON.stringify([a, b]),
        }),
        text.map((help) => help.replaceAll(/[\r\u2028\u2029]/g, '')),
        (rows, description) => {
          const definition: MetricDefinition = { ...counter, description };
          const family: MetricFamily = {
            definition,
            series: rows.map(([graph, node, value]) => ({ kind: 'number', labels: [graph, node], value })),
          };
          const read = parsePrometheusText(exposition([family])).get('runs_total');
          expect(
            read?.samples.map(({ labels, value }) => [labels['graph'], labels['node'], value]) ?? [],
          ).toEqual(rows);
          if (rows.length > 0) expect(read?.help).toBe(description);
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  it('counts every value of a histogram in every bucket it is not over', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(0.1, 1, 10))),
        (values) => {
          const registry = new MetricsRegistry();
          for (const value of values) registry.observe(histogram, { graph: 'g' }, value);
          const samples =
            parsePrometheusText(exposition(registry.families())).get('duration_seconds')?.samples ?? [];
          for (const { name, labels, value } of samples) {
            if (!name.endsWith('_bucket')) continue;
            const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
            expect(value).toBe(values.filter((each) => each <= bound).length);
          }
          expect(samples).toHaveLength(values.length === 0 ? 0 : 6);
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  it('writes numbers as Go reads them', () => {
    expect(
      [0, 1.5, 1e-7, 1e21, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(formatNumber),
    ).toEqual(['0', '1.5', '1e-7', '1e+21', '+Inf', '-Inf', 'NaN']);
  });
});

describe('the parser of these tests', () => {
  it.each([
    ['a 1', /does not end/],
    ['a 1\n', /without a TYPE/],
    ['# HELP a x\na 1\n', /without a TYPE/],
    ['# HELP a x\n# TYPE a counter\na{b="\\x"} 1\n', /escape/],
    ['# HELP a x\n# TYPE a counter\na{b="1"} 1\na{b="1"} 2\n', /two samples/],
    ['# HELP a x\n# TYPE a counter\na -1\n', /no count/],
    ['# HELP a x\n# TYPE a counter\na Infinity\n', /not a value/],
    ['# HELP a x\n# TYPE a counter\na 1\n# HELP a x\n', /second group/],
    ['# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n', /for everything/],
    [
      '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
      /add up/,
    ],
    ['# HELP a x\n# TYPE a histogram\na_bucket{le="+Inf"} 2\na_sum 1\na_count 1\n', /not the count/],
  ])('refuses %j', (wrong, problem) => {
    expect(() => parsePrometheusText(wrong)).toThrow(problem);
  });
});
