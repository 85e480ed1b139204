/** One line of a scrape. */
export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as a scrape describes it. */
export interface ScrapedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ScrapedSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SUFFIXES = ['_bucket', '_sum', '_count'];

/**
 * Reads Prometheus text format 0.0.4 and refuses whatever the format does not allow: more than a scraper would, because a
 * scraper lets some mistakes pass in silence.
 */
export function parsePrometheusText(text: string): ReadonlyMap<string, ScrapedFamily> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line does not end.');
  const families = new Map<string, { name: string; help: string; type: string; samples: ScrapedSample[] }>();
  let current: { name: string; help: string; type: string; samples: ScrapedSample[] } | undefined;
  const lines = text.split('\n').slice(0, -1);
  for (const [at, line] of lines.entries()) {
    const fail = (problem: string): never => {
      throw new Error(`line ${at + 1}: ${problem}: ${line}`);
    };
    if (line.startsWith('# HELP ')) {
      const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? fail('not a HELP line');
      if (!NAME.test(name)) fail('not a metric name');
      if (families.has(name)) fail('a second group of one metric');
      current = { name, help: unescaped(help, /\\(\\|n)/g, fail), type: '', samples: [] };
      families.set(name, current);
    } else if (line.startsWith('# TYPE ')) {
      const [, name, type = ''] =
        /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? fail('not a TYPE line');
      if (current === undefined || current.name !== name)
        throw new Error(`line ${at + 1}: TYPE without its HELP`);
      if (current.type !== '' || current.samples.length > 0) fail('TYPE comes once, before the samples');
      current.type = type;
    } else {
      const sample = parseSample(line, fail);
      if (current === undefined || current.type === '')
        throw new Error(`line ${at + 1}: a sample without a TYPE`);
      const names =
        current.type === 'histogram' ? SUFFIXES.map((end) => `${current?.name}${end}`) : [current.name];
      if (!names.includes(sample.name)) fail(`not a sample of ${current.name}`);
      current.samples.push(sample);
    }
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function parseSample(line: string, fail: (problem: string) => never): ScrapedSample {
  const name = /^[^{ ]+/.exec(line)?.[0] ?? '';
  if (!NAME.test(name)) fail('not a metric name');
  let rest = line.slice(name.length);
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    while (!rest.startsWith('}')) {
      const [whole, label = '', value = ''] =
        /^([^=]+)="((?:[^"\\]|\\.)*)"/.exec(rest) ?? fail('not a label');
      if (!LABEL_NAME.test(label)) fail('not a label name');
      if (label in labels) fail('a label twice');
      labels[label] = unescaped(value, /\\(\\|n|")/g, fail);
      rest = rest.slice(whole?.length);
      if (rest.startsWith(',')) rest = rest.slice(1);
      else if (!rest.startsWith('}')) fail('no comma between labels');
    }
    rest = rest.slice(1);
  }
  const [, number = ''] =
    /^ ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/.exec(rest) ?? fail('not a value');
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}

/** Every backslash must begin an escape that is known. */
function unescaped(text: string, known: RegExp, fail: (problem: string) => never): string {
  if (text.replace(known, '').includes('\\')) fail('an escape that does not exist');
  return text.replace(known, (_whole, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function checkFamily({ name, type, samples }: ScrapedFamily): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) throw new Error(`${name}: two samples of ${key}`);
    seen.add(key);
    if (type !== 'gauge' && !(sample.value >= 0)) throw new Error(`${name}: ${sample.value} is no count`);
  }
  if (type === 'histogram') checkHistogram(name, samples);
}

function checkHistogram(name: string, samples: readonly ScrapedSample[]): void {
  const groups = new Map<string, ScrapedSample[]>();
  for (const sample of samples) {
    const { le: _le, ...others } = sample.labels;
    const key = JSON.stringify(Object.entries(others).sort());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const isAscending = (values: readonly number[], strictly: boolean) =>
      values.every(
        (value, at) => at === 0 || value > (values[at - 1] ?? 0) || (!strictly && value === values[at - 1]),
      );
    if (!isAscending(bounds, true)) throw new Error(`${name}: bounds do not ascend`);
    if (
      !isAscending(
        buckets.map(({ value }) => value),
        false,
      )
    )
      throw new Error(`${name}: counts do not add up`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: no bucket for everything`);
    const [count, ...others] = group.filter((sample) => sample.name === `${name}_count`);
    const sums = group.filter((sample) => sample.name === `${name}_sum`);
    if (count === undefined || others.length > 0 || sums.length !== 1)
      throw new Error(`${name}: one sum, one count`);
    if (count.value !== buckets.at(-1)?.value) throw new Error(`${name}: the last bucket is not the count`);
  }
}
