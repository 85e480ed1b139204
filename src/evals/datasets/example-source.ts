import type { Example } from '../example.ts';
import { contentHash } from './content-hash.ts';

/** Examples by their position, of which only the small facts need to be in memory. */
export interface ExampleSource {
  readonly size: number;
  readonly idAt: (index: number) => string;
  /** As `contentHash` gives it. */
  readonly contentHashAt: (index: number) => string;
  /**
   * The whole example.
   *
   * @throws UsageError `DATASET_CHANGED` when it is read from a file that is no longer what it was.
   */
  readonly exampleAt: (index: number) => Example;
}

/** Examples that are in memory. */
export function inMemory(examples: readonly Example[]): ExampleSource {
  const hashes = examples.map(contentHash);
  return {
    size: examples.length,
    idAt: (index) => at(examples, index).id,
    contentHashAt: (index) => at(hashes, index),
    exampleAt: (index) => at(examples, index),
  };
}

/** Some examples of another source, by their positions in it. */
export function pick(source: ExampleSource, positions: readonly number[]): ExampleSource {
  return {
    size: positions.length,
    idAt: (index) => source.idAt(at(positions, index)),
    contentHashAt: (index) => source.contentHashAt(at(positions, index)),
    exampleAt: (index) => source.exampleAt(at(positions, index)),
  };
}

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new RangeError(`There is no example ${index} of ${values.length}.`);
  return value;
}
