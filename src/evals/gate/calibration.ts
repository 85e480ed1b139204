import { seededRandom } from '../../core/index.ts';
import { gate, wantsAnotherRound } from './gate.ts';
import { type GatePolicy, resolvePolicy } from './policy.ts';
import type { MeasuredCall, MeasuredExample, ScoreSet } from './score-set.ts';

/** What {@link calibrate} replays. */
export interface CalibrationOptions {
  /** Rounds of the same, unchanged agent over the same examples. At least two. */
  readonly rounds: readonly ScoreSet[];
  readonly policy: GatePolicy;
  readonly suite: string;
  /** Rounds on the side of the baseline. Default: half of them, at most 5. */
  readonly baselineRounds?: number | undefined;
  /** Splits that are tried where there are more of them. Default 200. */
  readonly trials?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
}

/** How often the gate would have failed an agent that did not change. */
export interface Calibration {
  /** Splits in which the gate failed. */
  readonly failedByChance: number;
  /** Splits in which the literal rule, applied once, failed. */
  readonly failedOnce: number;
  /** Splits without a verdict, such as for missing measurements. */
  readonly noVerdict: number;
  /** Splits that were tried. */
  readonly of: number;
  /** Rounds on the side of the baseline. */
  readonly baselineRounds: number;
  /** Extra rounds that the gate could take in a split, and took on average. */
  readonly extraRounds: { readonly possible: number; readonly average: number };
  /** By gated evaluator, in the order of the suite. */
  readonly perEvaluator: readonly {
    readonly key: string;
    readonly failedByChance: number;
    /** What the figures of the whole say of the literal rule applied once; null where not defined. */
    readonly expected: number | null;
  }[];
}

const DEFAULT_TRIALS = 200;
const MAX_BASELINE_ROUNDS = 5;

/**
 * Runs the gate on an agent against itself: within each example its runs are shuffled, and split into a baseline and a
 * candidate that takes its extra rounds from what is left, as a run would. Shuffling within examples keeps what each example
 * is like and makes many splits of few rounds; those splits share runs, so that the share of failures is an estimate with
 * about as much error as the number of rounds allows. Pure and seeded.
 *
 * Critical examples are left out: they fail without any comparison.
 *
 * @throws RangeError for fewer than two rounds, or a baseline that leaves none for the candidate.
 */
export function calibrate(options: CalibrationOptions): Calibration {
  const { rounds, suite, trials = DEFAULT_TRIALS, seed = 1 } = options;
  const [first] = rounds;
  if (first === undefined || rounds.length < 2)
    throw new RangeError('A calibration needs two rounds of the same agent or more.');
  const baselineRounds =
    options.baselineRounds ?? Math.min(MAX_BASELINE_ROUNDS, Math.floor(rounds.length / 2));
  if (baselineRounds < 1 || baselineRounds >= rounds.length)
    throw new RangeError(`${rounds.length} rounds cannot give a baseline of ${baselineRounds}.`);
  const resolved = resolvePolicy(options.policy);
  const possible =
    resolved.rule === 'literal' && resolved.rerun !== 'off'
      ? Math.min(resolved.maxExtraRounds, rounds.length - baselineRounds - 1)
      : 0;
  // The looks that a chance is shared between are those that there can be.
  const policy: GatePolicy = { ...options.policy, maxExtraRounds: possible };
  const pooled = poolRounds(rounds);
  const random = seededRandom(seed);
  let [failedByChance, failedOnce, noVerdict, extraTotal] = [0, 0, 0, 0];
  const failures = new Map<string, number>();
  const expected = new Map<string, number | null>();
  for (let trial = 0; trial < trials; trial += 1) {
    const shuffled = pooled.map((example) => ({ ...example, calls: shuffle(example.calls, random) }));
    const side = (from: number, to: number): ScoreSet => ({
      ...first,
      examples: shuffled.map((example) => ({ ...example, calls: example.calls.slice(from, to) })),
    });
    const baseline = side(0, baselineRounds);
    const once = gate({
      candidate: side(baselineRounds, baselineRounds + 1),
      baseline,
      policy: { ...policy, rerun: 'off', rule: 'literal', onUnconfirmed: 'fail' },
      suite,
    });
    if (once.status === 'fail') failedOnce += 1;
    let extra = 0;
    const candidate = () => side(baselineRounds, baselineRounds + 1 + extra);
    while (wantsAnotherRound({ candidate: candidate(), baseline, policy, suite, roundsSoFar: extra }).again)
      extra += 1;
    const verdict = gate({ candidate: candidate(), baseline, policy, suite, rounds: { extra } });
    extraTotal += extra;
    if (verdict.status === 'fail') failedByChance += 1;
    if (verdict.status === 'no_verdict') noVerdict += 1;
    for (const { key, gated, status } of verdict.evaluators) {
      if (!gated || status === 'not_applicable') continue;
      failures.set(key, (failures.get(key) ?? 0) + (status === 'fail' ? 1 : 0));
    }
    for (const { key, gated, statistics } of once.evaluators)
      if (gated && trial === 0) expected.set(key, statistics?.falseAlarm ?? null);
  }
  return {
    failedByChance,
    failedOnce,
    noVerdict,
    of: trials,
    baselineRounds,
    extraRounds: { possible, average: extraTotal / trials },
    perEvaluator: [...failures].map(([key, count]) => ({
      key,
      failedByChance: count,
      expected: expected.get(key) ?? null,
    })),
  };
}

/** The calls of each example over all rounds; an example that a round lacks has fewer. */
function poolRounds(rounds: readonly ScoreSet[]): MeasuredExample[] {
  const examples = new Map<string, MeasuredExample & { calls: MeasuredCall[] }>();
  for (const round of rounds)
    for (const example of round.examples) {
      if (example.critical) continue;
      const known = examples.get(example.id);
      if (known === undefined) examples.set(example.id, { ...example, calls: [...example.calls] });
      else known.calls.push(...example.calls);
    }
  // A split needs a run on each side of every example.
  let most = 0;
  for (const { calls } of examples.values()) most = Math.max(most, calls.length);
  return [...examples.values()].filter(({ calls }) => calls.length === most);
}

/** Fisher and Yates. */
function shuffle(calls: readonly MeasuredCall[], random: () => number): MeasuredCall[] {
  const shuffled = [...calls];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [shuffled[last], shuffled[other]];
    if (a !== undefined && b !== undefined) [shuffled[last], shuffled[other]] = [b, a];
  }
  return shuffled;
}
