import { EXIT, type ExitCode, UsageError } from '../../core/index.ts';
import { type Baseline, baselineSuites, summarizeBaseline } from '../../evals/baseline/index.ts';
import {
  BASELINE_REPEATS,
  DEFAULT_THRESHOLD,
  formatPercent,
  formatScore,
  scoreSettings,
} from '../../evals/gate/index.ts';
import { plainText, textTable } from '../../evals/reports/index.ts';
import {
  detectableDrop,
  detection,
  falseAlarm,
  type Layout,
  type Noise,
  needed,
} from '../../evals/stats/index.ts';
import type { CommandContext } from '../command.ts';
import { loadBaseline } from './baseline-source.ts';
import type { PlanValues } from './plan.ts';

/** One score with what a layout sees of it. */
interface PlannedScore {
  readonly key: string;
  readonly mean: number;
  readonly flakiness: number;
  /** Whether the flakiness is a guess: one run of each example does not show it. */
  readonly flakinessAssumed: boolean;
  readonly examples: number;
  readonly repeats: number;
  readonly baselineRepeats: number;
  /** Chance that the literal rule, applied once, fails an unchanged agent. */
  readonly falseAlarm: number;
  /** Smallest drop that is seen with the wanted power. */
  readonly sees: number;
  /** Chance that the wanted drop is seen. */
  readonly seesWanted: number;
  /** What would see it, with at most 5% false alarms: null where no number does. */
  readonly needed: { readonly examples: number | null; readonly repeats: number | null };
}

/** Intraclass correlation of agents on public benchmarks, in the middle: half of the variance is between examples. */
const USUAL_CORRELATION = 0.5;
const POWER = 0.8;
const ALPHA = 0.05;

/** Prints what a gate sees and what it needs. */
export async function runPlan(values: PlanValues, context: CommandContext): Promise<ExitCode> {
  if (!values.gate)
    throw new UsageError('USAGE', 'What is to be planned?', {
      hint: 'The size of an evaluation: sluice plan --gate',
    });
  const threshold = parseShare(values.threshold, '--threshold') ?? DEFAULT_THRESHOLD;
  const drop = parseShare(values.drop, '--drop') ?? 2 * threshold;
  const power = parseShare(values.power, '--power') ?? POWER;
  if (drop <= threshold)
    throw new UsageError('FLAG_INVALID', `--drop must be above the limit of ${formatPercent(threshold)}.`, {
      hint: 'A drop at the limit is seen in half of all runs, whatever their size. Set a smaller --threshold too.',
    });
  const { from, scores } = await readScores(values, context);
  const planned = scores.map((score) => planScore(score, { threshold, drop, power }));
  const wanted = { threshold, drop, power, falseAlarm: ALPHA };
  context.stdout.write(
    values.json
      ? `${JSON.stringify({ from, ...wanted, scores: planned }, null, 2)}\n`
      : toText(from, planned, wanted),
  );
  return EXIT.pass;
}

interface Score {
  readonly key: string;
  readonly noise: Omit<Noise, 'threshold'>;
  readonly flakinessAssumed: boolean;
  readonly layout: Layout;
}

async function readScores(
  values: PlanValues,
  context: CommandContext,
): Promise<{ readonly from: string; readonly scores: readonly Score[] }> {
  if (values.mean !== undefined) {
    const mean = parseShare(values.mean, '--mean') ?? 0;
    if (values.examples === undefined)
      throw new UsageError('FLAG_INVALID', '--examples is missing: --mean says nothing of the size.');
    return {
      from: 'the flags',
      scores: [
        {
          key: 'score',
          noise: { mean, flakiness: values.flakiness ?? usualFlakiness(mean) },
          flakinessAssumed: values.flakiness === undefined,
          layout: {
            examples: values.examples,
            baselineRepeats: values.baselineRepeats ?? BASELINE_REPEATS,
            candidateRepeats: values.repeats ?? 1,
          },
        },
      ],
    };
  }
  const baseline = await readSource(values, context);
  const scores = scoresOf(baseline, values);
  if (scores.length === 0)
    throw new UsageError(
      'BASELINE_INVALID',
      `The baseline of ${baseline.suite} has no gated score between 0 and 1.`,
      {
        hint: 'Give the mean by hand: sluice plan --gate --mean 0.85 --examples 50',
      },
    );
  const size = `${baseline.examples.length} examples x ${baseline.repeats}`;
  return { from: `the baseline of ${baseline.suite}, ${size}`, scores };
}

async function readSource(values: PlanValues, context: CommandContext): Promise<Baseline> {
  const suites = values.suite === undefined ? await baselineSuites(context.cwd) : [values.suite];
  const [suite, other] = suites;
  const byHand = 'sluice plan --gate --mean 0.85 --examples 50';
  if (suite === undefined)
    throw new UsageError('BASELINE_MISSING', 'There is no baseline in datasets/baselines.', {
      hint: `Accept a run, or give the figures by hand: ${byHand}`,
    });
  if (other !== undefined)
    throw new UsageError('SUITE_AMBIGUOUS', `Which suite? There are baselines of ${suites.join(', ')}.`, {
      hint: `Name one: sluice plan ${suite} --gate`,
    });
  const baseline = await loadBaseline({ suite, file: values.baseline }, context);
  if (baseline !== undefined) return baseline;
  throw new UsageError('BASELINE_MISSING', `The suite ${suite} has no baseline yet.`, {
    hint: `Accept a run, or give the figures by hand: ${byHand}`,
  });
}

/** Shares only: of scores without a range no usual flakiness is known, and advisory ones are not gated. */
function scoresOf(baseline: Baseline, values: PlanValues): Score[] {
  return summarizeBaseline(baseline).flatMap(({ key, mean, n, gate, direction, flakiness }) => {
    const range = scoreSettings(key, baseline.evaluators)?.range ?? [0, 1];
    if (!gate || mean === null || mean <= 0 || direction !== 'higher' || range[0] !== 0 || range[1] !== 1)
      return [];
    const known = values.flakiness ?? (flakiness === 0 ? neverZero(baseline, n) : flakiness);
    return [
      {
        key,
        noise: { mean, flakiness: known ?? usualFlakiness(mean) },
        flakinessAssumed: known === null,
        layout: {
          examples: values.examples ?? n,
          baselineRepeats: values.baselineRepeats ?? baseline.repeats,
          candidateRepeats: values.repeats ?? 1,
        },
      },
    ];
  });
}

/** Half of the variance of 0 and 1 with this mean; a hundredth at least, as for an agent that never fails. */
function usualFlakiness(mean: number): number {
  return Math.max(0.01, mean * (1 - mean) * (1 - USUAL_CORRELATION));
}

/** Where nothing varied: as if two more examples had flipped once. */
function neverZero(baseline: Baseline, n: number): number {
  return 2 / (baseline.repeats + 1) / (n + 2);
}

function planScore(
  { key, noise: measured, flakinessAssumed, layout }: Score,
  { threshold, drop, power }: { readonly threshold: number; readonly drop: number; readonly power: number },
): PlannedScore {
  const noise = { ...measured, threshold };
  const wanted = { drop, power, alpha: ALPHA };
  return {
    key,
    mean: noise.mean,
    flakiness: noise.flakiness,
    flakinessAssumed,
    examples: layout.examples,
    repeats: layout.candidateRepeats,
    baselineRepeats: layout.baselineRepeats,
    falseAlarm: falseAlarm(noise, layout),
    sees: detectableDrop(noise, layout, power),
    seesWanted: detection(noise, layout, drop),
    needed: {
      examples: needed('examples', noise, layout, wanted),
      repeats: needed('candidateRepeats', noise, layout, wanted),
    },
  };
}

function toText(
  from: string,
  scores: readonly PlannedScore[],
  { drop, power, threshold }: { readonly drop: number; readonly power: number; readonly threshold: number },
): string {
  const [first] = scores;
  if (first === undefined) return '';
  const wanted = formatPercent(drop);
  const often = `${Math.round(power * 100)}%`;
  const rows = scores.map((score) => [
    plainText(score.key, 40),
    formatScore(score.mean),
    `${score.flakiness.toFixed(3)}${score.flakinessAssumed ? '*' : ''}`,
    formatPercent(score.falseAlarm),
    formatPercent(score.sees),
    formatPercent(score.seesWanted),
    score.needed.examples === null ? 'none' : String(score.needed.examples),
    score.needed.repeats === null ? 'none' : String(score.needed.repeats),
  ]);
  const head = [
    'evaluator',
    'mean',
    'flakiness',
    'false alarm',
    'sees',
    `sees ${wanted}`,
    'examples',
    'repeats',
  ];
  const notes = [
    'false alarm: how often the limit, applied once, fails an agent that did not change.',
    `sees: the smallest drop that fails in ${often} of runs; sees ${wanted}: in how many a drop of ${wanted} does.`,
    `examples, repeats: how many of one, with the other as it is, see ${wanted} in ${often} of runs with at most 5% false alarms.`,
    ...(scores.some(({ needed: { repeats } }) => repeats === null)
      ? [
          'none: the noise of the baseline alone is too much for any number of repeats; take more examples or baseline runs.',
        ]
      : []),
    ...(scores.some(({ flakinessAssumed }) => flakinessAssumed)
      ? [
          '*: one run of each example does not show it; half of the variance is taken, which is usual for agents.',
        ]
      : []),
    ...(first.baselineRepeats >= BASELINE_REPEATS
      ? ['The default gate measures close results again, which leaves about a third of these false alarms.']
      : []),
  ];
  const size = `${first.examples} examples, ${first.baselineRepeats} vs ${first.repeats} runs, limit ${formatPercent(threshold)}`;
  return `From ${from}: ${size}\n\n${textTable([head, ...rows], new Set([1, 2, 3, 4, 5, 6, 7])).join('\n')}\n\n${notes.join('\n')}\n`;
}

/** `7%` and `0.07`, in (0, 1); 100% and 1 for a mean. */
function parseShare(typed: string | undefined, flag: string): number | undefined {
  if (typed === undefined) return undefined;
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(typed) ?? [];
  const share = digits === undefined ? Number.NaN : Number(digits) / (percent === '%' ? 100 : 1);
  const isIn = share > 0 && (share < 1 || (flag === '--mean' && share === 1));
  if (isIn) return share;
  throw new UsageError(
    'FLAG_INVALID',
    `${flag} must be a share such as 10% or 0.1, not ${JSON.stringify(typed)}.`,
  );
}
