import { readSync } from 'node:fs';

const LINE_FEED = 0x0a;
const CHUNK_BYTES = 1024 * 1024;

/** A line of a file with its place. */
export interface FileLine {
  /** Without the line feed. Its own memory: it may be kept. */
  readonly bytes: Buffer;
  readonly startByte: number;
}

/** The lines of an open file, in the memory of its longest one. */
export function* fileLines(file: number): Generator<FileLine> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let parts: Buffer[] = [];
  let startByte = 0;
  for (let chunkByte = 0; ; ) {
    const size = readSync(file, chunk, 0, CHUNK_BYTES, chunkByte);
    if (size === 0) break;
    let start = 0;
    for (;;) {
      const feed = chunk.subarray(0, size).indexOf(LINE_FEED, start);
      if (feed === -1) break;
      parts.push(chunk.subarray(start, feed));
      yield { bytes: Buffer.concat(parts), startByte };
      parts = [];
      start = feed + 1;
      startByte = chunkByte + start;
    }
    // The chunk is overwritten by the next one.
    if (start < size) parts.push(Buffer.from(chunk.subarray(start, size)));
    chunkByte += size;
  }
  if (parts.length > 0) yield { bytes: Buffer.concat(parts), startByte };
}
