import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, hasErrorCode, type Trace } from '../../core/index.ts';
import type { Batch, BatchSource } from './batch.ts';
import { Cursors } from './cursors.ts';
import type { SpoolEntry } from './entry.ts';
import { Lane, type LaneEvents, type LaneParts } from './lane.ts';
import { LaneFolder } from './lane-folder.ts';
import { RecordEncoder } from './record.ts';
import type { RecordFormat } from './record-format.ts';

/** What a spool reports beside {@link LaneEvents}. */
export interface SpoolEvents extends LaneEvents {
  /** Traces were given up. `spool_full_error`: ones kept for more than their share of the sample. */
  readonly onGivenUp: (reason: 'spool_full' | 'spool_full_error' | 'too_large', count: number) => void;
  /** Traces of a process that has ended were found, and are delivered by this one. */
  readonly onAdopted: (count: number) => void;
}

/** What a {@link Spool} needs. */
export interface SpoolOptions<Item = Trace> {
  readonly format: RecordFormat<Item>;
  /** Folder of every process's lanes. Undefined: nothing is ever written, all stays in memory. */
  readonly folder: string | undefined;
  /** Names of the exporters that must each take every trace. */
  readonly exporters: readonly string[];
  /** Bytes on disk at most, of all processes that share the folder together. */
  readonly maxBytes: number;
  readonly events: SpoolEvents;
  readonly clock: Pick<Clock, 'now'>;
  /** Names processes apart. Default: this one's id. */
  readonly pid?: number;
}

/** A trace, or what else is delivered like one, to take in. */
export interface SpoolItem<Item = Trace> {
  readonly trace: Item;
  readonly precious: boolean;
  /** When it was decided, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** Called once it is on disk, delivered or given up: nothing in memory is needed any more. */
  readonly done: () => void;
}

const LARGEST_SEGMENT_BYTES = 1024 * 1024;
const SMALLEST_SEGMENT_BYTES = 4 * 1024;
const CACHE_BYTES = 8 * 1024 * 1024;
const BATCH = { count: 32, sizeBytes: 1024 * 1024 } as const;
/** A disk that refused a write is not asked again for this long. */
const DISK_PAUSE_MS = 5_000;
const ATTEMPTS_TO_SETTLE = 5;

/**
 * Traces on their way to one or more exporters. Every process writes a lane of its own, a folder of segments that it
 * holds by a lock which the kernel releases when the process ends; lanes that nobody holds are adopted and delivered by a
 * living process, one at a time. What the disk refuses waits in memory.
 */
export class Spool<Item = Trace> {
  private readonly options: SpoolOptions<Item>;
  private readonly own: Lane<Item>;
  private adopted: Lane<Item>[] = [];
  private readonly laneParts: Omit<LaneParts<Item>, 'cursors'>;
  /** Names of the folders this process holds, or has nothing to do with. */
  private readonly seen = new Set<string>();
  private readonly encoder: RecordEncoder;
  private sequence = 0;
  private bytesOfOthers = 0;
  private diskPausedUntilMs = Number.NEGATIVE_INFINITY;
  private adopting: Promise<void> | undefined;
  private isClosed = false;

  constructor(options: SpoolOptions<Item>) {
    this.options = options;
    this.laneParts = {
      format: options.format,
      events: options.events,
      segmentBytes: Math.max(
        SMALLEST_SEGMENT_BYTES,
        Math.min(LARGEST_SEGMENT_BYTES, Math.floor(options.maxBytes / 16)),
      ),
      cacheBytes: CACHE_BYTES,
    };
    this.encoder = new RecordEncoder(this.laneParts.segmentBytes);
    this.own = new Lane({ ...this.laneParts, cursors: Cursors.starting(options.exporters) });
  }

  /** Traces in memory alone. */
  get unwritten(): number {
    return this.own.unwritten.length;
  }

  /** Traces that not every exporter has taken. */
  get pending(): number {
    return this.lanes().reduce((sum, lane) => sum + lane.entries.length, 0);
  }

  /** Whether nothing waits for anybody. */
  get isEmpty(): boolean {
    return this.lanes().every((lane) => lane.oldestTimeMs === undefined);
  }

  /** Bytes on disk of the lanes this process holds. */
  get diskBytes(): number {
    return this.lanes().reduce((sum, lane) => sum + lane.sizeBytes, 0);
  }

  /** When the oldest trace that waits was decided, in milliseconds since the epoch. Undefined when none does. */
  get oldestTimeMs(): number | undefined {
    const times = this.lanes().flatMap(({ oldestTimeMs }) =>
      oldestTimeMs === undefined ? [] : [oldestTimeMs],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Takes a trace in, in memory. {@link persist} brings it to the disk. */
  add(item: SpoolItem<Item>): void {
    this.sequence += 1;
    this.own.add({
      sequence: this.sequence,
      precious: item.precious,
      timeMs: Math.max(0, Math.floor(item.timeMs)),
      trace: item.trace,
      done: item.done,
      offset: 0,
      sizeBytes: 0,
    });
  }

  /**
   * Writes what is in memory alone. When the disk refuses, that stays in memory, is reported, and for five seconds the
   * disk is left alone unless `force` is set. Nothing happens without a folder.
   */
  persist({ force = false }: { readonly force?: boolean } = {}): void {
    if (this.options.folder === undefined || this.own.unwritten.length === 0 || this.isClosed) return;
    const now = this.options.clock.now();
    if (!force && now < this.diskPausedUntilMs) return;
    try {
      this.own.leaveIfRemoved();
      if (!this.own.hasFolder) this.own.settleIn(this.newFolder(this.options.folder));
      while (this.own.unwritten.length > 0) this.writeSome();
      this.diskPausedUntilMs = Number.NEGATIVE_INFINITY;
    } catch (thrown) {
      this.diskPausedUntilMs = now + DISK_PAUSE_MS;
      this.options.events.onProblem(thrown);
    }
  }

  /** Gives up a trace that is in memory alone, the oldest sampled one first. False when there is none that can go. */
  giveUpUnwritten(precious: boolean): boolean {
    return this.own.giveUpUnwritten(precious);
  }

  /** What waits for one of the exporters: adopted lanes first, they are older. */
  source(exporter: string): BatchSource<Item> {
    const lane = () => this.lanes().find((candidate) => candidate.hasMore(exporter));
    const commit = (of: Lane<Item>, through: number) => {
      of.commit(exporter, through);
      if (of !== this.own) this.letGoWhenDone(of);
    };
    return {
      get hasMore() {
        return lane() !== undefined;
      },
      async next(count = BATCH.count): Promise<Batch<Item> | undefined> {
        for (let from = lane(); from !== undefined; from = lane()) {
          const current = from;
          const { items, through } = await current.batch(exporter, { ...BATCH, count });
          if (items.length > 0) {
            return {
              traces: items.map(({ trace }) => trace),
              commit: (count) =>
                commit(current, count >= items.length ? through : (items[count - 1]?.sequence ?? 0)),
            };
          }
          // Nothing in it can be read.
          commit(current, through);
        }
        return undefined;
      },
    };
  }

  /** Looks for lanes whose process has ended, and takes them over. Never rejects. */
  adopt(): Promise<void> {
    this.adopting ??= this.adoptLanes()
      .catch((thrown: unknown) => this.options.events.onProblem(thrown))
      .finally(() => {
        this.adopting = undefined;
      });
    return this.adopting;
  }

  /** Syncs what waits on disk, for power cuts. To be called now and then. Never rejects. */
  async sync(): Promise<void> {
    await Promise.all(this.lanes().map((lane) => lane.sync()));
  }

  /** Leaves what waits on disk for a later process, and lets go of everything. Idempotent. Never rejects. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.persist({ force: true });
    this.isClosed = true;
    await this.adopting;
    for (const lane of this.lanes()) lane.close();
  }

  private lanes(): readonly Lane<Item>[] {
    return [...this.adopted, this.own];
  }

  private newFolder(parent: string): LaneFolder {
    const { clock, pid = process.pid } = this.options;
    for (let attempt = 0; attempt < ATTEMPTS_TO_SETTLE; attempt += 1) {
      const name = `${Math.floor(clock.now())}-${pid}-${randomUUID().slice(0, 8)}`;
      const folder = LaneFolder.take(join(parent, name));
      // Undefined: another process took the new, still empty folder for one left behind, and is removing it.
      if (folder === undefined) continue;
      this.seen.add(name);
      return folder;
    }
    throw new Error(`no folder could be made in ${parent}`);
  }

  /** Writes the oldest entries in memory, about a segment of them, after making room. */
  private writeSome(): void {
    this.encoder.reset();
    const records: Buffer[] = [];
    const entries: SpoolEntry<Item>[] = [];
    let sizeBytes = 0;
    for (const entry of this.own.unwritten) {
      if (sizeBytes >= this.laneParts.segmentBytes) break;
      const { sequence, precious, timeMs, trace } = entry;
      const record = this.encoder.encode({ sequence, precious, timeMs, text: this.textOf(trace) });
      if (record.length > this.limitBytes / 2) {
        this.dropUnwritten([entry], 'too_large');
        continue;
      }
      entries.push(entry);
      records.push(record);
      sizeBytes += record.length;
    }
    const dropped = this.makeRoom(entries, records);
    const kept = records.filter((_record, index) => !dropped.has(index));
    if (kept.length > 0) this.own.write(kept);
  }

  /** What is in memory alone has not been let go of. */
  private textOf(item: Item | undefined): string {
    if (item === undefined) throw new TypeError('An entry in memory holds nothing.');
    return this.options.format.text(item);
  }

  /** Bytes that this process may use. Others may have filled the spool; some room is left to each. */
  private get limitBytes(): number {
    return Math.max(this.options.maxBytes - this.bytesOfOthers, this.options.maxBytes / 8);
  }

  /** Sampled traces go first, old before new, and then the oldest of the others. Returns which of the new ones go. */
  private makeRoom(entries: readonly SpoolEntry<Item>[], records: readonly Buffer[]): ReadonlySet<number> {
    const { onGivenUp } = this.options.events;
    let neededBytes = records.reduce((sum, { length }) => sum + length, 0);
    const isEnough = () => this.diskBytes + neededBytes <= this.limitBytes;
    const dropped = new Set<number>();
    if (isEnough()) return dropped;
    const evict = (precious: boolean) =>
      this.lanes().reduce((sum, lane) => sum + (isEnough() ? 0 : lane.evict(precious, isEnough)), 0);
    const drop = (precious: boolean) => {
      for (const [index, entry] of entries.entries()) {
        if (isEnough()) break;
        if (dropped.has(index) || entry.precious !== precious) continue;
        dropped.add(index);
        neededBytes -= records[index]?.length ?? 0;
        this.dropUnwritten([entry], precious ? 'spool_full_error' : 'spool_full');
      }
    };
    const sampled = evict(false);
    if (sampled > 0) onGivenUp('spool_full', sampled);
    drop(false);
    const precious = isEnough() ? 0 : evict(true);
    if (precious > 0) onGivenUp('spool_full_error', precious);
    drop(true);
    return dropped;
  }

  private dropUnwritten(
    entries: readonly SpoolEntry<Item>[],
    reason: 'spool_full' | 'spool_full_error' | 'too_large',
  ): void {
    for (const entry of entries) this.own.forget(entry);
    this.options.events.onGivenUp(reason, entries.length);
  }

  private async adoptLanes(): Promise<void> {
    const { folder: parent, events } = this.options;
    if (parent === undefined) return;
    let bytesOfOthers = 0;
    for (const name of await laneNames(parent)) {
      if (this.isClosed) return;
      if (this.seen.has(name)) continue;
      try {
        bytesOfOthers += await this.adoptLane(parent, name);
      } catch (thrown) {
        // One lane that cannot be read must not keep the others from being delivered.
        events.onProblem(thrown);
      }
    }
    this.bytesOfOthers = bytesOfOthers;
  }

  /** Takes a lane over if nobody holds it and it is for one of these exporters. Returns the bytes of one that is left alone. */
  private async adoptLane(parent: string, name: string): Promise<number> {
    const { exporters, events } = this.options;
    const path = join(parent, name);
    const folder = LaneFolder.adopt(path);
    if (folder === undefined) return folderBytes(path);
    let lane: Lane<Item>;
    try {
      lane = await Lane.load(folder, exporters, this.laneParts);
    } catch (thrown) {
      folder.release();
      throw thrown;
    }
    const waiting = lane.entries.length;
    if (waiting === 0 || this.isClosed || !exporters.some((exporter) => lane.hasMore(exporter))) {
      const leftBytes = waiting === 0 ? 0 : lane.sizeBytes;
      lane.close();
      return leftBytes;
    }
    this.seen.add(name);
    this.adopted.push(lane);
    events.onAdopted(waiting);
    return 0;
  }

  /** A lane that still waits for an exporter of another configuration is left for a process that has it. */
  private letGoWhenDone(lane: Lane<Item>): void {
    if (this.options.exporters.some((exporter) => lane.hasMore(exporter))) return;
    this.adopted = this.adopted.filter((other) => other !== lane);
    lane.close();
  }
}

async function laneNames(parent: string): Promise<string[]> {
  try {
    const items = await readdir(parent, { withFileTypes: true });
    return items.flatMap((item) => (item.isDirectory() ? [item.name] : [])).sort();
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}

/** Segments may be removed by their process while they are counted. */
async function folderBytes(path: string): Promise<number> {
  try {
    const names = (await readdir(path)).filter((name) => LaneFolder.isSegment(name));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return 0;
    throw thrown;
  }
}
