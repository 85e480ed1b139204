import {
  closeSync,
  fsync,
  ftruncateSync,
  openSync,
  read,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasErrorCode, type Trace } from '../../core/index.ts';
import type { SpoolEntry } from './entry.ts';
import { recordAt, type SpoolRecord, scanRecords } from './record.ts';

const readAsync = promisify(read);
const fsyncAsync = promisify(fsync);

/** Records that a segment on disk has lost. */
export interface SegmentDamage {
  /** Places where bytes in the middle were changed. */
  readonly corrupt: number;
  /** Whether its end was cut short. */
  readonly torn: boolean;
}

/**
 * One append-only file of records. A write is in the kernel's hands when it returns, so that it outlives the process
 * however that ends. For power cuts it is synced when it has waited for a while: a sync takes as long as writing twenty
 * times as much, and most records are delivered and gone before.
 */
export class Segment<Item = Trace> {
  readonly path: string;
  /** In the order of their sequence. */
  entries: SpoolEntry<Item>[] = [];
  private bytes = 0;
  private isSynced = true;
  private descriptor: number | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes an empty one. @throws system errors. */
  static create<Item>(path: string): Segment<Item> {
    const segment = new Segment<Item>(path);
    segment.descriptor = openSync(path, 'ax', 0o600);
    return segment;
  }

  /** Reads one that another process left. @throws system errors. */
  static async load<Item>(
    path: string,
  ): Promise<{ readonly segment: Segment<Item>; readonly damage: SegmentDamage }> {
    const segment = new Segment<Item>(path);
    const bytes = await readFile(path);
    segment.bytes = bytes.length;
    segment.isSynced = false;
    let corrupt = 0;
    let torn = false;
    for (const piece of scanRecords(bytes)) {
      if (piece.kind === 'record') {
        const { sequence, precious, timeMs, offset, end } = piece;
        segment.entries.push({
          sequence,
          precious,
          timeMs,
          trace: undefined,
          done: undefined,
          offset,
          sizeBytes: end - offset,
        });
      } else if (piece.torn) torn = true;
      else corrupt += 1;
    }
    return { segment, damage: { corrupt, torn } };
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** Whether it still takes records. */
  get isOpen(): boolean {
    return this.descriptor !== undefined;
  }

  /** Sequence of its last entry; 0 when it has none. */
  get lastSequence(): number {
    return this.entries.at(-1)?.sequence ?? 0;
  }

  /** Writes records, all or none. @throws system errors, for example when the disk is full. */
  append(entries: readonly SpoolEntry<Item>[], records: readonly Buffer[]): void {
    if (this.descriptor === undefined) throw new TypeError(`${this.path} is sealed.`);
    const sizeBytes = records.reduce((sum, { length }) => sum + length, 0);
    let written = 0;
    try {
      written = writevSync(this.descriptor, records);
      if (written < sizeBytes) {
        const bytes = Buffer.concat(records);
        while (written < sizeBytes) written += writeSync(this.descriptor, bytes, written);
      }
    } catch (thrown) {
      this.undo(this.descriptor, written);
      throw thrown;
    }
    this.isSynced = false;
    for (const [index, entry] of entries.entries()) {
      entry.offset = this.bytes;
      entry.sizeBytes = records[index]?.length ?? 0;
      this.bytes += entry.sizeBytes;
      this.entries.push(entry);
    }
  }

  /** Reads entries of this segment, in their order; undefined in the place of one that is damaged or gone. */
  async read(entries: readonly SpoolEntry<Item>[]): Promise<(SpoolRecord | undefined)[]> {
    const first = entries[0];
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return [];
    // Opened and noted in one go: while this waits, the segment may be rewritten and the offsets change.
    const start = first.offset;
    const offsets = entries.map(({ offset }) => offset - start);
    const bytes = Buffer.allocUnsafe(last.offset + last.sizeBytes - start);
    let descriptor: number;
    try {
      descriptor = openSync(this.path, 'r');
    } catch (thrown) {
      if (hasErrorCode(thrown, 'ENOENT')) return entries.map(() => undefined);
      throw thrown;
    }
    let filled = 0;
    try {
      while (filled < bytes.length) {
        const { bytesRead } = await readAsync(
          descriptor,
          bytes,
          filled,
          bytes.length - filled,
          start + filled,
        );
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } finally {
      closeSync(descriptor);
    }
    const whole = bytes.subarray(0, filled);
    return offsets.map((offset) => recordAt(whole, offset));
  }

  /** Rewrites the segment without the entries that are not listed. It takes no more records then. @throws system errors. */
  keepOnly(kept: readonly SpoolEntry<Item>[]): void {
    this.seal();
    const bytes = readFileSync(this.path);
    const pieces = kept.map(({ offset, sizeBytes }) => bytes.subarray(offset, offset + sizeBytes));
    const temporary = `${this.path}.tmp`;
    try {
      writeFileSync(temporary, Buffer.concat(pieces), { mode: 0o600 });
      renameSync(temporary, this.path);
    } catch (thrown) {
      rmSync(temporary, { force: true });
      throw thrown;
    }
    this.bytes = 0;
    this.isSynced = false;
    for (const entry of kept) {
      entry.offset = this.bytes;
      this.bytes += entry.sizeBytes;
    }
    this.entries = [...kept];
  }

  /** Forgets every record, and takes new ones. @throws system errors. */
  clear(): void {
    if (this.descriptor === undefined) throw new TypeError(`${this.path} is sealed.`);
    ftruncateSync(this.descriptor, 0);
    this.entries = [];
    this.bytes = 0;
  }

  /** Takes no more records. Idempotent. */
  seal(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** Brings what was written to the disk itself, off the caller's path; what it holds already costs nothing. */
  async sync(): Promise<void> {
    if (this.isSynced || this.entries.length === 0) return;
    let descriptor: number;
    try {
      descriptor = openSync(this.path, 'r+');
    } catch (thrown) {
      if (hasErrorCode(thrown, 'ENOENT')) return;
      throw thrown;
    }
    // Before the sync: what is written while it is under way may not be part of it.
    this.isSynced = true;
    try {
      await fsyncAsync(descriptor);
    } catch (thrown) {
      this.isSynced = false;
      throw thrown;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Removes the file. @throws system errors. */
  remove(): void {
    this.seal();
    rmSync(this.path, { force: true });
  }

  private undo(descriptor: number, written: number): void {
    try {
      ftruncateSync(descriptor, this.bytes);
    } catch {
      // The piece that was written stays; a reader takes it for damage and skips it.
      this.bytes += written;
    }
  }
}
