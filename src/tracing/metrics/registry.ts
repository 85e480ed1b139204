import { type MetricDefinition, TRAFFIC_METRICS } from './definitions.ts';

/** What a value is counted under once its label has reached its limit. */
export const OTHER = 'other';

/** One combination of label values and what was measured under it. */
export type Series =
  | { readonly kind: 'number'; readonly labels: readonly string[]; value: number }
  | {
      readonly kind: 'histogram';
      readonly labels: readonly string[];
      /** How many values fell into each bucket alone; the last one takes what is over every bound. */
      readonly counts: number[];
      sum: number;
    };

/** A metric and its series, in the order they appeared. */
export interface MetricFamily {
  readonly definition: MetricDefinition;
  readonly series: readonly Series[];
}

/** A value for each label of a metric. */
export type LabelValues<Definition extends MetricDefinition> = Readonly<
  Record<Definition['labels'][number], string>
>;

/** Limits of a {@link MetricsRegistry}: names can be made of data, and a scrape must not grow without end. */
export interface RegistryLimits {
  /** Distinct values of one label; what comes later is `other`. Default 200. */
  readonly maxLabelValues?: number;
  /** Distinct combinations of one metric; of what comes later every name is `other`. Default 2000. */
  readonly maxSeries?: number;
}

/** Told of every value that goes into a histogram. */
export type ObservationListener = (definition: MetricDefinition, series: Series, value: number) => void;

/** Labels whose values are fixed words of this program, and so never too many. */
const FIXED = new Set<string>(['outcome', 'kind', 'label']);
const MAX_VALUE_LENGTH = 120;
const SEPARATOR = '\u0000';

/** Sums up metrics by their labels, within limits. */
export class MetricsRegistry {
  readonly #families = new Map<
    string,
    { readonly definition: MetricDefinition; readonly series: Map<string, Series> }
  >();
  /** By label: a value as it was given, and as it is shown. */
  readonly #values = new Map<string, Map<string, string>>();
  #listener: ObservationListener | undefined;
  readonly #maxLabelValues: number;
  readonly #maxSeries: number;

  constructor({ maxLabelValues = 200, maxSeries = 2_000 }: RegistryLimits = {}) {
    this.#maxLabelValues = maxLabelValues;
    this.#maxSeries = maxSeries;
  }

  /** Adds to a counter. */
  add<Definition extends MetricDefinition>(
    definition: Definition,
    labels: LabelValues<Definition>,
    by: number,
  ): void {
    const series = this.#seriesOf(definition, labels);
    if (series.kind === 'number') series.value += by;
  }

  /** Puts a value into a histogram. */
  observe<Definition extends MetricDefinition>(
    definition: Definition,
    labels: LabelValues<Definition>,
    value: number,
  ): void {
    const series = this.#seriesOf(definition, labels);
    if (series.kind !== 'histogram') return;
    const { buckets = [] } = definition;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? 0)) at += 1;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += value;
    this.#listener?.(definition, series, value);
  }

  /** Whether somebody listens, for whom more is measured. */
  get isWatched(): boolean {
    return this.#listener !== undefined;
  }

  /** Sets who is told of the values in histograms: their sums cannot be read back into other buckets. Undefined: nobody. */
  watch(listener: ObservationListener | undefined): void {
    this.#listener = listener;
  }

  /** Every metric that has a value, but for those of OpenTelemetry alone. */
  families(): MetricFamily[] {
    return [...this.#families.values()]
      .filter(({ definition }) => definition.isOtelOnly !== true)
      .map(({ definition, series }) => ({ definition, series: [...series.values()] }));
  }

  #seriesOf(definition: MetricDefinition, labels: Readonly<Record<string, string>>): Series {
    let family = this.#families.get(definition.name);
    if (family === undefined) {
      family = { definition, series: new Map() };
      this.#families.set(definition.name, family);
    }
    let key = '';
    for (const label of definition.labels) key += this.#shown(label, labels[label] ?? '') + SEPARATOR;
    const known = family.series.get(key);
    if (known !== undefined) return known;
    const values = key.split(SEPARATOR).slice(0, -1);
    if (family.series.size < this.#maxSeries) return addSeries(family, key, values);
    const folded = definition.labels.map((label, at) => {
      if (FIXED.has(label)) return values[at] ?? '';
      this.#countLimited(label);
      return OTHER;
    });
    const foldedKey = folded.map((value) => value + SEPARATOR).join('');
    return family.series.get(foldedKey) ?? addSeries(family, foldedKey, folded);
  }

  #shown(label: string, value: string): string {
    let known = this.#values.get(label);
    if (known === undefined) {
      known = new Map();
      this.#values.set(label, known);
    }
    const shown = known.get(value);
    if (shown !== undefined) return shown;
    if (known.size >= this.#maxLabelValues) {
      this.#countLimited(label);
      return OTHER;
    }
    const cleaned = cleanValue(value);
    known.set(value, cleaned);
    return cleaned;
  }

  #countLimited(label: string): void {
    this.add(TRAFFIC_METRICS.limitedLabels, { label }, 1);
  }
}

function addSeries(
  family: { readonly definition: MetricDefinition; readonly series: Map<string, Series> },
  key: string,
  labels: readonly string[],
): Series {
  const { type, buckets = [] } = family.definition;
  const series: Series =
    type === 'histogram'
      ? { kind: 'histogram', labels, counts: Array<number>(buckets.length + 1).fill(0), sum: 0 }
      : { kind: 'number', labels, value: 0 };
  family.series.set(key, series);
  return series;
}

/**
 * A label value as it can be written: no control characters (one of them separates the parts of a key), no half of a
 * character (UTF-8 has none, and two different ones would be written alike), and not a whole document.
 */
export function cleanValue(value: string): string {
  return value
    .slice(0, MAX_VALUE_LENGTH)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
}
