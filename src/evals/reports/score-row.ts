import { type EvaluatorVerdict, formatChange, formatScore, type Verdict } from '../gate/index.ts';

/** Words for a verdict. */
export const STATUS_TEXT = {
  pass: 'PASS',
  fail: 'FAIL',
  no_verdict: 'NO VERDICT',
  not_applicable: 'not scored',
} as const;

/** The cells of one evaluator: baseline, now, change, limit, verdict. */
export interface ScoreRow {
  readonly key: string;
  readonly baseline: string;
  readonly now: string;
  readonly change: string;
  readonly limit: string;
  readonly verdict: string;
  readonly status: EvaluatorVerdict['status'];
  readonly gated: boolean;
}

const NONE = '–';

/** The table of a verdict. Keys that nothing was scored under are left out, unless that is all there is to say. */
export function scoreRows(verdict: Verdict): ScoreRow[] {
  return verdict.evaluators.map((evaluator) => ({
    key: evaluator.key,
    baseline: number(evaluator.baselineMean),
    now: now(evaluator),
    change: evaluator.relativeChange === null ? NONE : formatChange(evaluator.relativeChange),
    limit: limit(evaluator),
    verdict: word(evaluator),
    status: evaluator.status,
    gated: evaluator.gated,
  }));
}

function number(value: number | null): string {
  return value === null ? NONE : formatScore(value);
}

function now({ candidateMean, bounds, missing }: EvaluatorVerdict): string {
  if (bounds === undefined) return number(candidateMean);
  const range = `${bounds.low === null ? '-inf' : formatScore(bounds.low)} to ${bounds.high === null ? 'inf' : formatScore(bounds.high)}`;
  return `${number(candidateMean)} (${range}, ${missing} missing)`;
}

function limit({ direction, threshold, limit: worst, gated }: EvaluatorVerdict): string {
  if (!gated || worst === null) return NONE;
  return `${formatChange(direction === 'higher' ? -threshold : threshold)} (${formatScore(worst)})`;
}

function word({ status, gated }: EvaluatorVerdict): string {
  if (gated || status === 'not_applicable') return STATUS_TEXT[status];
  return status === 'fail' ? 'advisory, worse' : 'advisory';
}
