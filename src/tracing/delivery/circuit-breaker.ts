/** When a {@link CircuitBreaker} opens, and for how long. */
export interface CircuitPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open before one attempt may try whether the receiver is back, in milliseconds. */
  readonly openMs: number;
}

/** Opens after 5 failures in a row, for 30 s. */
export const DEFAULT_CIRCUIT: CircuitPolicy = { failures: 5, openMs: 30_000 };

/** `closed`: all is well. `open`: not now. `half_open`: the next attempt is a probe, a small one. */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** Keeps a receiver that is down from being asked again and again, and whoever asks from waiting for it each time. */
export class CircuitBreaker {
  private readonly policy: CircuitPolicy;
  private failuresInRow = 0;
  private openUntilMs = 0;

  constructor(policy: CircuitPolicy = DEFAULT_CIRCUIT) {
    this.policy = policy;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.failuresInRow;
  }

  state(nowMs: number): CircuitState {
    if (this.failuresInRow < this.policy.failures) return 'closed';
    return nowMs < this.openUntilMs ? 'open' : 'half_open';
  }

  /** How long it stays open, in milliseconds; 0 when an attempt may be made. */
  waitMs(nowMs: number): number {
    return this.state(nowMs) === 'open' ? this.openUntilMs - nowMs : 0;
  }

  /** An attempt succeeded: it closes. */
  succeeded(): void {
    this.failuresInRow = 0;
  }

  /** An attempt failed. A probe that fails opens it again. */
  failed(nowMs: number): void {
    this.failuresInRow += 1;
    if (this.failuresInRow >= this.policy.failures) this.openUntilMs = nowMs + this.policy.openMs;
  }
}
