import type { MeasuredExample, ScoreSet } from './score-set.ts';

/** The same example on both sides. */
export interface Pair {
  readonly candidate: MeasuredExample;
  readonly baseline: MeasuredExample;
}

/** The examples of two sides by what happened to them since the baseline. */
export interface Pairing {
  /** Same id and same content. */
  readonly pairs: readonly Pair[];
  /** Same id, other content. */
  readonly edited: readonly Pair[];
  /** Only the candidate has them. */
  readonly added: readonly MeasuredExample[];
  /** Only the baseline has them. */
  readonly removed: readonly MeasuredExample[];
  /** How many examples of the baseline were looked at. */
  readonly baselineCount: number;
}

/**
 * Pairs examples by id and content hash, in the candidate's order. A run of one split is compared with the baseline's
 * scores of the examples it selected: what it did not select is not removed.
 */
export function pairExamples(candidate: ScoreSet, baseline: ScoreSet): Pairing {
  const selected = new Set(candidate.examples.map((example) => example.id));
  const accepted = baseline.examples.filter(
    (example) => candidate.split === undefined || selected.has(example.id),
  );
  const byId = new Map(accepted.map((example) => [example.id, example]));
  const pairs: Pair[] = [];
  const edited: Pair[] = [];
  const added: MeasuredExample[] = [];
  for (const example of candidate.examples) {
    const before = byId.get(example.id);
    if (before === undefined) added.push(example);
    else if (before.contentHash === example.contentHash) pairs.push({ candidate: example, baseline: before });
    else edited.push({ candidate: example, baseline: before });
  }
  const removed = accepted.filter((example) => !selected.has(example.id));
  return { pairs, edited, added, removed, baselineCount: accepted.length };
}
