import type { RunScore, RunSummary } from './run-summary.ts';

/** How the score under one key went over past runs. */
export interface Trend {
  readonly key: string;
  readonly gated: boolean;
  readonly direction: 'higher' | 'lower';
  /** Oldest first, one for each run; null for a run without a score. */
  readonly values: readonly (number | null)[];
  /** Whether the gate failed that run by this key. */
  readonly failed: readonly boolean[];
  readonly first: number | null;
  readonly last: number | null;
}

/** The trend of every key over runs that are given oldest first: gated keys first, then in the order of the newest run. */
export function trends(runs: readonly RunSummary[]): Trend[] {
  const newestFirst = runs.toReversed();
  const newest = new Map<string, RunScore>();
  for (const score of newestFirst.flatMap(({ scores }) => scores))
    if (!newest.has(score.key)) newest.set(score.key, score);
  return [...newest.values()]
    .map(({ key, gated, direction }): Trend => {
      const own = runs.map(({ scores }) => scores.find((score) => score.key === key));
      const values = own.map((score) => score?.mean ?? null);
      const failed = own.map((score) => score?.gated === true && score.status === 'fail');
      const known = values.filter((value) => value !== null);
      return { key, gated, direction, values, failed, first: known[0] ?? null, last: known.at(-1) ?? null };
    })
    .sort((a, b) => Number(b.gated) - Number(a.gated));
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** Numbers as a line of blocks from the lowest to the highest of them; a dot where there is none. */
export function sparkText(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  return values
    .map((value) => {
      if (value === null) return '·';
      // Scores that are all the same are neither low nor high.
      const place = span === 0 ? 3 : Math.round(((value - low) / span) * (BLOCKS.length - 1));
      return BLOCKS[place] ?? '·';
    })
    .join('');
}
