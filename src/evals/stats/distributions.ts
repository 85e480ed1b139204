/**
 * Chance that a standard normal number is at most `z`. Absolute error below 7.5e-8 (Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.2.17).
 */
export function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const tail =
    density *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}

const CENTRAL = {
  above: [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ],
  below: [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572],
} as const;
const TAIL = {
  above: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  below: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416],
} as const;
const TAIL_FROM = 0.02425;

/** The inverse of {@link normalCdf}. Relative error below 1.15e-9 (P. J. Acklam's rational approximation, 2003). */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 1 - TAIL_FROM) return -normalQuantile(1 - p);
  if (p < TAIL_FROM) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(TAIL.above, q) / (horner(TAIL.below, q) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return (horner(CENTRAL.above, r) * q) / (horner(CENTRAL.below, r) * r + 1);
}

/**
 * Quantile of Student's t. Exact for one and two degrees of freedom, else the Cornish-Fisher expansion (Abramowitz and
 * Stegun 26.7.5), which is within 0.03 of the table from three degrees on and within 0.001 from ten.
 */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  const df = Math.max(1, degreesOfFreedom);
  if (df < 2) return Math.tan(Math.PI * (p - 0.5));
  if (df < 3) return (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
  const z = normalQuantile(p);
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  return (
    z +
    (z3 + z) / (4 * df) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * df ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df ** 3)
  );
}

function horner(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
