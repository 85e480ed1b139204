import type { Sequence } from '../../core/index.ts';
import { CALL_STATUSES, type Call, type CallUsage, type ScoredCall } from '../experiment.ts';
import { ScoreColumns } from './score-columns.ts';
import { shareTexts } from './shared-texts.ts';

/** Everything of a call that is a number, in the order of its fields in a row. */
const NUMBERS = ['repeat', 'startTimeMs', 'latencyMs', 'attempts'] as const;
const WIDTH = NUMBERS.length;
const FIRST_CAPACITY = 64;

/** Bits of the flags of a row. The lowest two are the status, from 1; 0 is a row that was not written. */
const STATUS = 0b11;
const CRITICAL = 0b100;
const CACHED = 0b1000;

/**
 * Calls in columns of numbers, made into objects when they are asked for. 100,000 calls with three scores take about a
 * quarter of what they take as objects, and hardly any of it has to be gone through by the garbage collector.
 */
export class CallColumns implements Sequence<ScoredCall> {
  readonly #share = shareTexts();
  readonly #scores = new ScoreColumns(this.#share);
  readonly #exampleIds: string[] = [];
  readonly #contentHashes: string[] = [];
  /** Each made when a call has one. */
  #runIds: (string | undefined)[] | undefined;
  #clusters: (string | undefined)[] | undefined;
  readonly #errors = new Map<number, string>();
  #usages: (CallUsage | undefined)[] | undefined;
  #flags = new Uint8Array(FIRST_CAPACITY);
  #numbers = new Float64Array(FIRST_CAPACITY * WIDTH);

  /** Rows up to the last one that was written. */
  get length(): number {
    return this.#exampleIds.length;
  }

  /** Adds a call after the last one, without what was answered. */
  push(call: Call | ScoredCall): void {
    this.write(this.length, call, call);
  }

  /**
   * Writes a call into a row that has none. What was answered is left out; `same` has the strings to keep for its example,
   * which are in memory already.
   */
  write(row: number, call: Call | ScoredCall, same: Pick<Call, 'exampleId' | 'contentHash'>): void {
    while (row >= this.#flags.length) this.#grow();
    // Filled up rather than with holes, which would make a dictionary of it.
    while (this.#exampleIds.length <= row) {
      this.#exampleIds.push('');
      this.#contentHashes.push('');
    }
    this.#exampleIds[row] = same.exampleId;
    this.#contentHashes[row] = same.contentHash;
    this.#flags[row] =
      (CALL_STATUSES.indexOf(call.status) + 1) |
      (call.critical ? CRITICAL : 0) |
      (call.cached === true ? CACHED : 0);
    for (let field = 0; field < WIDTH; field += 1)
      this.#numbers[row * WIDTH + field] = call[NUMBERS[field] ?? 'repeat'];
    if (call.runId !== undefined) this.#runIds = put(this.#runIds, row, this.#share(call.runId));
    if (call.cluster !== undefined) this.#clusters = put(this.#clusters, row, this.#share(call.cluster));
    if (call.usage !== undefined) this.#usages = put(this.#usages, row, call.usage);
    if (call.error !== undefined) this.#errors.set(row, this.#share(call.error));
    this.#scores.write(row, call.scores);
  }

  /** How the call of a row ended; undefined for a row that was not written. */
  statusAt(row: number): ScoredCall['status'] | undefined {
    return CALL_STATUSES[((this.#flags[row] ?? 0) & STATUS) - 1];
  }

  at(index: number): ScoredCall | undefined {
    const row = index < 0 ? this.length + index : index;
    const status = this.statusAt(row);
    if (status === undefined) return undefined;
    const flags = this.#flags[row] ?? 0;
    const number = (name: (typeof NUMBERS)[number]) =>
      this.#numbers[row * WIDTH + NUMBERS.indexOf(name)] ?? 0;
    const error = this.#errors.get(row);
    const runId = this.#runIds?.[row];
    const cluster = this.#clusters?.[row];
    const usage = this.#usages?.[row];
    return {
      exampleId: this.#exampleIds[row] ?? '',
      contentHash: this.#contentHashes[row] ?? '',
      repeat: number('repeat'),
      critical: (flags & CRITICAL) !== 0,
      ...(cluster === undefined ? {} : { cluster }),
      ...(runId === undefined ? {} : { runId }),
      startTimeMs: number('startTimeMs'),
      latencyMs: number('latencyMs'),
      attempts: number('attempts'),
      ...(usage === undefined ? {} : { usage }),
      ...((flags & CACHED) === 0 ? {} : { cached: true as const }),
      status,
      ...(error === undefined ? {} : { error }),
      scores: this.#scores.read(row),
    };
  }

  /** The calls of the rows that were written. */
  *[Symbol.iterator](): Generator<ScoredCall> {
    for (let row = 0; row < this.length; row += 1) {
      const call = this.at(row);
      if (call !== undefined) yield call;
    }
  }

  #grow(): void {
    const flags = new Uint8Array(this.#flags.length * 2);
    flags.set(this.#flags);
    this.#flags = flags;
    const numbers = new Float64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}

function put<Value>(
  column: (Value | undefined)[] | undefined,
  row: number,
  value: Value,
): (Value | undefined)[] {
  const values = column ?? [];
  while (values.length < row) values.push(undefined);
  values[row] = value;
  return values;
}
