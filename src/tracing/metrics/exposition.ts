import type { MetricDefinition } from './definitions.ts';
import type { MetricFamily, Series } from './registry.ts';

/** Content type of {@link exposition}. */
export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics as text for a Prometheus server to scrape. Metrics without a value are left out.
 *
 * Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4.
 */
export function exposition(families: readonly MetricFamily[]): string {
  return families
    .filter(({ series }) => series.length > 0)
    .map(({ definition, series }) => {
      const { name, type, description } = definition;
      const head = `# HELP ${name} ${escapeHelp(description)}\n# TYPE ${name} ${type}\n`;
      return head + series.map((each) => samples(definition, each)).join('');
    })
    .join('');
}

function samples({ name, labels, buckets = [] }: MetricDefinition, series: Series): string {
  const pairs = labels.map((label, at) => `${label}="${escapeLabel(series.labels[at] ?? '')}"`);
  if (series.kind === 'number') return sample(name, pairs, series.value);
  let count = 0;
  const lines = series.counts.map((inBucket, at) => {
    count += inBucket;
    const bound = buckets[at] ?? Number.POSITIVE_INFINITY;
    return sample(`${name}_bucket`, [...pairs, `le="${formatNumber(bound)}"`], count);
  });
  return lines.join('') + sample(`${name}_sum`, pairs, series.sum) + sample(`${name}_count`, pairs, count);
}

function sample(name: string, pairs: readonly string[], value: number): string {
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${formatNumber(value)}\n`;
}

/** As Go reads a number. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', '\\"');
}
