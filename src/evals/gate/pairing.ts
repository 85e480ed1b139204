import type { MeasuredExample, ScoreSet } from './score-set.ts';

/** What {@link pairExamples} keeps of an example, by which a side finds it again. */
export interface ExampleRef extends Pick<MeasuredExample, 'id' | 'critical'> {
  /** Its place in the examples of its side. */
  readonly place: number;
}

/** The same example on both sides. */
export interface RefPair {
  readonly candidate: ExampleRef;
  readonly baseline: ExampleRef;
}

/** Places of the same examples on both sides, by the same index. */
export interface PairedPlaces {
  readonly candidate: Uint32Array;
  readonly baseline: Uint32Array;
}

/** The examples of two sides by what happened to them since the baseline. */
export interface Pairing {
  /** Same id and same content. */
  readonly pairs: PairedPlaces;
  /** Those of them that are not critical. */
  readonly inMeans: PairedPlaces;
  /** Same id, other content. */
  readonly edited: readonly RefPair[];
  /** Only the candidate has them. */
  readonly added: readonly ExampleRef[];
  /** Only the baseline has them. */
  readonly removed: readonly ExampleRef[];
  /** How many examples of the baseline were looked at. */
  readonly baselineCount: number;
}

/**
 * Pairs examples by id and content hash, in the candidate's order. A run of one split is compared with the baseline's
 * scores of the examples it selected: what it did not select is not removed.
 */
export function pairExamples(candidate: ScoreSet, baseline: ScoreSet): Pairing {
  const accepted = new Map<string, number>();
  let place = 0;
  for (const { id } of baseline.examples) {
    accepted.set(id, place);
    place += 1;
  }
  const isSelected = new Uint8Array(baseline.examples.length);
  const pairs = new PairList(candidate.examples.length);
  const inMeans = new PairList(candidate.examples.length);
  const edited: RefPair[] = [];
  const added: ExampleRef[] = [];
  place = 0;
  for (const example of candidate.examples) {
    const own = refOf(example, place);
    const before = accepted.get(example.id);
    const was = before === undefined ? undefined : baseline.examples.at(before);
    if (before === undefined || was === undefined) added.push(own);
    else {
      isSelected[before] = 1;
      if (was.contentHash !== example.contentHash)
        edited.push({ candidate: own, baseline: refOf(was, before) });
      else {
        pairs.push(place, before);
        if (!example.critical) inMeans.push(place, before);
      }
    }
    place += 1;
  }
  const removed: ExampleRef[] = [];
  let baselineCount = 0;
  place = 0;
  for (const example of baseline.examples) {
    const wasSelected = isSelected[place] === 1;
    if (wasSelected || candidate.split === undefined) baselineCount += 1;
    if (!wasSelected && candidate.split === undefined) removed.push(refOf(example, place));
    place += 1;
  }
  return { pairs: pairs.done(), inMeans: inMeans.done(), edited, added, removed, baselineCount };
}

function refOf({ id, critical }: MeasuredExample, place: number): ExampleRef {
  return { id, critical, place };
}

class PairList {
  readonly #candidate: Uint32Array;
  readonly #baseline: Uint32Array;
  #length = 0;

  constructor(most: number) {
    this.#candidate = new Uint32Array(most);
    this.#baseline = new Uint32Array(most);
  }

  push(candidate: number, baseline: number): void {
    this.#candidate[this.#length] = candidate;
    this.#baseline[this.#length] = baseline;
    this.#length += 1;
  }

  done(): PairedPlaces {
    return {
      candidate: this.#candidate.subarray(0, this.#length),
      baseline: this.#baseline.subarray(0, this.#length),
    };
  }
}
