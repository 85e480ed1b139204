import { normalCdf, normalQuantile } from './distributions.ts';

/** How a comparison is laid out. */
export interface Layout {
  /** Compared examples, or as many as the clusters are worth. */
  readonly examples: number;
  /** Runs of each example on the side of the baseline. */
  readonly baselineRepeats: number;
  /** Runs of each example of the candidate. */
  readonly candidateRepeats: number;
}

/** What is measured, and the limit. */
export interface Noise {
  /** Mean of the baseline, in units of the score; not 0. */
  readonly mean: number;
  /** Mean variance of the scores of one example over its runs, in squared units. */
  readonly flakiness: number;
  /** Allowed relative change for the worse. */
  readonly threshold: number;
  /** Default `higher`. */
  readonly direction?: 'higher' | 'lower' | undefined;
  /**
   * Whether a drop makes scores between 0 and 1 vary more: a drop d of a mean b that every example shares has the variance
   * (1-d)(d b + (1-d) v) in place of v. False for scores without that range. Default true.
   */
  readonly spreads?: boolean | undefined;
}

/**
 * Standard error of the literal rule's statistic, relative to the baseline, when the true relative change for the worse is
 * `drop`: SE(d) = sqrt([ (1-d)(d b + (1-d) v) / r + (1-t)^2 v / r0 ] / n) / b.
 */
export function changeError(noise: Noise, layout: Layout, drop: number): number {
  const { flakiness: v, threshold, direction = 'higher' } = noise;
  const mean = Math.abs(noise.mean);
  const spreads = (noise.spreads ?? true) && direction === 'higher';
  const variance = spreads ? (1 - drop) * (drop * mean + (1 - drop) * v) : v;
  const factor = direction === 'higher' ? 1 - threshold : 1 + threshold;
  const { examples, baselineRepeats, candidateRepeats } = layout;
  return (
    Math.sqrt(Math.max(0, variance / candidateRepeats + (factor ** 2 * v) / baselineRepeats) / examples) /
    mean
  );
}

/** Chance that the literal rule fails an unchanged agent: Phi(-t / SE(0)). */
export function falseAlarm(noise: Noise, layout: Layout): number {
  const error = changeError(noise, layout, 0);
  return error === 0 ? 0 : normalCdf(-noise.threshold / error);
}

/** Chance that the literal rule fails an agent whose true relative change for the worse is `drop`. */
export function detection(noise: Noise, layout: Layout, drop: number): number {
  const error = changeError(noise, layout, drop);
  if (error === 0) return drop > noise.threshold ? 1 : 0;
  return normalCdf((drop - noise.threshold) / error);
}

/**
 * The smallest relative change for the worse that the literal rule fails with a chance of `power` (default 0.8): d = t + z
 * SE(d), iterated. At most 0.99 for a drop.
 */
export function detectableDrop(noise: Noise, layout: Layout, power = 0.8): number {
  const z = normalQuantile(power);
  const most = noise.direction === 'lower' ? Number.POSITIVE_INFINITY : 0.99;
  let drop = noise.threshold;
  for (let round = 0; round < 40; round += 1)
    drop = Math.min(most, noise.threshold + z * changeError(noise, layout, drop));
  return drop;
}

/** Most examples and repeats that are looked for. */
export const MAX_NEEDED = 100_000;

/**
 * The smallest whole number up to {@link MAX_NEEDED} of examples, or of candidate repeats, with which a drop is seen with a
 * chance of `power` (default 0.8) and an unchanged agent fails with a chance of at most `alpha` (default 0.05). Null where
 * no number does: a drop that is not beyond the limit, or a baseline whose own noise is too large.
 */
export function needed(
  vary: 'examples' | 'candidateRepeats',
  noise: Noise,
  layout: Layout,
  wanted: { readonly drop: number; readonly power?: number; readonly alpha?: number },
): number | null {
  const { drop, power = 0.8, alpha = 0.05 } = wanted;
  if (drop <= noise.threshold) return null;
  const suffices = (count: number) => {
    const tried = { ...layout, [vary]: count };
    return falseAlarm(noise, tried) <= alpha && detection(noise, tried, drop) >= power;
  };
  if (!suffices(MAX_NEEDED)) return null;
  let [low, high] = [1, MAX_NEEDED];
  // More of either never makes the errors larger.
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
