import { createHash } from 'node:crypto';
import { traceRandomness } from '../../core/index.ts';

/** Number of values that the 56 random bits of a trace can have. */
export const RANDOM_SPACE = 2n ** 56n;

/** The threshold T of a rate: a trace whose 56 random bits are below it is dropped. 2^56 for a rate of 0. */
export function rejectionThreshold(sampleRate: number): bigint {
  return BigInt(Math.round((1 - sampleRate) * Number(RANDOM_SPACE)));
}

/**
 * How many traces one that passed the threshold stands for.
 *
 * Source: OpenTelemetry specification, "TraceState: Probability Sampling": adjusted count = 2^56 / (2^56 - T).
 */
export function adjustedCount(threshold: bigint): number {
  return Number(RANDOM_SPACE) / Number(RANDOM_SPACE - threshold);
}

/** The random bits of an interrupted run and of its resume. A hash: checkpoint ids are made of the time. */
export function checkpointRandomness(checkpointId: string): bigint {
  return randomnessOf(`checkpoint ${checkpointId}`);
}

/** The random bits of a trace: those of its id, so that every service that sees the id decides alike. */
export function randomnessOf(traceId: string): bigint {
  const hex = traceId.replaceAll('-', '');
  if (/^[0-9a-f]{32}$/i.test(hex)) return traceRandomness(traceId);
  // A caller may have named the run itself; its hash is as random as an id, and the same in every service.
  return traceRandomness(createHash('sha256').update(traceId).digest('hex').slice(0, 32));
}
