import type { Clock } from '../../core/index.ts';

/** A timer takes no more than about 24 days. */
const LONGEST_SLEEP_MS = 86_400_000;

/** What an {@link AgeWatch} needs. */
export interface AgeWatchDeps {
  /** Without it nothing is watched. */
  readonly sleep: Clock['sleep'] | undefined;
  /** Milliseconds until the oldest run reaches its limit; undefined when there is none. */
  readonly leftMs: () => number | undefined;
  /** Ends what has reached it. */
  readonly expire: () => void;
  readonly onDefect: () => void;
}

/** Sees to the age limit of runs while no other run begins. Its sleep is the only thing that it keeps. */
export class AgeWatch {
  private readonly deps: AgeWatchDeps;
  private readonly stopping = new AbortController();
  private isWatching = false;

  constructor(deps: AgeWatchDeps) {
    this.deps = deps;
  }

  /** Whether nothing is watched any more. */
  get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Watches until no run is left. */
  start(): void {
    if (!this.isWatching) void this.watch();
  }

  /** Sleeps from the end of one oldest run's time to that of the next. Never rejects. */
  private async watch(): Promise<void> {
    const { sleep, leftMs, expire, onDefect } = this.deps;
    const { signal } = this.stopping;
    if (sleep === undefined) return;
    this.isWatching = true;
    for (let left = leftMs(); left !== undefined && !signal.aborted; left = leftMs()) {
      // The only way this sleep rejects is the end.
      await sleep(Math.min(Math.max(left, 1), LONGEST_SLEEP_MS), signal).catch(() => undefined);
      try {
        expire();
      } catch {
        onDefect();
      }
    }
    this.isWatching = false;
  }
}
