import type { KeyJudgement } from './judge-key.ts';
import type { Compared } from './pair-scores.ts';
import type { Pairing } from './pairing.ts';
import type { ResolvedPolicy } from './policy.ts';
import type { ScoreKey } from './score-key.ts';
import type { ScoreSet } from './score-set.ts';
import type { CriticalVerdict } from './verdict.ts';

/** Everything the gate has worked out, from which the reasons follow. */
export interface GateContext {
  readonly candidate: ScoreSet;
  readonly baseline: ScoreSet | undefined;
  readonly pairing: Pairing;
  readonly compared: Compared;
  readonly judged: readonly { readonly key: ScoreKey; readonly judgement: KeyJudgement }[];
  readonly critical: readonly CriticalVerdict[];
  readonly policy: ResolvedPolicy;
  readonly baselineAgeDays: number | undefined;
  readonly suite: string;
}
