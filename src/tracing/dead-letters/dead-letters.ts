import { type BigIntStats, chmodSync, closeSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, hasErrorCode } from '../../core/index.ts';
import { type DeadLetter, letterLine } from './letter.ts';
import { letterFileName } from './letter-folder.ts';
import { addLines } from './whole-lines.ts';

/** What a {@link DeadLetters} needs. */
export interface DeadLettersOptions {
  /** The folder of the files, one per exporter. Made (mode 0700) with the first letter. */
  readonly folder: string;
  /** Size of one file at most, in bytes. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** Keeps what an exporter refused for good, in `<exporter>.jsonl`, one letter in each line, until it is sent again. */
export class DeadLetters {
  private readonly options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.options = options;
  }

  /** False when the file is full. @throws system errors. */
  add(exporter: string, reason: string, letter: DeadLetter): boolean {
    const { folder } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, letterFileName(exporter));
    for (;;) {
      const end = this.append(path, exporter, reason, letter);
      if (end !== 'taken') return end === 'added';
    }
  }

  private append(
    path: string,
    exporter: string,
    reason: string,
    letter: DeadLetter,
  ): 'added' | 'full' | 'taken' {
    const { maxBytes, clock } = this.options;
    const descriptor = openSync(path, 'a+', 0o600);
    try {
      const file = fstatSync(descriptor, { bigint: true });
      if (file.size === 0n) chmodSync(path, 0o600);
      const line = letterLine({ timeMs: clock.now(), exporter, reason }, letter);
      if (Number(file.size) + line.length > maxBytes) return 'full';
      addLines(descriptor, line);
      // Who sends letters again may have taken the file away since it was opened, and have read it by now.
      return isStillAt(path, file) ? 'added' : 'taken';
    } finally {
      closeSync(descriptor);
    }
  }
}

/** The number of a file is not given away while somebody has it open. */
function isStillAt(path: string, { dev, ino }: BigIntStats): boolean {
  try {
    const now = statSync(path, { bigint: true });
    return now.ino === ino && now.dev === dev;
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}
