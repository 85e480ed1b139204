import type { Clock, Random } from '../core/index.ts';
import { isBusy } from './store-error.ts';

/** How to wait for a lock. */
export interface BusyRetry {
  /** Gives up after this long, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

const SHORTEST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/**
 * Repeats `work` while another connection holds the lock, with pauses that grow from 2 to 100 ms, each drawn between half
 * of it and the whole so that waiting processes do not stay in step. `work` must leave nothing behind when it throws.
 *
 * @throws the last busy error once the time is up; any other error of `work` at once.
 */
export async function retryWhileBusy<Result>(work: () => Result, retry: BusyRetry): Promise<Result> {
  const deadlineMs = retry.clock.now() + retry.timeoutMs;
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return work();
    } catch (thrown) {
      if (!isBusy(thrown) || retry.clock.now() >= deadlineMs) throw thrown;
    }
    await retry.clock.sleep(pauseMs * (0.5 + retry.random() / 2));
  }
}
