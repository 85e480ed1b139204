import { fileChunks } from '../file-chunks.ts';

const LINE_FEED = 0x0a;

/** One line of a file with where it ends. */
export interface JournalLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Byte after its line feed; undefined for a last line without one, which was torn off while it was written. */
  readonly endByte: number | undefined;
}

/**
 * The lines of a file, in constant memory. Only a line feed ends a line: the separators U+2028 and U+2029, which Node's
 * readline splits at too, stand unescaped in JSON.
 */
export async function* journalLines(path: string): AsyncGenerator<JournalLine> {
  let parts: Buffer[] = [];
  let number = 1;
  let byte = 0;
  for await (const chunk of fileChunks(path)) {
    let start = 0;
    for (;;) {
      const feed = chunk.indexOf(LINE_FEED, start);
      if (feed === -1) break;
      parts.push(chunk.subarray(start, feed));
      yield { number, text: Buffer.concat(parts).toString('utf8'), endByte: byte + feed + 1 };
      parts = [];
      number += 1;
      start = feed + 1;
    }
    // The chunk is overwritten by the next one.
    if (start < chunk.length) parts.push(Buffer.from(chunk.subarray(start)));
    byte += chunk.length;
  }
  if (parts.length > 0) yield { number, text: Buffer.concat(parts).toString('utf8'), endByte: undefined };
}
