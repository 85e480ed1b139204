import type { ScoredCall } from '../experiment.ts';
import type { PayloadView } from './payload.ts';

/** What a report shows of an example beside its scores. */
export interface ExampleEvidence {
  /** What was asked; absent where the example is not in the dataset as it was run. */
  readonly inputs?: PayloadView;
  /** The reference; absent where there is none. */
  readonly reference?: PayloadView;
  /** What was answered, by repeat. */
  readonly answers: ReadonlyMap<number, PayloadView>;
  /** Line of the dataset on which it begins, from 1. */
  readonly line?: number;
}

/** Evidence by example id. An example without evidence is shown with its scores alone. */
export type Evidence = ReadonlyMap<string, ExampleEvidence>;

/** Rows of a page: more cannot be read, and a browser opens them in no time. */
export const MAX_PAGE_EXAMPLES = 5_000;

/** Answers shown of one example: the worst ones. The others are in the journal of the run. */
export const MAX_ANSWERS = 3;

/** Characters of all payloads on a page. */
const MAX_PAGE_CHARS = 24_000_000;

/** Characters of the payloads of one example, for a page of that many. */
export function charsPerExample(examples: number): number {
  return Math.min(24_000, Math.max(3_000, Math.floor(MAX_PAGE_CHARS / Math.max(1, examples))));
}

/**
 * The calls of one example, worst first: failed agents, then by the mean of what is known of the gated scores, then those
 * that were not measured. Bounded scores count as their place in their range; others say nothing here.
 */
export function worstFirst(
  calls: readonly ScoredCall[],
  keys: readonly {
    readonly key: string;
    readonly direction: 'higher' | 'lower';
    readonly range: readonly [number | null, number | null];
  }[],
): ScoredCall[] {
  const goodness = (call: ScoredCall): number => {
    if (call.status === 'agent_failed') return -1;
    if (call.status === 'not_measured') return 2;
    let sum = 0;
    let count = 0;
    for (const { key, direction, range } of keys) {
      const score = Object.hasOwn(call.scores, key) ? call.scores[key] : undefined;
      const [min, max] = range;
      if (score?.status !== 'scored' || min === null || max === null || max <= min) continue;
      const place = (score.score - min) / (max - min);
      sum += direction === 'higher' ? place : 1 - place;
      count += 1;
    }
    return count === 0 ? 1 : sum / count;
  };
  return calls
    .map((call) => ({ call, goodness: goodness(call) }))
    .sort((a, b) => a.goodness - b.goodness || a.call.repeat - b.call.repeat)
    .map(({ call }) => call);
}
