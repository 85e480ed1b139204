import { formatPercent, formatScore } from './format-number.ts';
import type { KeyJudgement } from './judge-key.ts';
import type { ResolvedPolicy } from './policy.ts';
import type { ScoreKey } from './score-key.ts';
import type { CriticalVerdict, Reason, RoundStop } from './verdict.ts';

/** Whether the whole dataset is run once more. */
export type RoundDecision =
  | {
      readonly again: true;
      /** One line for people: which scores are in doubt. */
      readonly reason: string;
    }
  | {
      readonly again: false;
      readonly reason: string;
      readonly stopped: RoundStop;
      /** Whether the verdict is a fail, whatever else is not known. */
      readonly fails: boolean;
    };

/** What {@link decideRound} decides by. */
export interface RoundState {
  readonly judged: readonly { readonly key: ScoreKey; readonly judgement: KeyJudgement }[];
  readonly critical: readonly CriticalVerdict[];
  readonly reasons: readonly Reason[];
  readonly policy: ResolvedPolicy;
  /** Extra rounds that are pooled already. */
  readonly extra: number;
}

/**
 * The plan of `gate.rerun`: another round of the whole dataset while a gated score breaches its limit and chance could have
 * done it, and, with `close`, while one passes by no more than chance. None once something fails for certain, and none for a
 * pass that could not become one. Never of some of the examples: running failed or flipped ones again hides real drops.
 * The strict and the lenient rule have their error of measurement in them and take no second look.
 */
export function decideRound({ judged, critical, reasons, policy, extra }: RoundState): RoundDecision {
  const { rule, rerun, maxExtraRounds } = policy;
  const fails = reasons.some(({ effect }) => effect === 'fail');
  const stop = (stopped: RoundStop, reason: string) => ({ again: false, stopped, reason, fails }) as const;
  if (rule !== 'literal') return stop('off', `the ${rule} rule takes no extra rounds`);
  if (rerun === 'off' || maxExtraRounds === 0) return stop('off', 'extra rounds are off');
  const gated = judged.filter(({ key }) => key.gated);
  const isCertain =
    critical.some(({ status }) => status === 'fail') ||
    gated.some(({ judgement }) => judgement.verdict.label === 'fail_confirmed');
  if (isCertain) return stop('decided', 'it fails for certain');
  const breaches = gated.filter(
    ({ judgement }) => judgement.standing === 'breach' && judgement.verdict.status === 'fail',
  );
  const hasNoVerdict = reasons.some(({ effect }) => effect === 'no_verdict');
  const close =
    rerun === 'close' && !hasNoVerdict
      ? gated.filter(({ judgement }) => judgement.standing === 'close' && judgement.verdict.status === 'pass')
      : [];
  const doubts = [
    ...breaches.map(({ judgement }) => `${sizeOf(judgement)} breaches its limit, which may be chance`),
    ...close.map(({ judgement }) => `${sizeOf(judgement)} is within its limit, which may be chance`),
  ];
  const reason = doubts.slice(0, 2).join('; ') + (doubts.length > 2 ? `; and ${doubts.length - 2} more` : '');
  if (doubts.length === 0)
    return hasNoVerdict
      ? stop('no_verdict', 'another round would not give a verdict')
      : stop('decided', 'the verdict is clear');
  if (extra >= maxExtraRounds) return stop('max_rounds', reason);
  return { again: true, reason };
}

function sizeOf({ verdict }: KeyJudgement): string {
  const { key, baselineMean, candidateMean, relativeChange } = verdict;
  if (baselineMean === null || candidateMean === null) return key;
  const change = relativeChange === null ? '' : ` (${formatPercent(relativeChange)})`;
  return `${key} ${formatScore(baselineMean)} -> ${formatScore(candidateMean)}${change}`;
}
