import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Trace } from '../../core/index.ts';

/** Version of a line of a dead-letter file. */
export const DEAD_LETTER_SCHEMA_VERSION = 1;

/** What a {@link DeadLetters} needs. */
export interface DeadLettersOptions {
  /** The folder of the files, one per exporter. Made (mode 0700) with the first letter. */
  readonly folder: string;
  /** Size of one file at most, in bytes. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** A trace that an exporter will never take, or the text of a record that holds none. */
export type DeadLetter = { readonly trace: Trace } | { readonly text: string };

/**
 * Keeps what an exporter refused for good: `<exporter>.jsonl`, one line each:
 * `{schemaVersion, timeMs, exporter, reason, trace}`, or `text` in the place of `trace` for a record that could not be read.
 */
export class DeadLetters {
  private readonly options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.options = options;
  }

  /** False when the file is full. @throws system errors. */
  add(exporter: string, reason: string, letter: DeadLetter): boolean {
    const { folder, maxBytes, clock } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, fileName(exporter));
    const line = Buffer.from(
      `${JSON.stringify({
        schemaVersion: DEAD_LETTER_SCHEMA_VERSION,
        timeMs: clock.now(),
        exporter,
        reason,
        ...letter,
      })}\n`,
    );
    const descriptor = openSync(path, 'a', 0o600);
    try {
      const { size } = fstatSync(descriptor);
      if (size === 0) chmodSync(path, 0o600);
      if (size + line.length > maxBytes) return false;
      // One write: two processes that share the file do not mix their lines.
      writeSync(descriptor, line);
      return true;
    } finally {
      closeSync(descriptor);
    }
  }
}

/** The name comes from an exporter: it must not lead out of the folder. */
function fileName(exporter: string): string {
  return `${exporter.replace(/[^\w-]/g, '_')}.jsonl`;
}
