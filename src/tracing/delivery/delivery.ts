import { type Clock, errorMessage, type Logger, type Random, type Trace } from '../../core/index.ts';
import type { Counters } from '../counters.ts';
import { type DeadLetter, DeadLetters } from '../dead-letters/index.ts';
import type { Exporter } from '../exporters/index.ts';
import { type RecordFormat, Spool, type SpoolEvents } from '../spool/index.ts';
import { Courier } from './courier.ts';

/**
 * When traces go to the spool on disk.
 * - `always`: each one, in the turn of the event loop after its decision, before any exporter sees it.
 * - `on_trouble`: only while the exporter fails or is slow, and at the end of the process. For an exporter that is itself
 *   a disk, where spooling first would write everything twice: the embedded store.
 */
export type SpoolUse = 'always' | 'on_trouble';

/** Where a {@link Delivery} keeps what must outlive the process. */
export interface DeliveryDisk {
  /** Folder of the spool. */
  readonly spoolFolder: string;
  /** Folder of the dead letters. */
  readonly deadLetterFolder: string;
  readonly use: SpoolUse;
  /** Size of the spool at most, in bytes. */
  readonly maxSpoolBytes: number;
}

/** What a {@link Delivery} needs. */
export interface DeliveryDeps<Item = Trace> {
  /** How what is delivered stands on disk. */
  readonly format: RecordFormat<Item>;
  /** Each takes every trace, at its own pace. At least one. */
  readonly exporters: readonly Exporter<Item>[];
  readonly counters: Pick<Counters, 'add'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Spreads the pauses between attempts. */
  readonly random: Random;
  /** Traces that may wait in memory. Beyond it sampled successes are given up first, errors last. */
  readonly maxQueued: number;
  /** How long what is safe in the spool waits for more to go with it, in milliseconds. Default 200. */
  readonly lingerMs?: number | undefined;
  /** Undefined: nothing is ever written, and what is in memory ends with the process. */
  readonly disk?: DeliveryDisk | undefined;
}

/** A trace on its way: encoded only when its turn comes, off the path of the request that made it. */
export interface Parcel<Item = Trace> {
  /** Whether it was kept for anything but its share of the sample: such a one is given up last. */
  readonly precious: boolean;
  /** Encodes it. */
  readonly open: () => Item;
  /** Called once it is on disk, delivered or given up. */
  readonly done: () => void;
}

/** `timeMs`: when it was handed over. */
interface QueuedParcel<Item> extends Parcel<Item> {
  readonly timeMs: number;
}

/** How delivery stands. */
export interface DeliveryHealth {
  /** Traces that not every exporter has taken. */
  readonly pendingTraces: number;
  /** Bytes of the spool on disk that this process looks after. */
  readonly spooledBytes: number;
  /** Age of the oldest trace that waits, in milliseconds; 0 when none does. */
  readonly lagMs: number;
}

/** Traces encoded in one turn of the event loop, so that requests get theirs. */
const TRACES_PER_TURN = 32;
/** The same, where each is also written: about 0.2 ms for one of 60 KB. */
const WRITES_PER_TURN = 16;
/** Long enough for a busy process to fill a batch, and short for somebody who looks for a trace. */
const LINGER_MS = 200;
/** A disk that takes longer than this for a batch is no longer taken for a safe place in itself. */
const SLOW_MS = 250;
const TEND_EVERY_MS = 30_000;
const MAX_DEAD_LETTER_BYTES = 64 * 1024 * 1024;

/**
 * Brings kept traces to every exporter: through the spool on disk, so that they outlive the process, or straight from
 * memory. At least once; trace ids make a repetition harmless. Never throws and never keeps the process alive by itself.
 */
export class Delivery<Item = Trace> {
  private readonly deps: DeliveryDeps<Item>;
  private readonly queue: QueuedParcel<Item>[] = [];
  private readonly spool: Spool<Item>;
  private readonly couriers: readonly Courier<Item>[];
  private readonly deadLetters: DeadLetters | undefined;
  private readonly closing = new AbortController();
  private isScheduled = false;
  private inTrouble = false;
  private lastProblem = '';

  constructor(deps: DeliveryDeps<Item>) {
    this.deps = deps;
    const { exporters, clock, disk, format } = deps;
    this.deadLetters =
      disk && new DeadLetters({ folder: disk.deadLetterFolder, maxBytes: MAX_DEAD_LETTER_BYTES, clock });
    this.spool = new Spool({
      format,
      folder: disk?.spoolFolder,
      exporters: exporters.map(({ name }) => name),
      maxBytes: disk?.maxSpoolBytes ?? 0,
      events: this.spoolEvents(),
      clock,
    });
    this.couriers = exporters.map(
      (exporter) =>
        new Courier({
          ...deps,
          exporter,
          source: this.spool.source(exporter.name),
          setAside: (trace, reason) => this.setAside(exporter.name, reason, { [format.noun]: trace }),
          onTrouble: () => this.trouble(),
          // In the spool it is safe, and can wait for others to go with it.
          lingerMs: disk?.use === 'always' ? (deps.lingerMs ?? LINGER_MS) : 0,
          holdsUpOthers: disk?.use === 'always' && exporter.isOnDisk === true,
          slowMs: disk?.use === 'on_trouble' ? SLOW_MS : undefined,
          onProgress: () => this.schedule(),
        }),
    );
    if (disk !== undefined) void this.tendSpool();
  }

  /** Traces that not every exporter has taken. */
  get pending(): number {
    return this.queue.length + this.spool.pending;
  }

  /** How delivery stands now. */
  get health(): DeliveryHealth {
    const { oldestTimeMs, diskBytes } = this.spool;
    const sinceMs = oldestTimeMs ?? this.queue[0]?.timeMs;
    const lagMs = sinceMs === undefined ? 0 : Math.max(0, this.deps.clock.now() - sinceMs);
    return { pendingTraces: this.pending, spooledBytes: diskBytes, lagMs };
  }

  /** Takes a trace. Returns at once. */
  add(parcel: Parcel<Item>): void {
    this.queue.push({ ...parcel, timeMs: this.deps.clock.now() });
    if (this.queue.length + this.spool.unwritten > this.deps.maxQueued) this.giveUpOne();
    this.schedule();
  }

  /**
   * Tries now what waits, without pausing for an earlier failure. Resolves when all has arrived or an attempt failed, for
   * each exporter. One that has been failing for long is left out until its next attempt is due, unless `force` is set.
   */
  async flush(options: { readonly force?: boolean } = {}): Promise<void> {
    let asked = this.couriers;
    // One that was done is asked again: more may have been taken in while another one was waited for.
    do {
      this.takeIn();
      await this.spool.adopt();
      const arrived = await Promise.all(asked.map((courier) => courier.flush(options)));
      asked = asked.filter((_courier, index) => arrived[index]);
    } while (
      asked.length > 0 &&
      ((this.queue.length > 0 && this.room > 0) || asked.some(({ hasMore }) => hasMore))
    );
  }

  /** Writes what is in memory to the spool, at once: the process may be about to end. */
  persist(): void {
    if (this.deps.disk === undefined || (this.queue.length === 0 && this.spool.unwritten === 0)) return;
    for (const parcel of this.queue.splice(0)) this.open(parcel);
    this.spool.persist({ force: true });
  }

  /** Like {@link persist}, and aborts exports under way: an open connection would keep the process alive. */
  letGo(): void {
    this.persist();
    for (const courier of this.couriers) courier.interrupt();
  }

  /** Aborts what is under way; what waits is left to a later process, if there is a disk. Never rejects. */
  async close(): Promise<void> {
    this.persist();
    this.closing.abort();
    await Promise.all(this.couriers.map((courier) => courier.stop()));
    await this.spool.close();
  }

  private schedule(): void {
    if (this.isScheduled || this.queue.length === 0 || this.closing.signal.aborted) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.takeIn();
      if (this.writesAll) this.schedule();
    });
  }

  /** Whether traces go to disk before they are delivered. */
  private get writesAll(): boolean {
    return this.deps.disk !== undefined && (this.deps.disk.use === 'always' || this.inTrouble);
  }

  /** How many more are encoded now: straight from memory, only when others are off our hands. */
  private get room(): number {
    return this.writesAll ? WRITES_PER_TURN : Math.max(0, TRACES_PER_TURN - this.spool.unwritten);
  }

  private takeIn(): void {
    if (this.spool.isEmpty) this.inTrouble = false;
    for (const parcel of this.queue.splice(0, this.room)) this.open(parcel);
    if (this.writesAll) this.spool.persist();
    for (const courier of this.couriers) courier.wake();
  }

  private open(parcel: QueuedParcel<Item>): void {
    const { precious, timeMs, done } = parcel;
    try {
      this.spool.add({ trace: parcel.open(), precious, timeMs, done });
    } catch (thrown) {
      this.deps.counters.add('traces_dropped', 'encoding_failed');
      this.report(`A trace could not be encoded: ${errorMessage(thrown)}`);
      done();
    }
  }

  private trouble(): void {
    if (this.deps.disk === undefined || this.inTrouble) return;
    this.inTrouble = true;
    this.takeIn();
    this.schedule();
  }

  /** Oldest first, and none that an exporter has in its hands. */
  private giveUpOne(): void {
    this.deps.counters.add('traces_dropped', 'queue_full');
    if (this.spool.giveUpUnwritten(false)) return;
    const cheap = this.queue.findIndex(({ precious }) => !precious);
    if (cheap === -1 && this.spool.giveUpUnwritten(true)) return;
    const [parcel] = this.queue.splice(Math.max(0, cheap), 1);
    parcel?.done();
  }

  private setAside(exporter: string, reason: string, letter: DeadLetter): void {
    const { counters } = this.deps;
    if (this.deadLetters === undefined) {
      counters.add('traces_dropped', 'refused');
      return;
    }
    try {
      if (this.deadLetters.add(exporter, reason, letter)) counters.add('dead_letters', exporter);
      else counters.add('traces_dropped', 'dead_letters_full');
    } catch (thrown) {
      counters.add('traces_dropped', 'refused');
      this.report(`A refused trace could not be set aside: ${errorMessage(thrown)}`);
    }
  }

  private spoolEvents(): SpoolEvents {
    const { counters } = this.deps;
    return {
      onDamage: (kind, count) => {
        counters.add('spool_damaged', kind, count);
        this.report(`The spool has lost ${count} ${count === 1 ? 'record' : 'records'} (${kind}).`);
      },
      onUnreadable: (text, problem) => {
        counters.add('spool_damaged', 'unreadable');
        this.setAside('unreadable', problem, { text });
      },
      onProblem: (thrown) => {
        counters.add('spool_failures', 'disk');
        // Where the spool only helps out, the exporter has already said what is wrong with this disk.
        if (this.deps.disk?.use === 'always')
          this.report(`The spool cannot be used as it should: ${errorMessage(thrown)}`);
      },
      onGivenUp: (reason, count) => {
        counters.add('traces_dropped', reason, count);
        this.report(`Traces were given up: ${reason}.`);
      },
      onAdopted: (count) => counters.add('traces_adopted', 'process_ended', count),
    };
  }

  private async tendSpool(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await this.spool.adopt();
      for (const courier of this.couriers) courier.wake();
      await this.spool.sync();
      // The only way this sleep rejects is the end.
      await this.deps.clock.sleep(TEND_EVERY_MS, signal).catch(() => undefined);
    }
  }

  private report(message: string): void {
    if (message === this.lastProblem) return;
    this.lastProblem = message;
    this.deps.logger.warn(message);
  }
}
