import { needed } from '../stats/index.ts';
import { formatPercent, formatScore } from './format-number.ts';
import type { GateContext } from './gate-context.ts';
import type { KeyJudgement } from './judge-key.ts';
import { LOW_BASELINE } from './policy.ts';
import type { ScoreKey } from './score-key.ts';
import type { Reason } from './verdict.ts';

/** Runs of each example that a baseline should have: with one, no number of candidate runs takes its noise away. */
export const BASELINE_REPEATS = 5;

interface Judged {
  readonly key: ScoreKey;
  readonly judgement: KeyJudgement;
}

/**
 * What would make the verdict worth more: each thing once, with the scores it is about. Only what the reader of this verdict
 * can use: nothing of size beside a fail that is confirmed or a missing verdict.
 */
export function adviceReasons(context: GateContext, reasons: readonly Reason[]): Reason[] {
  const gated = context.judged.filter(
    ({ key, judgement }) => key.gated && judgement.relative !== undefined && !judgement.leftOutDecides,
  );
  const isSettled =
    reasons.some(({ effect }) => effect === 'no_verdict') ||
    context.critical.some(({ status }) => status === 'fail') ||
    gated.some(({ judgement }) => judgement.verdict.label === 'fail_confirmed');
  const few = gated.filter(isFewExamples);
  return [
    ...gated.flatMap(tooLow),
    ...outOfRange(gated),
    ...fewExamples(few),
    ...(isSettled ? [] : weakGate(context, gated, few)),
    ...(isSettled ? [] : fewBaselineRepeats(context, gated)),
    ...oldBaseline(context),
  ];
}

function tooLow({ key, judgement }: Judged): Reason[] {
  const { baselineMean } = judgement.verdict;
  if (!judgement.tooLow || baselineMean === null) return [];
  const decides = key.min === undefined ? '' : `; its minimum of ${formatScore(key.min)} decides`;
  return [
    {
      code: 'BASELINE_TOO_LOW',
      effect: 'warning',
      message: `The baseline of ${key.key} is ${formatScore(baselineMean)}, too close to its worst score for a relative rule${decides}.`,
      ...(key.min === undefined && key.direction === 'higher'
        ? { hint: `Set an absolute minimum: gate: { min: { ${JSON.stringify(key.key)}: ${LOW_BASELINE} } }` }
        : {}),
    },
  ];
}

function outOfRange(gated: readonly Judged[]): Reason[] {
  return gated.flatMap(({ key }) => {
    const [min, max] = key.declaredRange;
    if (min === key.range[0] && max === key.range[1]) return [];
    return [
      {
        code: 'SCORE_OUT_OF_RANGE',
        effect: 'warning' as const,
        message: `${key.key} has scores outside its range [${min ?? '-inf'}, ${max ?? 'inf'}]; it counts as having no bound there.`,
        hint: 'Declare the range of the evaluator.',
      },
    ];
  });
}

/** One flip is then more than the limit allows: examples x repeats x baseline < 1 / threshold. */
function isFewExamples({ key, judgement }: Judged): boolean {
  const { baselineMean, n } = judgement.verdict;
  if (judgement.tooLow || baselineMean === null || !isShare(key)) return false;
  return n * judgement.repeats * baselineMean * key.threshold < 1;
}

function isShare({ range, direction }: ScoreKey): boolean {
  return range[0] === 0 && range[1] === 1 && direction === 'higher';
}

function fewExamples(few: readonly Judged[]): Reason[] {
  const smallest = leastBy(few, ({ judgement }) => judgement.verdict.n * judgement.repeats);
  if (smallest === undefined) return [];
  const { n, threshold } = smallest.judgement.verdict;
  const repeats = Math.round(smallest.judgement.repeats);
  const size = `${n} compared example${n === 1 ? '' : 's'}${repeats > 1 ? ` of ${repeats} runs` : ''}`;
  return [
    {
      code: 'FEW_EXAMPLES',
      effect: 'warning',
      message: `${size} ${n === 1 ? 'is' : 'are'} too few for ${keysOf(few)}: a single failure is beyond the limit of ${formatPercent(threshold)}.`,
      hint: 'Add examples, or set repeats.',
    },
  ];
}

/** Scores under which drops of twice the limit would more often than once in five runs not be seen. */
function weakGate({ suite }: GateContext, gated: readonly Judged[], few: readonly Judged[]): Reason[] {
  const weak = gated.filter((one) => {
    const seen = one.judgement.statistics?.shown.detectableDrop ?? null;
    return !few.includes(one) && !one.judgement.tooLow && seen !== null && seen > 2 * one.key.threshold;
  });
  const worst = leastBy(weak, ({ judgement }) => -(judgement.statistics?.shown.detectableDrop ?? 0));
  const figures = worst?.judgement.statistics?.shown;
  if (worst === undefined || figures?.detectableDrop == null) return [];
  return [
    {
      code: 'WEAK_GATE',
      effect: 'warning',
      message: `A drop of ${formatPercent(2 * worst.key.threshold)} could be missed: ${keysOf(weak)} ${weak.length === 1 ? 'sees' : 'see'} drops of ${formatPercent(figures.detectableDrop)} or more in 80% of runs.`,
      hint: wayOut(worst, suite),
    },
  ];
}

function wayOut({ key, judgement }: Judged, suite: string): string {
  const figures = judgement.statistics?.shown;
  const mean = judgement.verdict.baselineMean;
  const plan = `sluice plan ${suite} --gate`;
  if (figures === undefined || mean === null || mean === 0) return `See what is needed: ${plan}`;
  const noise = {
    mean,
    flakiness: figures.flakiness,
    threshold: key.threshold,
    direction: key.direction,
    spreads: isShare(key),
  };
  const layout = {
    examples: figures.clusters,
    baselineRepeats: Math.max(figures.baselineRepeats, BASELINE_REPEATS),
    candidateRepeats: figures.candidateRepeats,
  };
  const wanted = { drop: 2 * key.threshold };
  const examples = needed('examples', noise, layout, wanted);
  const repeats = needed('candidateRepeats', noise, layout, wanted);
  const ways = [
    ...(repeats === null || repeats > 20 ? [] : [`${repeats} repeats`]),
    ...(examples === null ? [] : [`${examples} examples`]),
  ];
  return ways.length === 0
    ? `See what is needed: ${plan}`
    : `To see it, take ${ways.join(' or ')}, with a baseline of ${BASELINE_REPEATS} runs: ${plan}`;
}

/** Only where noise was seen: what never varies needs no second run. */
function fewBaselineRepeats({ suite }: GateContext, gated: readonly Judged[]): Reason[] {
  const few = gated.filter(({ judgement }) => {
    const figures = judgement.statistics?.shown;
    if (figures === undefined || judgement.tooLow || figures.flakiness === 0) return false;
    return figures.baselineRepeats < BASELINE_REPEATS;
  });
  const fewest = leastBy(few, ({ judgement }) => judgement.statistics?.shown.baselineRepeats ?? 0);
  const runs = fewest?.judgement.statistics?.shown.baselineRepeats;
  if (runs === undefined) return [];
  const rounded = Number(runs.toFixed(1));
  return [
    {
      code: 'BASELINE_FEW_REPEATS',
      effect: 'warning',
      message: `The baseline has ${rounded} run${rounded === 1 ? '' : 's'} of each example: no number of runs of the candidate takes its noise away.`,
      hint: `Record ${BASELINE_REPEATS}: sluice eval ${suite} --repeats ${BASELINE_REPEATS}, then sluice baseline accept --suite ${suite}`,
    },
  ];
}

function oldBaseline({ baseline, baselineAgeDays: days, policy, suite }: GateContext): Reason[] {
  if (baseline === undefined || days === undefined || days < policy.baselineMaxAgeDays) return [];
  return [
    {
      code: 'BASELINE_OLD',
      effect: 'warning',
      message: `The baseline is ${Math.floor(days)} days old: models, tools and data behind the agent may have changed since.`,
      hint: `Record it again from the main branch: sluice eval ${suite} --repeats ${BASELINE_REPEATS}, then sluice baseline accept --suite ${suite}`,
    },
  ];
}

/** The first few keys; the rest as a number. */
function keysOf(judged: readonly Judged[]): string {
  const names = judged.map(({ key }) => key.key);
  return names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

function leastBy<Item>(items: readonly Item[], size: (item: Item) => number): Item | undefined {
  let least: Item | undefined;
  for (const item of items) if (least === undefined || size(item) < size(least)) least = item;
  return least;
}
