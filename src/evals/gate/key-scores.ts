import type { ExampleScore, Interval } from './bounds.ts';
import { measurementOf, type ScoreSet } from './score-set.ts';

/** The scores of one key on one side, by the places of its examples, in columns of numbers. */
export class KeyScores {
  readonly #unknown: Interval;
  /** Where the runs of each example begin; one more at the end. */
  readonly #starts: Uint32Array;
  /** What was measured, in the order of examples and their repeats. */
  #runs: Float64Array;
  readonly #missing: Uint32Array;
  readonly #calls: Uint32Array;
  readonly #applied: Uint8Array;

  constructor(
    { examples }: ScoreSet,
    key: { readonly key: string; readonly worst: number | null; readonly unknown: Interval },
  ) {
    const { length } = examples;
    this.#unknown = key.unknown;
    this.#starts = new Uint32Array(length + 1);
    this.#runs = new Float64Array(length);
    this.#missing = new Uint32Array(length);
    this.#calls = new Uint32Array(length);
    this.#applied = new Uint8Array(length);
    let place = 0;
    let count = 0;
    for (const { calls } of examples) {
      let missing = 0;
      for (const call of calls) {
        const measurement = measurementOf(call, key);
        if (measurement === null) continue;
        if (call.status === 'answered') this.#applied[place] = 1;
        if (measurement === 'not_measured') missing += 1;
        else {
          if (count === this.#runs.length) this.#grow();
          this.#runs[count] = measurement;
          count += 1;
        }
      }
      this.#missing[place] = missing;
      this.#calls[place] = calls.length;
      place += 1;
      this.#starts[place] = count;
    }
  }

  get length(): number {
    return this.#calls.length;
  }

  /**
   * The score of one example: the mean over the repeats to which the evaluator applies, with every repeat that was not
   * measured once at the lowest and once at the highest possible score. Undefined when it applies to no repeat.
   */
  exampleAt(place: number): ExampleScore | undefined {
    const missing = this.#missing[place] ?? 0;
    const start = this.#starts[place] ?? 0;
    const end = this.#starts[place + 1] ?? 0;
    const repeats = end - start;
    if (repeats + missing === 0) return undefined;
    let sum = 0;
    for (let run = start; run < end; run += 1) sum += this.#runs[run] ?? 0;
    const at = (value: number) =>
      missing === 0 ? sum / repeats : (sum + missing * value) / (repeats + missing);
    return {
      low: at(this.#unknown.low),
      high: at(this.#unknown.high),
      measured: repeats === 0 ? null : sum / repeats,
      repeats,
      missing,
    };
  }

  /** Whether {@link exampleAt} has a score. */
  hasExampleAt(place: number): boolean {
    return (this.#missing[place] ?? 0) > 0 || this.#countAt(place) > 0;
  }

  /** Whether any repeat of an example was measured. */
  isMeasuredAt(place: number): boolean {
    return this.#countAt(place) > 0;
  }

  /** The mean over the repeats that were measured; null when none was. */
  meanAt(place: number): number | null {
    return this.exampleAt(place)?.measured ?? null;
  }

  /** The scores of an example that were measured, in the order of its repeats. */
  runsAt(place: number): number[] {
    const runs: number[] = [];
    const end = this.#starts[place + 1] ?? 0;
    for (let run = this.#starts[place] ?? end; run < end; run += 1) runs.push(this.#runs[run] ?? 0);
    return runs;
  }

  /** Whether the evaluator applied to an answer: the score that a failed agent was given says nothing about that. */
  appliedAt(place: number): boolean {
    return this.#applied[place] === 1;
  }

  /** Repeats of an example, whatever became of them. */
  callsAt(place: number): number {
    return this.#calls[place] ?? 0;
  }

  #countAt(place: number): number {
    return (this.#starts[place + 1] ?? 0) - (this.#starts[place] ?? 0);
  }

  #grow(): void {
    const runs = new Float64Array(this.#runs.length * 2);
    runs.set(this.#runs);
    this.#runs = runs;
  }
}
