import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, errorMessage, type Logger, type Random, type Trace } from '../../core/index.ts';
import type { Counters } from '../counters.ts';
import type { Exporter, ExportResult } from '../exporters/index.ts';
import type { Batch, BatchSource } from '../spool/index.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { DEFAULT_RETRY, retryDelayMs } from './retry-policy.ts';

/** What a {@link Courier} needs. */
export interface CourierDeps<Item = Trace> {
  readonly exporter: Exporter<Item>;
  readonly source: BatchSource<Item>;
  readonly counters: Pick<Counters, 'add'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Keeps a trace that will never be taken. */
  readonly setAside: (trace: Item, reason: string) => void;
  /** The exporter did not take a batch, or is slow to: what is in memory alone is at risk. */
  readonly onTrouble: () => void;
  /** An attempt is called slow after this long, in milliseconds. Undefined: never. */
  readonly slowMs: number | undefined;
  /** Something was delivered or set aside. */
  readonly onProgress: () => void;
  /**
   * Whether its exporter works in the turn of the event loop that it is called in, as a disk does, and can take its time:
   * batches are small then, and others get a turn after each. Default false.
   */
  readonly holdsUpOthers?: boolean;
  /**
   * How long to wait for more once there is something to do, in milliseconds: a batch costs little more than a trace.
   * Nobody who flushes waits for it. Default 0.
   */
  readonly lingerMs?: number;
}

/**
 * Runs something in the context that this module was loaded in. Whoever flushes, or ends the run that is sent, does so in
 * the context of a request, and instrumentation would put the baggage of that request into the headers of the export.
 */
const outsideOfRequests = AsyncLocalStorage.snapshot();

// Reasons to end a wait. The default reason is an exception whose stack would be captured each time.
const ANSWERED = 'answered';
const WOKEN = 'woken';

/** A disk takes two or three milliseconds for as many. */
const SMALL_BATCH = 8;

type Setback = Extract<ExportResult, { readonly kind: 'retryable' }>;

/**
 * Brings traces to one exporter, in order, in batches, with pauses and a circuit breaker when it fails. Each exporter has
 * a courier of its own, so that none waits for another. Never throws and never keeps the process alive by itself.
 */
export class Courier<Item = Trace> {
  private readonly deps: CourierDeps<Item>;
  private readonly breaker = new CircuitBreaker();
  private isStopped = false;
  private interruption = new AbortController();
  private wakeUp = new AbortController();
  private running: Promise<void> | undefined;
  private retryAfterMs: number | undefined;
  /** The receiver asked not to be called before this moment. */
  private notBeforeMs = 0;
  private lastWarning = '';
  private readonly waiters: ((arrived: boolean) => void)[] = [];

  constructor(deps: CourierDeps<Item>) {
    this.deps = deps;
  }

  /** Whether anything waits for its exporter. */
  get hasMore(): boolean {
    return this.deps.source.hasMore;
  }

  /** There may be something to do. Returns at once. */
  wake(): void {
    this.start(this.deps.lingerMs ?? 0);
  }

  /**
   * Tries now what waits, without pausing for an earlier failure. Resolves with true when all has arrived, with false
   * when an attempt failed, and at once while the circuit is open or the receiver has asked to be left alone, unless
   * `force` asks for an attempt all the same.
   */
  async flush({ force = false }: { readonly force?: boolean } = {}): Promise<boolean> {
    const { source, clock } = this.deps;
    while (source.hasMore) {
      if (this.isStopped) return false;
      if (!force && this.mustWait(clock.now())) return false;
      if (!(await this.nextAttempt())) return false;
    }
    return true;
  }

  /** Aborts an attempt under way; the next one is made after a pause. A socket would keep the process alive. */
  interrupt(): void {
    this.interruption.abort();
  }

  /** Stops: aborts an attempt under way, makes no other one. What waits stays where it is. Never rejects. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.interruption.abort();
    this.wakeUp.abort();
    await this.running;
  }

  private mustWait(nowMs: number): boolean {
    return nowMs < this.notBeforeMs || this.breaker.state(nowMs) === 'open';
  }

  private nextAttempt(): Promise<boolean> {
    this.wakeUp.abort(WOKEN);
    this.start(0);
    return new Promise((resolve) => {
      if (this.running === undefined) resolve(false);
      else this.waiters.push(resolve);
    });
  }

  private start(lingerMs: number): void {
    if (this.running !== undefined || this.isStopped || !this.deps.source.hasMore) return;
    this.running = this.run(lingerMs);
  }

  private async run(lingerMs: number): Promise<void> {
    if (lingerMs > 0) await this.sleep(lingerMs);
    while (this.deps.source.hasMore && !this.isStopped) {
      const arrived = await this.attempt();
      for (const waiter of this.waiters.splice(0)) waiter(arrived);
      if (!arrived && !this.isStopped) await this.pause();
      else if (this.deps.holdsUpOthers && this.deps.source.hasMore) await nextTurn();
    }
    this.running = undefined;
    const arrived = !this.deps.source.hasMore;
    for (const waiter of this.waiters.splice(0)) waiter(arrived);
  }

  /** True when a batch is off our hands. */
  private async attempt(): Promise<boolean> {
    this.interruption = new AbortController();
    let setback: Setback | undefined;
    try {
      const batch = await this.deps.source.next(this.deps.holdsUpOthers ? SMALL_BATCH : undefined);
      if (batch !== undefined) setback = await this.deliver(batch);
    } catch (thrown) {
      // The spool could not be read, for example because too many files are open.
      setback = { kind: 'retryable', error: thrown };
    }
    if (setback === undefined) return true;
    // That an attempt was cut off says nothing about the exporter.
    if (!this.interruption.signal.aborted) this.note(setback);
    return false;
  }

  private note(setback: Setback): void {
    const { counters, exporter, clock, onTrouble } = this.deps;
    counters.add('export_failures', exporter.name);
    this.retryAfterMs = setback.retryAfterMs;
    this.notBeforeMs = clock.now() + Math.min(setback.retryAfterMs ?? 0, DEFAULT_RETRY.longestAskedMs);
    this.breaker.failed(clock.now());
    this.warn(`Traces cannot be written to ${exporter.name}: ${errorMessage(setback.error)}`);
    onTrouble();
  }

  /** Delivers a batch, splitting what is refused. Returns what stopped it, if anything did. */
  private async deliver(batch: Batch<Item>): Promise<Setback | undefined> {
    const { counters, exporter, clock } = this.deps;
    const { traces } = batch;
    let start = 0;
    // A probe is small: the receiver may just have come back.
    const isProbe = this.breaker.state(clock.now()) !== 'closed' && traces.length > 1;
    // Where the parts still to be sent end, the nearest last. A refused part is halved by one more end.
    const ends = isProbe ? [traces.length, 1] : [traces.length];
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      const part = traces.slice(start, end);
      const result = await this.send(part);
      if (result.kind === 'retryable') return result;
      // An answer, whatever it says, means that the receiver is there.
      this.breaker.succeeded();
      this.retryAfterMs = undefined;
      if (result.kind === 'refused' && part.length > 1) {
        counters.add('export_failures', exporter.name);
        ends.push(end, start + Math.ceil(part.length / 2));
        continue;
      }
      if (result.kind === 'success') {
        counters.add('traces_exported', exporter.name, part.length);
        this.lastWarning = '';
      } else {
        counters.add('export_failures', exporter.name);
        this.warn(`Traces are refused by ${exporter.name}: ${errorMessage(result.error)}`);
        for (const trace of part) this.deps.setAside(trace, errorMessage(result.error));
      }
      start = end;
      batch.commit(start);
      this.deps.onProgress();
    }
    return undefined;
  }

  private async send(part: readonly Item[]): Promise<ExportResult> {
    const { exporter } = this.deps;
    const stopWatching = this.watchPace();
    try {
      const { signal } = this.interruption;
      return await outsideOfRequests(() => exporter.export(part, { signal }));
    } catch (thrown) {
      // Against its contract. Nothing is known of the batch then, so it is kept.
      return { kind: 'retryable', error: thrown };
    } finally {
      stopWatching();
    }
  }

  /** Reports trouble once the attempt is slow. Returns what ends it. */
  private watchPace(): () => void {
    const { clock, slowMs, onTrouble } = this.deps;
    if (slowMs === undefined) return () => {};
    const answered = new AbortController();
    // Rejects when the answer came first.
    clock.sleep(slowMs, answered.signal).then(onTrouble, () => undefined);
    return () => answered.abort(ANSWERED);
  }

  private async pause(): Promise<void> {
    const { clock, random } = this.deps;
    const waitMs = Math.max(
      retryDelayMs({ failures: Math.max(1, this.breaker.failures), retryAfterMs: this.retryAfterMs }, random),
      this.breaker.waitMs(clock.now()),
    );
    await this.sleep(waitMs);
  }

  /** Until the time is up or somebody does not want to wait, which is the only way this sleep rejects. */
  private async sleep(ms: number): Promise<void> {
    this.wakeUp = new AbortController();
    await this.deps.clock.sleep(ms, this.wakeUp.signal).catch(() => undefined);
  }

  /** Once per distinct message until something works again: an outage is one warning, not one a second. */
  private warn(message: string): void {
    if (message === this.lastWarning) return;
    this.lastWarning = message;
    this.deps.logger.warn(message);
  }
}
