import { UsageError } from '../../core/index.ts';
import type { Example } from '../example.ts';

/** The splits of an example; none for an example without. */
export function splitsOf(example: Example): readonly string[] {
  if (example.split === undefined) return [];
  return typeof example.split === 'string' ? [example.split] : example.split;
}

/** Every split that occurs with the number of its examples, in order of first appearance. */
export function splitNames(examples: readonly Example[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const example of examples) {
    for (const split of new Set(splitsOf(example))) counts.set(split, (counts.get(split) ?? 0) + 1);
  }
  return counts;
}

/**
 * The examples of a split in dataset order; all of them without one.
 *
 * @throws UsageError `SPLIT_UNKNOWN` for a split that no example has; the hint lists those that there are.
 */
export function selectSplit(examples: readonly Example[], split?: string): readonly Example[] {
  if (split === undefined) return examples;
  const selected = examples.filter((example) => splitsOf(example).includes(split));
  if (selected.length > 0) return selected;
  const known = [...splitNames(examples)].map(([name, count]) => `${name} (${count})`);
  throw new UsageError('SPLIT_UNKNOWN', `The dataset has no split ${JSON.stringify(split)}.`, {
    hint:
      known.length === 0
        ? 'No example has a split: leave --split out to take all of them.'
        : `Its splits: ${known.join(', ')}.`,
  });
}
