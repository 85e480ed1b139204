import type { Score } from '../experiment.ts';
import { shareTexts } from './shared-texts.ts';

const STATUSES = ['absent', 'scored', 'not_applicable', 'not_measured'] as const;
type Status = (typeof STATUSES)[number];

/** Keys that get a column. An evaluator that makes up a key for each example must not cost a column for each. */
const MAX_COLUMNS = 64;
const FIRST_CAPACITY = 64;

interface Column {
  readonly key: string;
  statuses: Uint8Array;
  scores: Float64Array;
  /** What was said about the scores; made when something is. */
  texts: (string | undefined)[] | undefined;
}

/** A score of a row: `score` where it is scored, `text` where something was said about it. */
export type RowVisitor = (
  key: string,
  status: Exclude<Status, 'absent'>,
  score: number,
  text?: string,
) => void;

/** Scores by row and key, in columns of numbers: 9 bytes a score, and each text that rows have in common once. */
export class ScoreColumns {
  readonly #share: (text: string) => string;
  readonly #columns: Column[] = [];
  readonly #byKey = new Map<string, Column>();
  /** Rows with keys that have no column. */
  readonly #others = new Map<number, Map<string, Score>>();
  #capacity = FIRST_CAPACITY;

  constructor(share = shareTexts()) {
    this.#share = share;
  }

  /** Writes the scores of a row. It must not have been written before. */
  write(row: number, scores: Readonly<Record<string, Score>>): void {
    for (const [key, score] of Object.entries(scores)) this.writeScore(row, key, score);
  }

  /** Writes one score of a row. */
  writeScore(row: number, key: string, score: Score): void {
    while (row >= this.#capacity) this.#grow();
    const column = this.#byKey.get(key) ?? this.#addColumn(key);
    if (column === undefined) this.#writeOther(row, key, score);
    else this.#writeColumn(column, row, score);
  }

  /** Shows the scores of a row, in the order in which their keys were first written. */
  visit(row: number, visitor: RowVisitor): void {
    for (const { key, statuses, scores, texts } of this.#columns) {
      const status = STATUSES[statuses[row] ?? 0];
      if (status !== undefined && status !== 'absent') visitor(key, status, scores[row] ?? 0, texts?.[row]);
    }
    for (const [key, score] of this.#others.get(row) ?? [])
      visitor(key, score.status, score.status === 'scored' ? score.score : 0, textOf(score));
  }

  /** The scores of a row. */
  read(row: number): Record<string, Score> {
    const scores: Record<string, Score> = {};
    this.visit(row, (key, status, score, text) => {
      const value = toScore(status, score, text);
      // A name like any other here.
      if (key === '__proto__') Object.defineProperty(scores, key, { value, ...PLAIN });
      else scores[key] = value;
    });
    return scores;
  }

  #writeColumn(column: Column, row: number, score: Score): void {
    column.statuses[row] = STATUSES.indexOf(score.status);
    if (score.status === 'scored') column.scores[row] = score.score;
    const text = textOf(score);
    if (text === undefined) return;
    column.texts ??= [];
    while (column.texts.length < row) column.texts.push(undefined);
    column.texts[row] = this.#share(text);
  }

  #writeOther(row: number, key: string, score: Score): void {
    const others = this.#others.get(row) ?? new Map<string, Score>();
    this.#others.set(row, others.set(key, score));
  }

  #addColumn(key: string): Column | undefined {
    if (this.#columns.length >= MAX_COLUMNS) return undefined;
    const column = {
      key,
      statuses: new Uint8Array(this.#capacity),
      scores: new Float64Array(this.#capacity),
      texts: undefined,
    };
    this.#columns.push(column);
    this.#byKey.set(key, column);
    return column;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const column of this.#columns) {
      column.statuses = grown(column.statuses, new Uint8Array(this.#capacity));
      column.scores = grown(column.scores, new Float64Array(this.#capacity));
    }
  }
}

const PLAIN = { enumerable: true, configurable: true, writable: true } as const;

function grown<Values extends Uint8Array | Float64Array>(from: Values, into: Values): Values {
  into.set(from);
  return into;
}

function textOf(score: Score): string | undefined {
  return score.status === 'not_measured' ? score.reason : score.comment;
}

function toScore(status: Exclude<Status, 'absent'>, score: number, text: string | undefined): Score {
  if (status === 'not_measured') return { status, reason: text ?? '' };
  const said = text === undefined ? {} : { comment: text };
  return status === 'scored' ? { status, score, ...said } : { status, ...said };
}
