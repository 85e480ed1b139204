import { type Clock, errorMessage, type Logger, type Trace } from '../core/index.ts';
import type { Counters } from './counters.ts';
import type { TraceExporter } from './exporters/index.ts';

/** What a {@link Delivery} needs. */
export interface DeliveryDeps {
  readonly exporter: TraceExporter;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Traces that may wait. Beyond it sampled successes are given up first, errors last. */
  readonly maxQueued: number;
}

/** A trace on its way: encoded only when its turn comes, off the path of the request that made it. */
export interface Parcel {
  /** Whether it was kept for an error: such a one is given up last. */
  readonly precious: boolean;
  /** Encodes it. */
  readonly open: () => Trace;
  /** Called once it is exported or given up. */
  readonly done: () => void;
}

const BATCH = 32;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/** Brings traces to one exporter, in order, in batches, with retries. Never throws and never keeps the process alive. */
export class Delivery {
  private readonly deps: DeliveryDeps;
  private readonly queue: Parcel[] = [];
  private encoded: { readonly trace: Trace; readonly parcel: Parcel }[] = [];
  private running: Promise<void> | undefined;
  private failuresInRow = 0;
  private lastWarning = '';
  private wake = new AbortController();
  private readonly waiters: ((arrived: boolean) => void)[] = [];

  constructor(deps: DeliveryDeps) {
    this.deps = deps;
  }

  /** Traces that have not arrived yet. */
  get pending(): number {
    return this.queue.length + this.encoded.length;
  }

  /** Takes a trace. Returns at once. */
  add(parcel: Parcel): void {
    this.queue.push(parcel);
    if (this.pending > this.deps.maxQueued) this.giveUpOne();
    this.running ??= this.run();
  }

  /** Tries now what waits, without pausing for an earlier failure. Resolves when all has arrived or an attempt failed. */
  async flush(): Promise<void> {
    while (this.pending > 0) {
      const arrived = await this.nextAttempt();
      if (!arrived) return;
    }
  }

  private nextAttempt(): Promise<boolean> {
    this.wake.abort();
    this.running ??= this.run();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  private async run(): Promise<void> {
    while (this.pending > 0) {
      await turnOfEventLoop();
      this.encodeBatch();
      const arrived = this.encoded.length === 0 || (await this.attempt());
      for (const waiter of this.waiters.splice(0)) waiter(arrived);
      if (!arrived) await this.pause();
    }
    this.running = undefined;
  }

  private encodeBatch(): void {
    while (this.encoded.length < BATCH) {
      const parcel = this.queue.shift();
      if (parcel === undefined) return;
      try {
        this.encoded.push({ trace: parcel.open(), parcel });
      } catch (thrown) {
        this.deps.counters.add('traces_dropped', 'encoding_failed');
        this.warn(`A trace could not be encoded: ${errorMessage(thrown)}`);
        parcel.done();
      }
    }
  }

  /** True when the batch is off our hands. */
  private async attempt(): Promise<boolean> {
    const { exporter, counters } = this.deps;
    const batch = this.encoded;
    const result = await exporter.export(batch.map(({ trace }) => trace));
    if (result.kind === 'success') {
      counters.add('traces_exported', exporter.name, batch.length);
      this.lastWarning = '';
    } else {
      counters.add('export_failures', exporter.name);
      this.warn(`Traces cannot be written to ${exporter.name}: ${errorMessage(result.error)}`);
      if (result.kind === 'retryable') {
        this.failuresInRow += 1;
        return false;
      }
      counters.add('traces_dropped', 'refused', batch.length);
    }
    this.failuresInRow = 0;
    this.encoded = [];
    for (const { parcel } of batch) parcel.done();
    return true;
  }

  private async pause(): Promise<void> {
    this.wake = new AbortController();
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failuresInRow - 1));
    // The only way this sleep rejects is a flush that does not want to wait.
    await this.deps.clock.sleep(waitMs, this.wake.signal).catch(() => undefined);
  }

  private giveUpOne(): void {
    const cheap = this.queue.findIndex((parcel) => !parcel.precious);
    const [parcel] = this.queue.splice(Math.max(0, cheap), 1);
    if (parcel === undefined) return;
    this.deps.counters.add('traces_dropped', 'queue_full');
    parcel.done();
  }

  /** Once per distinct message until something works again: an outage is one warning, not one a second. */
  private warn(message: string): void {
    if (message === this.lastWarning) return;
    this.lastWarning = message;
    this.deps.logger.warn(message);
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
