import {
  type EvaluatorVerdict,
  formatChange,
  formatPercent,
  formatScore,
  type Verdict,
} from '../gate/index.ts';
import { LABEL_TEXT, STATUS_TEXT } from './score-row.ts';

/** The verdict in capitals, with what stands behind it where that is known. */
export function verdictWord({ status, label }: Pick<Verdict, 'status' | 'label'>): string {
  if (status === 'no_verdict' || label === null) return STATUS_TEXT[status];
  // An unconfirmed breach that the policy only warns of.
  if (status === 'pass' && label.startsWith('fail')) return `PASS, ${LABEL_TEXT[label]} as a warning`;
  return LABEL_TEXT[label];
}

/**
 * The verdict on one evaluator with the figures that tell how far to trust it:
 *
 * `FAIL (unconfirmed) has_resolution 0.86 -> 0.80 (-7.0%, limit -5.0%), 50 examples, 5 vs 5 runs; chance without any change
 * 9%; sees drops of 10.6% or more in 80% of runs`
 *
 * Undefined where there is nothing to compare.
 */
export function evaluatorLine(evaluator: EvaluatorVerdict): string | undefined {
  const { key, label, status, statistics, baselineMean, candidateMean, relativeChange } = evaluator;
  if (status === 'not_applicable' || baselineMean === null || candidateMean === null) return undefined;
  const word = label === null ? STATUS_TEXT[status] : LABEL_TEXT[label];
  const limit = formatChange(evaluator.direction === 'higher' ? -evaluator.threshold : evaluator.threshold);
  const change = relativeChange === null ? '' : `${formatChange(relativeChange)}, `;
  const scores = `${formatScore(baselineMean)} -> ${formatScore(candidateMean)} (${change}limit ${limit})`;
  return [`${word} ${key} ${scores}`, ...sizeText(evaluator)].join(', ') + trustText(statistics);
}

/**
 * {@link evaluatorLine} of the gated evaluators, what did not pass first, then the passes that say least; at most `max`.
 */
export function evaluatorLines({ evaluators }: Pick<Verdict, 'evaluators'>, max: number): string[] {
  const rank = ({ status, label }: EvaluatorVerdict) =>
    status === 'fail' ? 0 : status === 'no_verdict' ? 1 : label === 'pass_weak' ? 2 : 3;
  return evaluators
    .filter(({ gated, statistics }) => gated && statistics !== null)
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, max)
    .flatMap((evaluator) => evaluatorLine(evaluator) ?? []);
}

function sizeText({ statistics, n }: EvaluatorVerdict): string[] {
  const examples = `${n} example${n === 1 ? '' : 's'}`;
  if (statistics === null) return [examples];
  const { clusters, baselineRepeats, candidateRepeats } = statistics;
  return [
    `${examples}${clusters < statistics.examples ? ` in ${clusters} clusters` : ''}`,
    `${formatRepeats(baselineRepeats)} vs ${formatRepeats(candidateRepeats)} runs`,
  ];
}

/** `; chance without any change 9%; sees drops of 10.6% or more in 80% of runs`, as far as it is known. */
function trustText(statistics: EvaluatorVerdict['statistics']): string {
  if (statistics === null) return '';
  const { pNoise, detectableDrop } = statistics;
  return [
    ...(pNoise === null ? [] : [`; chance without any change ${formatChance(pNoise)}`]),
    ...(detectableDrop === null
      ? []
      : [`; sees drops of ${formatPercent(detectableDrop)} or more in 80% of runs`]),
  ].join('');
}

/** A chance in whole percent; `<1%` and `>99%` where that would say more than is known. */
export function formatChance(chance: number): string {
  const percent = chance * 100;
  if (percent < 1) return '<1%';
  if (percent > 99) return '>99%';
  return `${Math.round(percent)}%`;
}

/** Repeats for people: whole where they are, else with one decimal. */
export function formatRepeats(repeats: number): string {
  return Number.isInteger(repeats) ? String(repeats) : repeats.toFixed(1);
}

const STOPPED = {
  decided: 'as the verdict was then clear',
  max_rounds: 'the most that are allowed',
  budget: 'as the budget left no room for more',
  off: 'as extra rounds are off',
  no_verdict: 'as there is no verdict that they could settle',
  interrupted: 'as the run was interrupted',
} as const;

/** What extra rounds there were and why there were no more; undefined where none was run and none was wanted. */
export function roundsText({ rounds }: Pick<Verdict, 'rounds'>): string | undefined {
  const { extra, stopped } = rounds;
  if (extra === 0)
    return stopped === 'budget' ? 'No extra round was run, as the budget left no room for one.' : undefined;
  return `${extra} extra round${extra === 1 ? '' : 's'} of the whole dataset, ${STOPPED[stopped]}.`;
}

/** How often the gate fails an unchanged agent at this size; undefined where nothing was compared. */
export function familyText({ familyFalseAlarm, evaluators }: Verdict): string | undefined {
  if (familyFalseAlarm === null) return undefined;
  const gated = evaluators.filter((each) => each.gated && each.statistics !== null).length;
  const which = gated === 1 ? 'the gated evaluator' : `any of the ${gated} gated evaluators`;
  return `Chance that ${which} fails an unchanged agent once at this size: ${formatChance(familyFalseAlarm)}.`;
}
