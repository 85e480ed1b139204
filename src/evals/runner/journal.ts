import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, hasErrorCode, NoVerdictError, stableStringify, UsageError } from '../../core/index.ts';
import { CallColumns } from '../columns/index.ts';
import {
  type Call,
  callSchema,
  EXPERIMENT_SCHEMA_VERSION,
  type ExperimentHead,
  experimentHeadSchema,
  type ScoredCall,
} from '../experiment.ts';
import { type JournalLine, journalLines } from './journal-lines.ts';

/** Name of the journal in a run folder. The first line is the head, each other one a finished call. */
export const JOURNAL_FILE = 'journal.jsonl';

/** The calls of earlier sessions, of several for a {@link callKey} the last. */
export class EarlierCalls {
  readonly #calls = new CallColumns();
  readonly #rows = new Map<string, number>();

  add(call: Call): void {
    this.#rows.set(callKey(call), this.#calls.length);
    this.#calls.push(call);
  }

  get(key: string): ScoredCall | undefined {
    const row = this.#rows.get(key);
    return row === undefined ? undefined : this.#calls.at(row);
  }
}

/** An open journal. */
export interface Journal {
  /** The head of the run: the one in the file where there was one. */
  readonly head: ExperimentHead;
  readonly earlier: EarlierCalls;
  /** Those of them that were answered and have a score which was not measured, with what was answered. */
  readonly unscored: ReadonlyMap<string, Call>;
  /** Appends one line, in one system call where the disk allows. */
  append(call: Call): void;
  /** Idempotent. */
  close(): void;
}

/** What makes two calls the same: the example, its content and the repeat. */
export function callKey(call: Pick<Call, 'exampleId' | 'contentHash' | 'repeat'>): string {
  return `${call.contentHash} ${call.repeat} ${call.exampleId}`;
}

/** What makes two runs the same thing to measure, as text. */
export function runIdentity(head: ExperimentHead): string {
  const { suite, datasetFingerprint, split, target, repeats, timeoutMs, evaluators, commit, shard } = head;
  const { cached, cassettes } = head;
  return stableStringify({
    suite,
    datasetFingerprint,
    split,
    target,
    repeats,
    timeoutMs,
    evaluators,
    commit,
    shard,
    cached,
    cassettes,
  });
}

/**
 * Opens the journal of a run folder to append to it, made when missing. A last line that was torn off is cut away.
 *
 * @throws UsageError `JOURNAL_DAMAGED` naming the line for any other line that cannot be read, `JOURNAL_MISMATCH` when it
 * is the journal of something else; NoVerdictError `JOURNAL_UNWRITABLE` when the disk refuses.
 */
export async function openJournal(folder: string, head: ExperimentHead): Promise<Journal> {
  const path = join(folder, JOURNAL_FILE);
  const { head: found, calls, unscored, validBytes } = await readJournal(path);
  if (found !== undefined && runIdentity(found) !== runIdentity(head)) {
    throw new UsageError('JOURNAL_MISMATCH', `${path} is the journal of another suite, dataset or setting.`, {
      hint: 'Start a fresh run.',
    });
  }
  const file = orUnwritable(path, () => {
    if (validBytes !== undefined) truncateSync(path, validBytes);
    return openSync(path, 'a', 0o600);
  });
  const write = (record: unknown) => orUnwritable(path, () => writeAll(file, `${JSON.stringify(record)}\n`));
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  try {
    if (found === undefined) write(head);
  } catch (error) {
    close();
    throw error;
  }
  return { head: found ?? head, earlier: calls, unscored, append: write, close };
}

interface ReadJournal {
  readonly head: ExperimentHead | undefined;
  readonly calls: EarlierCalls;
  readonly unscored: ReadonlyMap<string, Call>;
  /** Where the last whole line ends; undefined when there is no file. */
  readonly validBytes: number | undefined;
}

async function readJournal(path: string): Promise<ReadJournal> {
  let head: ExperimentHead | undefined;
  let validBytes: number | undefined;
  const calls = new EarlierCalls();
  const unscored = new Map<string, Call>();
  try {
    let broken: { readonly line: JournalLine; readonly why: string } | undefined;
    for await (const line of journalLines(path)) {
      if (broken !== undefined) throw damaged(path, broken.line, broken.why);
      if (line.endByte === undefined) break;
      try {
        if (line.number === 1) head = parseHead(line.text);
        else {
          const call = callSchema.parse(JSON.parse(line.text));
          calls.add(call);
          if (isUnscored(call)) unscored.set(callKey(call), call);
          else unscored.delete(callKey(call));
        }
        validBytes = line.endByte;
      } catch (error) {
        broken = { line, why: whatIsWrong(error) };
      }
    }
    return { head, calls, unscored, validBytes: validBytes ?? 0 };
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return { head: undefined, calls, unscored, validBytes: undefined };
    throw error;
  }
}

function isUnscored({ status, scores }: Call): boolean {
  return status === 'answered' && Object.values(scores).some((score) => score.status === 'not_measured');
}

/**
 * The head of the journal in a run folder; undefined when there is no journal or its first line was torn off.
 *
 * @throws UsageError `JOURNAL_DAMAGED` when the first line is no head.
 */
export async function readJournalHead(folder: string): Promise<ExperimentHead | undefined> {
  const path = join(folder, JOURNAL_FILE);
  try {
    for await (const line of journalLines(path)) {
      if (line.endByte === undefined) return undefined;
      try {
        return parseHead(line.text);
      } catch (error) {
        throw damaged(path, line, whatIsWrong(error));
      }
    }
    return undefined;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseHead(text: string): ExperimentHead {
  const value: unknown = JSON.parse(text);
  const version =
    typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : 0;
  if (typeof version === 'number' && version > EXPERIMENT_SCHEMA_VERSION) {
    throw new RangeError(`it was written by a newer version (format ${version})`);
  }
  return experimentHeadSchema.parse(value);
}

function whatIsWrong(error: unknown): string {
  if (error instanceof RangeError || error instanceof SyntaxError) return errorMessage(error);
  if (typeof error === 'object' && error !== null && 'issues' in error && Array.isArray(error.issues)) {
    const [issue] = error.issues as { path?: readonly PropertyKey[]; message?: string }[];
    return `${issue?.path?.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
  }
  throw error;
}

function damaged(path: string, line: JournalLine, why: string): UsageError {
  return new UsageError(
    'JOURNAL_DAMAGED',
    `${path}:${line.number}: cannot be read: ${why.replace(/\.$/, '')}.`,
    {
      hint: 'Start a fresh run; the folder may be deleted.',
    },
  );
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written);
  }
}

function orUnwritable<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new NoVerdictError('JOURNAL_UNWRITABLE', `Cannot write ${path}: ${errorMessage(error)}.`, {
      hint: 'Make room, or set SLUICE_HOME to a folder that can be written; the run continues where it stopped.',
      cause: error,
    });
  }
}
