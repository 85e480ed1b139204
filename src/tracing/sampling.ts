import { createHash } from 'node:crypto';
import { type KeepDecision, type Outcome, traceRandomness } from '../core/index.ts';

/** What the decision is made from. */
export interface TraceFacts {
  /** The root's run id. */
  readonly traceId: string;
  readonly outcome: Outcome;
}

/** Which traces to keep. */
export interface KeepPolicy {
  /** Probability, from 0 to 1, that a run without an error is kept. */
  readonly sampleRate: number;
}

/** Whether a trace is kept, why, and what it stands for. */
export type Decision =
  | ({ readonly keep: true } & KeepDecision)
  | { readonly keep: false; readonly reason: string };

const SPACE = 2n ** 56n;

/**
 * Decides a finished trace. A failure is always kept, and so is a run that recovered from one; it stands for itself
 * alone. Any other is kept when the randomness of its trace id reaches the threshold of the rate, so that every service
 * that sees this trace id at this rate decides alike, and stands for 1 / rate runs.
 *
 * Source: OpenTelemetry specification, "TraceState: Probability Sampling" (keep when R >= T; adjusted count
 * 2^56 / (2^56 - T)).
 */
export function decide(trace: TraceFacts, policy: KeepPolicy): Decision {
  if (trace.outcome === 'error' || trace.outcome === 'handled_error') {
    return { keep: true, reason: trace.outcome, weight: 1 };
  }
  const threshold = rejectionThreshold(policy.sampleRate);
  if (randomness(trace.traceId) < threshold) return { keep: false, reason: 'not_sampled' };
  return { keep: true, reason: 'sampled', weight: Number(SPACE) / Number(SPACE - threshold) };
}

/** The threshold T of a rate: a trace whose 56 random bits are below it is dropped. 2^56 for a rate of 0. */
export function rejectionThreshold(sampleRate: number): bigint {
  return BigInt(Math.round((1 - sampleRate) * Number(SPACE)));
}

function randomness(traceId: string): bigint {
  const hex = traceId.replaceAll('-', '');
  if (/^[0-9a-f]{32}$/i.test(hex)) return traceRandomness(traceId);
  // A caller may have named the run itself; its hash is as random as an id, and the same in every service.
  return traceRandomness(createHash('sha256').update(traceId).digest('hex').slice(0, 32));
}
