import { type Random, seededRandom } from '../../src/core/index.ts';

/** One example of a simulated comparison: a score of 0 or 1 for each run. */
export interface SimulatedExample {
  readonly id: string;
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
}

/** `again`: the whole set is run once more, and the rule asked again. */
export type SimulatedDecision = 'pass' | 'fail' | 'again';

/** What is simulated. */
export interface Scenario {
  readonly examples: number;
  readonly baselineRepeats: number;
  readonly candidateRepeats: number;
  /** True relative drop of the mean of these examples. */
  readonly drop: number;
  /** `uniform`: every example gets worse by it. `cluster`: some break outright. */
  readonly mechanism: 'uniform' | 'cluster';
  /** Mean of the agent's success. */
  readonly mean: number;
  /** Share of the variance between examples: 1 for examples that always or never succeed. */
  readonly correlation: number;
}

/** How often a rule failed the candidate, and the rounds that it took beyond the first. */
export interface SimulatedShare {
  readonly failed: number;
  readonly extraRounds: number;
}

/**
 * Plays a rule on seeded draws: each example succeeds with a probability from a beta distribution with the scenario's mean and
 * correlation, which stays through the trial; the baseline and each round of the candidate are draws from it.
 */
export function simulate(
  scenario: Scenario,
  decide: (examples: readonly SimulatedExample[], round: number) => SimulatedDecision,
  { trials, seed }: { readonly trials: number; readonly seed: number },
): SimulatedShare {
  const random = seededRandom(seed);
  let failed = 0;
  let extraRounds = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const before = Array.from({ length: scenario.examples }, () => beta(scenario, random));
    const after = worsened(before, scenario, random);
    const runs = (chances: readonly number[], count: number) =>
      chances.map((chance) => Array.from({ length: count }, () => (random() < chance ? 1 : 0)));
    const baseline = runs(before, scenario.baselineRepeats);
    const candidate = runs(after, scenario.candidateRepeats);
    for (let round = 0; ; round += 1) {
      const examples = baseline.map((scores, index) => ({
        id: `example-${index}`,
        baseline: scores,
        candidate: candidate[index] ?? [],
      }));
      const decision = decide(examples, round);
      if (decision !== 'again') {
        if (decision === 'fail') failed += 1;
        extraRounds += round;
        break;
      }
      for (const [index, [score = 0]] of runs(after, 1).entries()) candidate[index]?.push(score);
    }
  }
  return { failed: failed / trials, extraRounds: extraRounds / trials };
}

function worsened(chances: readonly number[], { drop, mechanism }: Scenario, random: Random): number[] {
  if (mechanism === 'uniform') return chances.map((chance) => chance * (1 - drop));
  let left = drop * chances.reduce((sum, chance) => sum + chance, 0);
  const order = chances.map((_, index) => ({ index, at: random() })).sort((a, b) => a.at - b.at);
  const after = [...chances];
  for (const { index } of order) {
    const taken = Math.min(left, after[index] ?? 0);
    after[index] = (after[index] ?? 0) - taken;
    left -= taken;
  }
  return after;
}

/** Mean m and intraclass correlation rho: a = m (1/rho - 1), b = (1 - m) (1/rho - 1). */
function beta({ mean, correlation }: Scenario, random: Random): number {
  const total = 1 / correlation - 1;
  const [x, y] = [gamma(mean * total, random), gamma((1 - mean) * total, random)];
  return x + y > 0 ? x / (x + y) : random() < mean ? 1 : 0;
}

/** Marsaglia and Tsang, ACM Transactions on Mathematical Software 26, 2000. */
function gamma(shape: number, random: Random): number {
  const open = () => 1 - random();
  if (shape < 1) return gamma(shape + 1, random) * open() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(open())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(open()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
  }
}
