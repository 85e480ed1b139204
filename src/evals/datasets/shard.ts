import { UsageError } from '../../core/index.ts';
import type { Shard } from '../experiment.ts';
import { type ExampleSource, pick } from './example-source.ts';

/** Which shard of how many. */
export type ShardRef = Pick<Shard, 'index' | 'of'>;

/** Parses `2/4`. Undefined for what is no shard. */
export function parseShard(text: string): ShardRef | undefined {
  const [, first, second] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const index = Number(first);
  const of = Number(second);
  return index >= 1 && of >= 2 && index <= of ? { index, of } : undefined;
}

/**
 * The examples of a shard: the positions `index - 1`, `index - 1 + of` and so on. By position rather than by a hash of the
 * id, so that sizes differ by one at most and neighbours, which in most datasets are of one kind, are spread; the shards
 * are gated as one, so examples that vary together need not stay together.
 *
 * @throws UsageError `SHARD_EMPTY` where there are more shards than examples.
 */
export function shardOf(examples: ExampleSource, { index, of }: ShardRef): ExampleSource {
  if (examples.size < of)
    throw new UsageError('SHARD_EMPTY', `${examples.size} examples cannot be cut into ${of} shards.`, {
      hint: `At most ${examples.size} shards leave none empty.`,
    });
  const count = Math.floor((examples.size - index) / of) + 1;
  return pick(
    examples,
    Array.from({ length: count }, (_, position) => index - 1 + position * of),
  );
}
