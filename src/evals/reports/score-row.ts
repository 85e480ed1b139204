import { type EvaluatorVerdict, formatChange, formatScore, type Verdict } from '../gate/index.ts';

/** Words for a verdict. */
export const STATUS_TEXT = {
  pass: 'PASS',
  fail: 'FAIL',
  no_verdict: 'NO VERDICT',
  not_applicable: 'not scored',
} as const;

/** Words for a label: what stands behind a pass or a fail. */
export const LABEL_TEXT = {
  pass: 'PASS',
  pass_weak: 'PASS (weak)',
  fail_confirmed: 'FAIL (confirmed)',
  fail_unconfirmed: 'FAIL (unconfirmed)',
} as const;

/** The cells of one evaluator: baseline, now, change, limit, verdict. */
export interface ScoreRow {
  readonly key: string;
  readonly baseline: string;
  readonly now: string;
  readonly change: string;
  /** Allowed change and the worst mean that passes: `-5.0% (0.912)`. */
  readonly limit: string;
  /** The worst mean that passes. */
  readonly worst: string;
  /** What the mean can be with the calls that were not measured: `0.85 to 0.92, 3 missing`; empty when none is missing. */
  readonly missing: string;
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
    now: number(evaluator.candidateMean),
    change: evaluator.relativeChange === null ? NONE : formatChange(evaluator.relativeChange),
    limit: limit(evaluator),
    worst: evaluator.gated ? number(evaluator.limit) : NONE,
    missing: missing(evaluator),
    verdict: word(evaluator),
    status: evaluator.status,
    gated: evaluator.gated,
  }));
}

function number(value: number | null): string {
  return value === null ? NONE : formatScore(value);
}

function missing({ bounds, missing: count }: EvaluatorVerdict): string {
  if (bounds === undefined) return '';
  const low = bounds.low === null ? '-inf' : formatScore(bounds.low);
  const high = bounds.high === null ? 'inf' : formatScore(bounds.high);
  return `${low} to ${high}, ${count} missing`;
}

function limit({ direction, threshold, limit: worst, gated }: EvaluatorVerdict): string {
  if (!gated || worst === null) return NONE;
  return `${formatChange(direction === 'higher' ? -threshold : threshold)} (${formatScore(worst)})`;
}

function word({ status, gated, label }: EvaluatorVerdict): string {
  if (gated && label !== null) return LABEL_TEXT[label];
  if (gated || status === 'not_applicable') return STATUS_TEXT[status];
  return status === 'fail' ? 'advisory, worse' : 'advisory';
}
