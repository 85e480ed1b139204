import type { Clock, Logger } from '../core/index.ts';
import { errorMessage } from '../core/index.ts';
import type { PruneQuery, TraceStore } from './trace-store.ts';

/** Options of {@link pruneAll}. */
export interface PruneAllOptions extends PruneQuery {
  readonly clock: Clock;
  /** Ends it early, between two steps. */
  readonly signal?: AbortSignal;
  /** Rest between two steps, in milliseconds, for others who use the store or this thread. Default 25. */
  readonly pauseMs?: number;
}

const DEFAULT_PAUSE_MS = 25;

/**
 * Removes every trace that the query names, step by step. One step is made even where the signal is aborted already: many
 * processes that live for a moment only get on with it together.
 *
 * @returns How many were removed until it was done or the signal was aborted; in a dry run, how many would be.
 */
export async function pruneAll(
  store: Pick<TraceStore, 'prune'>,
  { clock, signal, pauseMs = DEFAULT_PAUSE_MS, ...query }: PruneAllOptions,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const step = await store.prune(query);
    removed += step.removed;
    if (!step.hasMore) return removed;
    try {
      await clock.sleep(pauseMs, signal);
    } catch (thrown) {
      if (!signal?.aborted) throw thrown;
    }
    if (signal?.aborted) return removed;
  }
}

/** What a {@link Retention} needs. */
export interface RetentionOptions {
  /**
   * Traces that started longer ago than this are removed, unless they are pinned or the store knows another limit for their
   * project. In milliseconds, 0 for never.
   */
  readonly maxAgeMs: number;
  /** Its timers must not keep the process alive. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told how many traces a step removed. */
  readonly onRemoved: (count: number) => void;
}

/** What retention does to a store. */
export type PrunableStore = Pick<TraceStore, 'prune' | 'projects'>;

const HOUR_MS = 3_600_000;

/**
 * Rest between two steps beside a process that serves requests. A step takes about a millisecond of its thread; every
 * tenth or so makes SQLite bring its log into the file, which takes as long as the disk does and has to be spread.
 */
const SWEEP_PAUSE_MS = 100;

/**
 * Removes old traces from a store that somebody is writing to: at most once an hour, in small steps, beside the writes. A
 * failure is reported and tried again an hour later; it never reaches the writer.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #lastStartMs: number | undefined;
  #sweep: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Begins to remove what is too old if an hour has passed since it last did. Returns at once. */
  poke(store: PrunableStore): void {
    const nowMs = this.#options.clock.now();
    const isDue = this.#lastStartMs === undefined || nowMs - this.#lastStartMs >= HOUR_MS;
    if (!isDue || this.#sweep !== undefined || this.#stop.signal.aborted) return;
    this.#lastStartMs = nowMs;
    this.#sweep = this.#run(store, nowMs).finally(() => {
      this.#sweep = undefined;
    });
  }

  /** Ends the work under way after its present step. Idempotent; afterwards nothing is begun. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#sweep;
  }

  async #run(store: PrunableStore, nowMs: number): Promise<void> {
    const { clock, logger, onRemoved } = this.#options;
    const { signal } = this.#stop;
    let removed = 0;
    try {
      const counting: Pick<TraceStore, 'prune'> = {
        prune: async (query) => {
          const step = await store.prune(query);
          removed += step.removed;
          if (step.removed > 0) onRemoved(step.removed);
          return step;
        },
      };
      for (const { project, maxAgeMs = this.#options.maxAgeMs } of await store.projects()) {
        if (maxAgeMs === 0 || (signal.aborted && removed > 0)) continue;
        const beforeMs = nowMs - maxAgeMs;
        await pruneAll(counting, { beforeMs, project, clock, signal, pauseMs: SWEEP_PAUSE_MS });
      }
    } catch (thrown) {
      logger.warn(`Old traces cannot be removed: ${errorMessage(thrown)}`);
    }
  }
}
