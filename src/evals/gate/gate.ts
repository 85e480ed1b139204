import { exampleChanges } from './example-changes.ts';
import { baselineReasons, criticalReasons, keyReasons, policyReasons } from './gate-reasons.ts';
import { judgeCritical } from './judge-critical.ts';
import { judgeKey } from './judge-key.ts';
import { pairExamples } from './pairing.ts';
import type { GatePolicy } from './policy.ts';
import { scoreKeys } from './score-key.ts';
import type { MeasuredExample, ScoreSet } from './score-set.ts';
import type { Reason, Verdict, VerdictStatus } from './verdict.ts';

/** What {@link gate} compares. */
export interface GateOptions {
  readonly candidate: ScoreSet;
  /** Absent when none was accepted yet. */
  readonly baseline?: ScoreSet | undefined;
  readonly policy: GatePolicy;
  /** The name of the suite, for the commands in hints. */
  readonly suite: string;
}

/**
 * Compares a run with its baseline. For each gated score key: fails iff the mean over the examples that both have (same
 * id, same content) is beyond the limit, `candidate < (1 - threshold) * baseline - 1e-9`, mirrored for lower-is-better.
 * Critical examples stand outside the means: one that fails fails the gate.
 *
 * Anything that fails for certain is a fail. Otherwise anything that could have changed the verdict and is not known
 * (measurements that are missing, examples that were removed or edited, a changed evaluator, no baseline) means no
 * verdict. Only the rest passes. Pure; never throws for any scores.
 */
export function gate({ candidate, baseline, policy, suite }: GateOptions): Verdict {
  const pairing = pairExamples(candidate, baseline ?? { ...candidate, examples: [] });
  const keys = scoreKeys(candidate, baseline, policy);
  const outsideMeans = (example: MeasuredExample) => !example.critical;
  const compared = {
    pairs: pairing.pairs.filter((pair) => outsideMeans(pair.candidate)),
    leftOut: [...pairing.removed, ...pairing.edited.map((pair) => pair.baseline)].filter(outsideMeans),
    all: candidate.examples.filter(outsideMeans),
  };
  const judged = keys.map((key) => ({ key, judgement: judgeKey(key, compared) }));
  const critical = candidate.examples
    .filter((example) => example.critical)
    .map((example) => judgeCritical(example, keys));
  const context = { candidate, baseline, pairing, compared, judged, critical, policy, suite };
  const reasons = [
    ...criticalReasons(context),
    ...keyReasons(context),
    ...baselineReasons(context),
    ...policyReasons(context),
  ].sort((a, b) => ORDER[a.effect] - ORDER[b.effect]);
  return {
    status: statusOf(reasons),
    evaluators: judged.map(({ judgement }) => judgement.verdict),
    critical,
    ...exampleChanges(pairing.pairs, keys),
    added: baseline === undefined ? [] : pairing.added.map(({ id }) => id),
    removed: pairing.removed.map(({ id }) => id),
    edited: pairing.edited.map((pair) => pair.candidate.id),
    reasons,
  };
}

const ORDER: Readonly<Record<Reason['effect'], number>> = { fail: 0, no_verdict: 1, warning: 2 };

function statusOf(reasons: readonly Reason[]): VerdictStatus {
  const worst = reasons[0]?.effect;
  return worst === undefined || worst === 'warning' ? 'pass' : worst;
}
