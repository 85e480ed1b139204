import { type ChangedPair, changedPairs, exampleChanges } from './example-changes.ts';
import { adviceReasons } from './gate-advice.ts';
import type { GateContext } from './gate-context.ts';
import { baselineReasons, criticalReasons, keyReasons, policyReasons } from './gate-reasons.ts';
import { judgeCritical } from './judge-critical.ts';
import { judgeKey } from './judge-key.ts';
import { KeyScores } from './key-scores.ts';
import { decideRound, type RoundDecision } from './next-round.ts';
import type { Compared } from './pair-scores.ts';
import { pairExamples } from './pairing.ts';
import { type GatePolicy, resolvePolicy } from './policy.ts';
import { type ScoreKey, scoreKeys } from './score-key.ts';
import type { ScoreSet } from './score-set.ts';
import type { CriticalVerdict, Reason, RoundStop, Verdict, VerdictLabel, VerdictStatus } from './verdict.ts';

/** What {@link gate} compares. */
export interface GateOptions {
  /** All rounds pooled: the calls of an extra round are further repeats. */
  readonly candidate: ScoreSet;
  /** Absent when none was accepted yet. */
  readonly baseline?: ScoreSet | undefined;
  readonly policy: GatePolicy;
  /** The name of the suite, for the commands in hints. */
  readonly suite: string;
  /** The rounds beyond the first that are in the candidate. Default: none. */
  readonly rounds?:
    | {
        readonly extra: number;
        /** Whether one more was wanted and did not fit into the budget. */
        readonly budgetSpent?: boolean;
      }
    | undefined;
  /** How long ago the run that was accepted as the baseline finished. Default: not warned of. */
  readonly baselineAgeDays?: number | undefined;
}

/**
 * Compares a run with its baseline. For each gated score key: fails iff the mean over the examples that both have (same
 * id, same content) is beyond the limit, `candidate < (1 - threshold) * baseline - 1e-9`, mirrored for lower-is-better.
 * Critical examples stand outside the means: one that fails fails the gate.
 *
 * Anything that fails for certain is a fail. Otherwise anything that could have changed the verdict and is not known
 * (measurements that are missing, examples that were removed or edited, a changed evaluator, no baseline) means no
 * verdict. Only the rest passes.
 *
 * Statistics decide what the verdict is called and how often it is measured ({@link wantsAnotherRound}), not what it is,
 * unless the policy's rule is `strict` or `lenient`. Pure and deterministic; never throws for any scores.
 */
export function gate(options: GateOptions): Verdict {
  const { context, changes, reasons, round } = assess(options);
  const { candidate, baseline, pairing, judged, critical, policy } = context;
  const status = statusOf(reasons);
  const evaluators = judged.map(({ judgement }) => judgement.verdict);
  const alarms = evaluators.flatMap(({ gated, statistics }) => (gated ? (statistics?.falseAlarm ?? []) : []));
  return {
    status,
    label: labelOf(status, context),
    rule: policy.rule,
    rounds: {
      extra: options.rounds?.extra ?? 0,
      max: policy.rule === 'literal' && policy.rerun !== 'off' ? policy.maxExtraRounds : 0,
      stopped: stopOf(round, options.rounds?.budgetSpent ?? false),
    },
    // As if they were independent: for scores that go together it is less (Šidák).
    familyFalseAlarm: alarms.length === 0 ? null : 1 - alarms.reduce((none, alarm) => none * (1 - alarm), 1),
    evaluators,
    critical: [...critical],
    ...exampleChanges(changes, candidate.examples),
    added: baseline === undefined ? [] : pairing.added.map(({ id }) => id),
    removed: pairing.removed.map(({ id }) => id),
    edited: pairing.edited.map((pair) => pair.candidate.id),
    reasons: [...reasons, ...adviceReasons(context, reasons)],
  };
}

/** What {@link wantsAnotherRound} decides by. */
export interface NextRoundOptions extends Omit<GateOptions, 'rounds' | 'baselineAgeDays'> {
  /** Extra rounds that are pooled in the candidate: 0 after the first round. */
  readonly roundsSoFar: number;
}

/**
 * Whether the whole dataset should be run once more before the verdict, and why. Pure and deterministic: asked again with
 * the same scores it answers the same, so that a run that is resumed asks for the rounds it had.
 */
export function wantsAnotherRound({ roundsSoFar, ...options }: NextRoundOptions): RoundDecision {
  return assess({ ...options, rounds: { extra: roundsSoFar } }).round;
}

function assess(options: GateOptions) {
  const { candidate, baseline, suite } = options;
  const policy = resolvePolicy(options.policy);
  const pairing = pairExamples(candidate, baseline ?? { ...candidate, examples: [] });
  const keys = scoreKeys(candidate, baseline, policy);
  const compared = {
    pairs: pairing.inMeans,
    leftOut: [...pairing.removed, ...pairing.edited.map((pair) => pair.baseline)].filter(
      (example) => !example.critical,
    ),
    ...placesInMeans(candidate),
  };
  const alphaPerKey = policy.alpha / Math.max(1, keys.filter(isJudged).length);
  const looks = policy.rerun === 'off' ? 1 : policy.maxExtraRounds + 1;
  const judging = { rule: policy.rule, alphaPerKey, alphaPerLook: alphaPerKey / looks };
  const changes: ChangedPair[] = [];
  const judged = keys.map((key) => {
    // Of one key at a time: an evaluator may make up a key for each example.
    const scores = {
      candidate: new KeyScores(candidate, key),
      baseline: new KeyScores(baseline ?? { ...candidate, examples: [] }, key),
    };
    for (const change of changedPairs(key, pairing.pairs, scores)) changes.push(change);
    return { key, judgement: judgeKey(key, compared, { scores, judging }) };
  });
  const critical = judgeAllCritical(candidate, keys);
  const { baselineAgeDays } = options;
  const context: GateContext = {
    candidate,
    baseline,
    baselineAgeDays,
    pairing,
    compared,
    judged,
    critical,
    policy,
    suite,
  };
  const reasons = [
    ...criticalReasons(context),
    ...keyReasons(context),
    ...baselineReasons(context),
    ...policyReasons(context),
  ].sort((a, b) => ORDER[a.effect] - ORDER[b.effect]);
  const extra = options.rounds?.extra ?? 0;
  return { context, changes, reasons, round: decideRound({ judged, critical, reasons, policy, extra }) };
}

/** Critical examples stand outside the means. */
function placesInMeans({ examples }: ScoreSet): Pick<Compared, 'all' | 'clusters'> {
  const places: number[] = [];
  let clusters: (string | undefined)[] | undefined;
  let place = 0;
  for (const { critical, cluster } of examples) {
    if (!critical) places.push(place);
    if (cluster !== undefined) {
      clusters ??= Array.from({ length: examples.length });
      clusters[place] = cluster;
    }
    place += 1;
  }
  return { all: Uint32Array.from(places), clusters };
}

function judgeAllCritical({ examples }: ScoreSet, keys: readonly ScoreKey[]): CriticalVerdict[] {
  const verdicts: CriticalVerdict[] = [];
  for (const example of examples) if (example.critical) verdicts.push(judgeCritical(example, keys));
  return verdicts;
}

/** Whether the gate puts its rule to the key: what alpha is shared between. */
function isJudged({ gated, applies, incomparable }: ScoreKey): boolean {
  return gated && applies && incomparable === undefined;
}

const ORDER: Readonly<Record<Reason['effect'], number>> = { fail: 0, no_verdict: 1, warning: 2 };

function statusOf(reasons: readonly Reason[]): VerdictStatus {
  const worst = reasons[0]?.effect;
  return worst === undefined || worst === 'warning' ? 'pass' : worst;
}

function labelOf(status: VerdictStatus, { judged, critical }: GateContext): VerdictLabel | null {
  if (status === 'no_verdict') return null;
  const labels = judged.flatMap(({ key, judgement }) => (key.gated ? (judgement.verdict.label ?? []) : []));
  if (status === 'fail') {
    const isCertain = labels.includes('fail_confirmed') || critical.some((one) => one.status === 'fail');
    return isCertain ? 'fail_confirmed' : 'fail_unconfirmed';
  }
  if (labels.includes('fail_unconfirmed')) return 'fail_unconfirmed';
  return labels.includes('pass_weak') ? 'pass_weak' : 'pass';
}

function stopOf(round: RoundDecision, budgetSpent: boolean): RoundStop {
  if (!round.again) return round.stopped;
  return budgetSpent ? 'budget' : 'interrupted';
}
