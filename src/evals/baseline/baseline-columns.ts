import type { Sequence } from '../../core/index.ts';
import { ScoreColumns } from '../columns/index.ts';
import type { Score } from '../experiment.ts';
import type { Measurement } from '../gate/index.ts';
import type { BaselineCall, BaselineExample } from './baseline.ts';

/** What stands in a file on the line of an example. */
export interface ExampleEntry {
  readonly id: string;
  readonly contentHash: string;
  readonly critical?: true | undefined;
  /** How many. */
  readonly runs: number;
  /** Runs in which the agent failed, from 0. */
  readonly failed?: readonly number[] | undefined;
  /** By score key: one measurement a run. */
  readonly scores: Readonly<Record<string, readonly Measurement[]>>;
}

/** The examples of a baseline in columns of numbers, made into objects when they are asked for. */
export class BaselineColumns implements Sequence<BaselineExample> {
  readonly #ids: string[] = [];
  readonly #contentHashes: string[] = [];
  readonly #critical = new Set<number>();
  /** Where the runs of each example begin; one more at the end. */
  readonly #starts: number[] = [0];
  readonly #failed = new Set<number>();
  readonly #scores = new ScoreColumns();

  get length(): number {
    return this.#ids.length;
  }

  /** Adds an example after the last one. */
  push({ id, contentHash, critical, runs, failed = [], scores }: ExampleEntry): void {
    const start = this.#starts.at(-1) ?? 0;
    if (critical === true) this.#critical.add(this.length);
    this.#ids.push(id);
    this.#contentHashes.push(contentHash);
    this.#starts.push(start + runs);
    for (const run of failed) this.#failed.add(start + run);
    for (const [key, values] of Object.entries(scores)) this.#write(start, key, values);
  }

  /** Adds the measurements of one more key to an example, one a run. */
  addScores(index: number, key: string, values: readonly Measurement[]): void {
    this.#write(this.#starts[index] ?? 0, key, values);
  }

  /** Runs of an example. */
  runsAt(index: number): number {
    return (this.#starts[index + 1] ?? 0) - (this.#starts[index] ?? 0);
  }

  at(index: number): BaselineExample | undefined {
    const place = index < 0 ? this.length + index : index;
    const [id, contentHash] = [this.#ids[place], this.#contentHashes[place]];
    if (id === undefined || contentHash === undefined) return undefined;
    const start = this.#starts[place] ?? 0;
    const calls = Array.from({ length: this.runsAt(place) }, (_, run) => this.#callAt(start + run));
    return { id, contentHash, ...(this.#critical.has(place) ? { critical: true } : {}), calls };
  }

  *[Symbol.iterator](): Generator<BaselineExample> {
    for (let index = 0; index < this.length; index += 1) {
      const example = this.at(index);
      if (example !== undefined) yield example;
    }
  }

  #callAt(row: number): BaselineCall {
    const scores: Record<string, Measurement> = {};
    this.#scores.visit(row, (key, status, score) => {
      const value = status === 'scored' ? score : status === 'not_applicable' ? null : status;
      // A name like any other here.
      if (key === '__proto__') Object.defineProperty(scores, key, { value, ...PLAIN });
      else scores[key] = value;
    });
    return { status: this.#failed.has(row) ? 'agent_failed' : 'answered', scores };
  }

  #write(start: number, key: string, values: readonly Measurement[]): void {
    for (const [run, value] of values.entries()) this.#scores.writeScore(start + run, key, toScore(value));
  }
}

function toScore(value: Measurement): Score {
  if (value === null) return { status: 'not_applicable' };
  return value === 'not_measured' ? { status: value, reason: '' } : { status: 'scored', score: value };
}

const PLAIN = { enumerable: true, configurable: true, writable: true } as const;
