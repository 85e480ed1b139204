import { type Sequence, sequenceOf } from '../../core/index.ts';
import { CallColumns } from '../columns/index.ts';
import type { Call, ScoredCall } from '../experiment.ts';
import type { Round } from './round.ts';

/** One round while it is run: which of its calls are there, and which one is next. */
export class RoundWork {
  readonly round: Round;
  readonly #calls = new CallColumns();
  #outstanding: number;
  #next = 0;

  constructor(round: Round) {
    this.round = round;
    this.#outstanding = round.size;
  }

  /** Calls that are not there yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Whether the call of a place is there. */
  has(place: number): boolean {
    return this.#calls.statusAt(place) !== undefined;
  }

  /** Keeps the call of a place that had none, by the strings of its example. Returns what is kept of it. */
  finish(place: number, call: Call | ScoredCall, same: Pick<Call, 'exampleId' | 'contentHash'>): ScoredCall {
    this.#calls.write(place, call, same);
    this.#outstanding -= 1;
    return this.at(place);
  }

  /** The next place that nobody has taken and that has no call; undefined when there is none. */
  take(): number | undefined {
    while (this.#next < this.round.size && this.has(this.#next)) this.#next += 1;
    if (this.#next >= this.round.size) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }

  /** Whether no call of the round was measured. */
  isUnmeasured(): boolean {
    for (let place = 0; place < this.round.size; place += 1)
      if (this.#calls.statusAt(place) !== 'not_measured') return false;
    return true;
  }

  /** The call of a place that has one. */
  at(place: number): ScoredCall {
    const call = this.#calls.at(place);
    if (call === undefined) throw new RangeError(`There is no call at ${place} of ${this.round.size}.`);
    return call;
  }
}

/**
 * The calls of whole rounds, the repeats of an example together: `repeats` of the first round, then one of each extra round.
 */
export function pooledCalls(
  rounds: readonly RoundWork[],
  { examples, repeats }: { readonly examples: number; readonly repeats: number },
): Sequence<ScoredCall> {
  const [first, ...extra] = rounds;
  const perExample = repeats + extra.length;
  if (first === undefined) return [];
  return sequenceOf(examples * perExample, (index) => {
    const example = Math.floor(index / perExample);
    const repeat = index % perExample;
    const later = extra[repeat - repeats];
    return later === undefined ? first.at(example * repeats + repeat) : later.at(example);
  });
}
