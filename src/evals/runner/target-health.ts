import type { Call } from '../experiment.ts';

/** So many calls in a row without any answer ever mean that the target is down. */
const MIN_UNANSWERED = 5;
/** So many in a row after an answer, each with its retries behind it, mean that it went down. */
const MIN_LOST = 10;

/** What the calls of a session say about the target, one after the other. */
export class TargetHealth {
  readonly #concurrency: number;
  #hasAnswered = false;
  #unanswered = 0;

  /** @param concurrency Calls under way at once: a short outage takes them all. */
  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Calls in a row without an answer, the last one included. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Takes in how a call ended. `unreachable`: it never answered; `lost`: it did, and no longer does. */
  note(status: Call['status']): 'fine' | 'unreachable' | 'lost' {
    if (status !== 'not_measured') {
      this.#hasAnswered = true;
      this.#unanswered = 0;
      return 'fine';
    }
    this.#unanswered += 1;
    if (this.#hasAnswered) {
      return this.#unanswered >= Math.max(2 * this.#concurrency, MIN_LOST) ? 'lost' : 'fine';
    }
    return this.#unanswered >= Math.max(this.#concurrency, MIN_UNANSWERED) ? 'unreachable' : 'fine';
  }
}
