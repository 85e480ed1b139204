import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { hasErrorCode } from '../../core/index.ts';
import { encodeRecord, recordAt } from './record.ts';

const cursorsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** The sequence up to which each exporter has taken everything, by its name. 0: nothing yet. */
  exporters: z.record(z.string(), z.number().int().nonnegative()),
});

/** The file has two places of this size, written in turn, so that one of them is always whole. */
const PLACE_BYTES = 4_096;

/** How far each exporter has come in a lane. */
export class Cursors {
  private readonly sequences: Map<string, number>;
  private descriptor: number | undefined;
  /** How often the file has been written. */
  private writes: number;

  private constructor(sequences: Iterable<readonly [string, number]>, writes: number) {
    this.sequences = new Map(sequences);
    this.writes = writes;
  }

  /** Cursors of exporters that have taken nothing yet. */
  static starting(exporters: readonly string[]): Cursors {
    return new Cursors(
      exporters.map((name) => [name, 0] as const),
      0,
    );
  }

  /** Reads the file. Undefined when it is missing or damaged. @throws system errors. */
  static read(path: string): Cursors | undefined {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (thrown) {
      if (hasErrorCode(thrown, 'ENOENT')) return undefined;
      throw thrown;
    }
    const places = [0, PLACE_BYTES].flatMap((offset) => recordAt(bytes, offset) ?? []);
    const [newest] = places.sort((a, b) => b.sequence - a.sequence);
    if (newest === undefined) return undefined;
    let json: unknown;
    try {
      json = JSON.parse(newest.payload.toString());
    } catch {
      return undefined;
    }
    const parsed = cursorsSchema.safeParse(json);
    return parsed.success ? new Cursors(Object.entries(parsed.data.exporters), newest.sequence) : undefined;
  }

  /** What every exporter has passed. */
  get passedByAll(): number {
    return Math.min(...this.sequences.values());
  }

  /** How far an exporter has come; undefined when the lane is not for it. */
  get(exporter: string): number | undefined {
    return this.sequences.get(exporter);
  }

  /** Moves an exporter on, never back. */
  advance(exporter: string, sequence: number): void {
    this.sequences.set(exporter, Math.max(sequence, this.sequences.get(exporter) ?? 0));
  }

  /**
   * Writes the file, which stays open. Over one of its two places and without a sync: renaming a new file over it would
   * make some file systems write to the disk at once, which takes a millisecond. What a power cut takes back is delivered
   * again, and ids make that harmless.
   *
   * @throws system errors.
   */
  write(path: string): void {
    const content = { schemaVersion: 1, exporters: Object.fromEntries(this.sequences) };
    const text = JSON.stringify(content);
    const record = encodeRecord({ sequence: this.writes + 1, precious: false, timeMs: 0, text });
    if (record.length > PLACE_BYTES) throw new RangeError('the names of the exporters are too long');
    this.descriptor ??= openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    writeSync(this.descriptor, record, 0, record.length, ((this.writes + 1) % 2) * PLACE_BYTES);
    this.writes += 1;
  }

  /** Closes the file. Idempotent. */
  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}
