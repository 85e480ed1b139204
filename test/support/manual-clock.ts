import type { Clock } from '../../src/core/index.ts';

interface Sleep {
  readonly ms: number;
  readonly untilMs: number;
  readonly wake: () => void;
}

/** A clock that stands still: sleeps end when the test moves it, wakes them, or their signal aborts. */
export class ManualClock implements Clock {
  /** Every sleep so far, in order. */
  readonly sleeps: Sleep[] = [];
  private nowMs = 0;

  now = () => this.nowMs;

  sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      this.sleeps.push({ ms, untilMs: this.nowMs + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  /** Moves on, and ends the sleeps whose time has come. */
  advance(ms: number): void {
    this.nowMs += ms;
    for (const { untilMs, wake } of this.sleeps) if (untilMs <= this.nowMs) wake();
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Turns until something holds; fails after many. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    if (turns > 20_000) throw new Error('It never came true.');
    await turn();
  }
}
