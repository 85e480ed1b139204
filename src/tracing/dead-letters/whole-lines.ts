import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

const LINE_FEED = 0x0a;

/**
 * Adds whole lines to a file that is open for reading and appending. A last line that a full disk has cut short does not
 * swallow the first of them. One write, unless the disk is full: two processes that share the file do not mix their lines.
 *
 * @throws system errors.
 */
export function addLines(descriptor: number, lines: Buffer): void {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1, LINE_FEED);
  if (size > 0) readSync(descriptor, last, 0, 1, size - 1);
  const bytes = last[0] === LINE_FEED ? lines : Buffer.concat([Buffer.of(LINE_FEED), lines]);
  // After a part the next write says what is wrong.
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** {@link addLines} to the file of a path, which is made when missing; on the disk when it returns. @throws like it. */
export function addLinesSafely(path: string, lines: Buffer): void {
  const descriptor = openSync(path, 'a+', 0o600);
  try {
    addLines(descriptor, lines);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
