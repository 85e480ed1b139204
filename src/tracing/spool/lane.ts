import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Trace } from '../../core/index.ts';
import { Cursors } from './cursors.ts';
import type { SpoolEntry } from './entry.ts';
import { LaneFolder } from './lane-folder.ts';
import type { SpoolRecord } from './record.ts';
import type { RecordFormat } from './record-format.ts';
import { Segment } from './segment.ts';
import { TraceCache } from './trace-cache.ts';

/** What a lane reports. */
export interface LaneEvents {
  /**
   * Records were lost. `torn`: the last one, whose write was cut short; `corrupt`: their bytes were changed; `missing`:
   * somebody has removed their folder.
   */
  readonly onDamage: (kind: 'torn' | 'corrupt' | 'missing', count: number) => void;
  /** A record is whole and holds nothing of the version known here. */
  readonly onUnreadable: (text: string, problem: string) => void;
  /** The disk refused something that delivery can do without for now. */
  readonly onProblem: (thrown: unknown) => void;
}

/** What a {@link Lane} is made of. */
export interface LaneParts<Item = Trace> {
  readonly format: RecordFormat<Item>;
  readonly cursors: Cursors;
  readonly events: LaneEvents;
  /** A segment of this size is closed and a new one begun, in bytes. */
  readonly segmentBytes: number;
  /** Bytes of written records whose traces may stay in memory, the newest, to spare reading them back. */
  readonly cacheBytes: number;
}

/** How much a batch may hold. `sizeBytes`: on disk. */
export interface BatchLimits {
  readonly count: number;
  readonly sizeBytes: number;
}

/** Entries for one exporter. `through`: the sequence that is passed with the last of them. */
export interface LaneBatch<Item = Trace> {
  readonly items: readonly { readonly sequence: number; readonly trace: Item }[];
  readonly through: number;
}

/**
 * What one process has taken in: entries in order, the older ones in segments of a folder, the newest perhaps in memory
 * alone. Each exporter goes through them at its own pace; what all have passed is removed.
 */
export class Lane<Item = Trace> {
  private readonly parts: LaneParts<Item>;
  private folder: LaneFolder | undefined;
  private segments: Segment<Item>[] = [];
  private memory: SpoolEntry<Item>[] = [];
  private readonly cache: TraceCache<Item>;
  /** The highest sequence an exporter has been given. */
  private handedOut = 0;

  constructor(parts: LaneParts<Item>) {
    this.parts = parts;
    this.cache = new TraceCache(parts.cacheBytes);
  }

  /** Reads what another process left in its folder, which this one holds now. @throws system errors. */
  static async load<Item>(
    folder: LaneFolder,
    exporters: readonly string[],
    parts: Omit<LaneParts<Item>, 'cursors'>,
  ) {
    const cursors = Cursors.read(folder.cursorsPath) ?? Cursors.starting(exporters);
    const lane = new Lane({ ...parts, cursors });
    lane.folder = folder;
    const names = (await readdir(folder.path)).filter((name) => LaneFolder.isSegment(name)).sort();
    for (const name of names) {
      const { segment, damage } = await Segment.load<Item>(join(folder.path, name));
      if (damage.corrupt > 0) parts.events.onDamage('corrupt', damage.corrupt);
      if (damage.torn) parts.events.onDamage('torn', 1);
      lane.segments.push(segment);
    }
    lane.removePassed();
    return lane;
  }

  /** Whether its records are on disk, or would be. */
  get hasFolder(): boolean {
    return this.folder !== undefined;
  }

  /** Where its segments go from now on. @throws system errors. */
  settleIn(folder: LaneFolder): void {
    this.parts.cursors.write(folder.cursorsPath);
    this.folder = folder;
  }

  /**
   * Takes what was in a folder that somebody has removed back into memory, as far as it is still known here. To be settled
   * in another one: what is written into an open file of the old one outlives nobody.
   */
  leaveIfRemoved(): void {
    const { folder, segments } = this;
    if (folder === undefined || existsSync(folder.path)) return;
    const passed = this.parts.cursors.passedByAll;
    const waiting = segments.flatMap(({ entries }) => entries).filter(({ sequence }) => sequence > passed);
    const known = waiting.filter(({ trace }) => trace !== undefined);
    this.folder = undefined;
    this.segments = [];
    this.cache.disown();
    for (const entry of known) {
      entry.offset = 0;
      entry.sizeBytes = 0;
    }
    this.memory = [...known, ...this.memory];
    const missing = waiting.length - known.length;
    if (missing > 0) this.parts.events.onDamage('missing', missing);
    this.parts.cursors.close();
    folder.release();
    for (const segment of segments) segment.remove();
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** Entries in memory alone, oldest first. */
  get unwritten(): readonly SpoolEntry<Item>[] {
    return this.memory;
  }

  /** Entries that not every exporter has passed, oldest first. */
  get entries(): SpoolEntry<Item>[] {
    const passed = this.parts.cursors.passedByAll;
    return [...this.segments.flatMap((segment) => segment.entries), ...this.memory].filter(
      ({ sequence }) => sequence > passed,
    );
  }

  /** When the oldest entry that waits was decided. Undefined when none does. */
  get oldestTimeMs(): number | undefined {
    const passed = this.parts.cursors.passedByAll;
    for (const { entries } of [...this.segments, { entries: this.memory }]) {
      const oldest = entries.find(({ sequence }) => sequence > passed);
      if (oldest !== undefined) return oldest.timeMs;
    }
    return undefined;
  }

  /** Whether anything waits for an exporter. */
  hasMore(exporter: string): boolean {
    const cursor = this.parts.cursors.get(exporter);
    if (cursor === undefined) return false;
    // The newest segment is empty when the disk refused its first record.
    const inMemory = this.memory.at(-1)?.sequence ?? 0;
    return inMemory > cursor || this.segments.some(({ lastSequence }) => lastSequence > cursor);
  }

  /** Takes an entry in, in memory. */
  add(entry: SpoolEntry<Item>): void {
    this.memory.push(entry);
  }

  /** Writes the oldest entries in memory, one record each. @throws system errors; then all stay as they were. */
  write(records: readonly Buffer[]): void {
    const entries = this.memory.slice(0, records.length);
    this.openSegment(entries[0]?.sequence ?? 0).append(entries, records);
    this.memory = this.memory.slice(entries.length);
    for (const entry of entries) {
      entry.done?.();
      entry.done = undefined;
      this.cache.add(entry);
    }
  }

  /** The oldest entries an exporter has not passed, within limits but at least one. @throws system errors. */
  async batch(exporter: string, limits: BatchLimits): Promise<LaneBatch<Item>> {
    const cursor = this.parts.cursors.get(exporter) ?? Number.POSITIVE_INFINITY;
    const entries = this.firstAfter(cursor, limits);
    const through = entries.at(-1)?.sequence ?? cursor;
    this.handedOut = Math.max(this.handedOut, through);
    // Noted before anything is read: while that waits, more may be written, and these leave the cache.
    const traces = new Map(entries.map(({ sequence, trace }) => [sequence, trace]));
    const missing = this.bySegment(entries.filter(({ trace }) => trace === undefined));
    // All begun at once, for the same reason: a segment may be rewritten or removed while another one is read.
    const read = await Promise.all(missing.map(([segment, wanted]) => segment.read(wanted)));
    for (const [at, [segment, wanted]] of missing.entries()) {
      for (const [index, entry] of wanted.entries()) {
        const trace = this.readBack(entry.sequence, read[at]?.[index]);
        if (trace !== undefined) traces.set(entry.sequence, trace);
        // Out of the list, so that no other exporter comes upon it and it is reported once.
        else segment.entries = segment.entries.filter((other) => other !== entry);
      }
    }
    const items = entries.flatMap(({ sequence }) => {
      const trace = traces.get(sequence);
      return trace === undefined ? [] : [{ sequence, trace }];
    });
    return { items, through };
  }

  /** An exporter has passed everything up to a sequence. */
  commit(exporter: string, through: number): void {
    this.parts.cursors.advance(exporter, through);
    if (this.folder !== undefined && this.segments.some(({ sizeBytes }) => sizeBytes > 0)) {
      try {
        this.parts.cursors.write(this.folder.cursorsPath);
      } catch (thrown) {
        this.parts.events.onProblem(thrown);
      }
    }
    this.removePassed();
  }

  /** Gives up an entry that is in memory alone. */
  forget(entry: SpoolEntry<Item>): void {
    this.memory = this.memory.filter((other) => other !== entry);
    entry.done?.();
  }

  /** Gives up the oldest entry in memory alone that no exporter has been given yet. False when there is none. */
  giveUpUnwritten(precious: boolean): boolean {
    const index = this.memory.findIndex(
      (entry) => entry.precious === precious && entry.sequence > this.handedOut,
    );
    const [entry] = index === -1 ? [] : this.memory.splice(index, 1);
    entry?.done?.();
    return entry !== undefined;
  }

  /**
   * Frees disk space, oldest segment first, until `isEnough` or nothing more can go: what all have passed, and the
   * entries of one kind that wait.
   *
   * @returns how many entries were given up.
   */
  evict(precious: boolean, isEnough: () => boolean): number {
    const passed = this.parts.cursors.passedByAll;
    let givenUp = 0;
    for (const segment of [...this.segments]) {
      if (isEnough()) break;
      const waiting = segment.entries.filter(({ sequence }) => sequence > passed);
      const kept = waiting.filter((entry) => entry.precious !== precious);
      if (kept.length === segment.entries.length) continue;
      try {
        if (kept.length === 0) this.removeSegment(segment);
        else this.shrink(segment, kept);
        givenUp += waiting.length - kept.length;
      } catch (thrown) {
        this.parts.events.onProblem(thrown);
      }
    }
    return givenUp;
  }

  /** Syncs what waits on disk, for power cuts. Never rejects. */
  async sync(): Promise<void> {
    // One after the other, so that few files are open at a time.
    for (const segment of [...this.segments]) {
      try {
        await segment.sync();
      } catch (thrown) {
        this.parts.events.onProblem(thrown);
      }
    }
  }

  /** Removes what has been passed by all, and the folder when nothing is left in it; else leaves it for a later process. */
  close(): void {
    const { folder } = this;
    if (folder === undefined) return;
    this.folder = undefined;
    this.parts.cursors.close();
    const isEmpty = this.segments.every(({ entries }) => entries.length === 0);
    try {
      for (const segment of this.segments) {
        if (isEmpty) segment.remove();
        else segment.seal();
      }
      if (!isEmpty) void this.sync();
      if (isEmpty) folder.remove();
    } catch (thrown) {
      this.parts.events.onProblem(thrown);
    } finally {
      folder.release();
    }
  }

  private openSegment(firstSequence: number): Segment<Item> {
    const last = this.segments.at(-1);
    if (last?.isOpen && last.sizeBytes < this.parts.segmentBytes) return last;
    if (this.folder === undefined) throw new TypeError('The lane has no folder yet.');
    const segment = Segment.create<Item>(this.folder.segmentPath(firstSequence));
    last?.seal();
    this.segments.push(segment);
    return segment;
  }

  private removePassed(): void {
    const passed = this.parts.cursors.passedByAll;
    this.cache.removeThrough(passed);
    while (this.memory[0] !== undefined && this.memory[0].sequence <= passed) this.memory.shift()?.done?.();
    try {
      for (const segment of [...this.segments]) {
        if (segment.lastSequence > passed) return;
        if (!segment.isOpen) this.removeSegment(segment);
        else if (segment.sizeBytes > 0) {
          segment.clear();
        }
      }
    } catch (thrown) {
      this.parts.events.onProblem(thrown);
    }
  }

  private removeSegment(segment: Segment<Item>): void {
    segment.remove();
    this.cache.remove(segment.entries);
    this.segments = this.segments.filter((other) => other !== segment);
  }

  private shrink(segment: Segment<Item>, kept: readonly SpoolEntry<Item>[]): void {
    const { entries } = segment;
    segment.keepOnly(kept);
    const left = new Set(kept);
    this.cache.remove(entries.filter((entry) => !left.has(entry)));
  }

  /** The oldest entries after a sequence, within limits but at least one, if there is one. */
  private firstAfter(cursor: number, limits: BatchLimits): SpoolEntry<Item>[] {
    const taken: SpoolEntry<Item>[] = [];
    let sizeBytes = 0;
    for (const { entries } of [...this.segments, { entries: this.memory }]) {
      if ((entries.at(-1)?.sequence ?? 0) <= cursor) continue;
      for (const entry of entries) {
        if (entry.sequence <= cursor) continue;
        sizeBytes += entry.sizeBytes;
        if (taken.length === limits.count || (taken.length > 0 && sizeBytes > limits.sizeBytes)) return taken;
        taken.push(entry);
      }
    }
    return taken;
  }

  /** Written entries, with the segment that each is in. */
  private bySegment(
    entries: readonly SpoolEntry<Item>[],
  ): (readonly [Segment<Item>, readonly SpoolEntry<Item>[]])[] {
    if (entries.length === 0) return [];
    const wanted = new Set(entries);
    return this.segments.flatMap((segment) => {
      const found = segment.entries.filter((entry) => wanted.has(entry));
      return found.length === 0 ? [] : [[segment, found] as const];
    });
  }

  private readBack(sequence: number, record: SpoolRecord | undefined): Item | undefined {
    if (record?.sequence !== sequence) {
      this.parts.events.onDamage('corrupt', 1);
      return undefined;
    }
    const text = record.payload.toString();
    const reading = this.parts.format.read(text);
    if ('trace' in reading) return reading.trace;
    this.parts.events.onUnreadable(text, reading.problem);
    return undefined;
  }
}
