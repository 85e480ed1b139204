import { readFile, rm, truncate } from 'node:fs/promises';
import { hasErrorCode } from '../../core/index.ts';

/** A line of a {@link LetterFile} that says anything. */
export interface LetterText {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** With its line feed. */
  readonly bytes: Buffer;
}

interface Place {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const LINE_FEED = 0x0a;

/** A file of letters, as it was when it was read. */
export class LetterFile {
  readonly path: string;
  private readonly bytes: Buffer;
  private readonly places: Place[];

  private constructor(path: string, bytes: Buffer) {
    this.path = path;
    this.bytes = bytes;
    this.places = placesIn(bytes);
  }

  /** Undefined where there is none any more. @throws system errors. */
  static async read(path: string): Promise<LetterFile | undefined> {
    try {
      return new LetterFile(path, await readFile(path));
    } catch (thrown) {
      if (hasErrorCode(thrown, 'ENOENT')) return undefined;
      throw thrown;
    }
  }

  /** The lines that are left, the first one first. */
  *lines(): Generator<LetterText> {
    for (const place of this.places) yield this.textAt(place);
  }

  /** The last lines that are left, within limits but at least one; empty when there are none. */
  last(limits: { readonly count: number; readonly sizeBytes: number }): readonly LetterText[] {
    const end = this.places.at(-1)?.end ?? 0;
    const first = this.places.findLastIndex(
      ({ start }, index) => end - start > limits.sizeBytes || this.places.length - index > limits.count,
    );
    const from = Math.min(first + 1, Math.max(0, this.places.length - 1));
    return this.places.slice(from).map((place) => this.textAt(place));
  }

  /** Cuts the last lines off, for good; the file goes with the last one. @throws system errors. */
  async cut(count: number): Promise<void> {
    const [first] = this.places.splice(Math.max(0, this.places.length - count));
    if (this.places.length === 0) await rm(this.path, { force: true });
    else if (first !== undefined) await truncate(this.path, first.start);
  }

  private textAt({ number, start, end }: Place): LetterText {
    const line = this.bytes.subarray(start, end);
    const isWhole = line.at(-1) === LINE_FEED;
    return {
      number,
      text: line.subarray(0, isWhole ? -1 : line.length).toString('utf8'),
      bytes: isWhole ? line : Buffer.concat([line, Buffer.of(LINE_FEED)]),
    };
  }
}

function placesIn(bytes: Buffer): Place[] {
  const places: Place[] = [];
  let start = 0;
  for (let number = 1; start < bytes.length; number += 1) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (bytes.subarray(start, end).toString('latin1').trim() !== '') places.push({ number, start, end });
    start = end;
  }
  return places;
}
