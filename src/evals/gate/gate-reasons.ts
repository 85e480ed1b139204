import { formatChange, formatPercent, formatScore } from './format-number.ts';
import type { GateContext } from './gate-context.ts';
import type { KeyJudgement } from './judge-key.ts';
import { missingReasons } from './missing-reasons.ts';
import { MAX_LEFT_OUT_SHARE, type ResolvedPolicy } from './policy.ts';
import { acceptHint, count, RUN_AGAIN } from './reason-text.ts';
import type { ScoreKey } from './score-key.ts';
import { settingsReasons, TIMEOUT } from './settings-reasons.ts';
import type { Reason } from './verdict.ts';

/** Critical examples that failed, could not be judged, or are gone. */
export function criticalReasons({ critical, pairing, suite }: GateContext): Reason[] {
  const reasons: Reason[] = [];
  const failed = critical.filter(({ status }) => status === 'fail');
  if (failed.length > 0)
    reasons.push({
      code: 'CRITICAL_FAILED',
      effect: 'fail',
      message: `${count(failed.length, 'critical example')} failed: ${names(failed)}.`,
    });
  const unknown = critical.filter(({ status }) => status === 'no_verdict');
  if (unknown.length > 0)
    reasons.push({
      code: 'CRITICAL_NOT_JUDGED',
      effect: 'no_verdict',
      message: `${count(unknown.length, 'critical example')} could not be judged: ${names(unknown)}.`,
      hint: `${RUN_AGAIN} A critical example needs a gated evaluator with a worst score that applies to it.`,
    });
  const gone = [
    ...pairing.removed.filter(({ critical: was }) => was).map(({ id }) => ({ exampleId: id })),
    ...pairing.edited
      .filter((pair) => pair.baseline.critical && !pair.candidate.critical)
      .map((pair) => ({ exampleId: pair.candidate.id })),
  ];
  if (gone.length > 0)
    reasons.push({
      code: 'CRITICAL_REMOVED',
      effect: 'no_verdict',
      message: `${count(gone.length, 'example')} critical in the baseline ${gone.length === 1 ? 'is' : 'are'} no longer so: ${names(gone)}.`,
      hint: acceptHint(suite),
    });
  return reasons;
}

/** What each score key says; advisory keys only warn. */
export function keyReasons(context: GateContext): Reason[] {
  const { judged, baseline, policy, suite } = context;
  const own = judged.flatMap(({ key, judgement }) => {
    const reasons = [
      ...comparability(key, judgement, baseline !== undefined, suite),
      ...breach(key, judgement, policy),
    ];
    if (key.gated) return reasons;
    // What an advisory evaluator says is in the table; only what makes it unreadable is worth a line.
    return reasons.flatMap((reason) =>
      reason.effect === 'fail' || reason.code === 'SCORE_DROPPED'
        ? []
        : [{ code: reason.code, effect: 'warning' as const, message: `${reason.message} (advisory)` }],
    );
  });
  return [...own, ...missingReasons(context)];
}

function comparability(
  key: ScoreKey,
  { verdict, relative }: KeyJudgement,
  hasBaseline: boolean,
  suite: string,
): Reason[] {
  if (!hasBaseline) return [];
  const incomparable = {
    new: ['EVALUATOR_NEW', `${key.key} is new since the baseline was accepted.`],
    removed: ['EVALUATOR_REMOVED', `${key.key} is in the baseline and no longer in the suite.`],
    changed: ['EVALUATOR_CHANGED', `The evaluator of ${key.key} changed since the baseline was accepted.`],
    judge: ['EVALUATOR_CHANGED', `The judge model of ${key.key} changed since the baseline was accepted.`],
    range: ['EVALUATOR_CHANGED', `The range of ${key.key} changed since the baseline was accepted.`],
    direction: ['EVALUATOR_CHANGED', `${key.key} was accepted with the other direction.`],
  } as const;
  if (key.allowed !== undefined) {
    const [, message] = incomparable[key.allowed];
    return [
      {
        code: 'EVALUATOR_CHANGED',
        effect: 'warning',
        message: `${message.replace(/\.$/, '')}; compared all the same, as it is allowed to.`,
      },
    ];
  }
  if (key.incomparable !== undefined) {
    if (verdict.status === 'not_applicable' && !key.wasScored) return [];
    const [code, message] = incomparable[key.incomparable];
    const allow = ['changed', 'judge', 'range'].includes(key.incomparable)
      ? ` (or compare all the same, where the change cannot move scores: --allow-changed ${key.key})`
      : '';
    return [{ code, effect: 'no_verdict', message, hint: `${acceptHint(suite)}${allow}` }];
  }
  if (relative !== undefined || verdict.status === 'not_applicable') return [];
  return [
    {
      code: 'NO_COMPARABLE_EXAMPLE',
      effect: 'no_verdict',
      message: `No example that has a score of ${key.key} is in the baseline with one.`,
      hint: acceptHint(suite),
    },
  ];
}

function breach(key: ScoreKey, judgement: KeyJudgement, policy: ResolvedPolicy): Reason[] {
  const { baselineMean, candidateMean, relativeChange, label } = judgement.verdict;
  const reasons: Reason[] = [];
  if (judgement.absolute === 'fail')
    reasons.push({
      code: 'BELOW_MIN',
      effect: 'fail',
      message: `${key.key} ${judgement.meanOfAll === null ? '' : `is ${formatScore(judgement.meanOfAll)}, `}below its minimum of ${formatScore(key.min ?? 0)}.`,
    });
  if (judgement.relative === 'fail' && !judgement.leftOutDecides) {
    const change = relativeChange === null ? '' : ` (${formatChange(relativeChange)})`;
    const limit = formatChange(key.direction === 'higher' ? -key.threshold : key.threshold);
    const onlyWarns =
      policy.rule === 'literal' && policy.onUnconfirmed === 'warn' && label === 'fail_unconfirmed';
    const chance = judgement.statistics?.shown.pNoise ?? null;
    const unconfirmed =
      label !== 'fail_unconfirmed' || chance === null || policy.rule !== 'literal'
        ? ''
        : ` Not confirmed: chance alone goes so far in ${formatPercent(chance)} of runs without any change.`;
    const beyond =
      policy.rule === 'strict'
        ? `; a change beyond the limit of ${limit} is not ruled out`
        : `; the limit is ${limit}`;
    reasons.push({
      code: 'SCORE_DROPPED',
      effect: onlyWarns ? 'warning' : 'fail',
      message:
        baselineMean === null || candidateMean === null
          ? `${key.key} is beyond its limit whatever the missing measurements are.`
          : `${key.key} went from ${formatScore(baselineMean)} to ${formatScore(candidateMean)}${change}${beyond}.${unconfirmed}`,
    });
  }
  return reasons;
}

/** What the two sides lack to be compared. */
export function baselineReasons(context: GateContext): Reason[] {
  const { candidate, baseline, pairing, compared, judged, critical, suite } = context;
  if (candidate.examples.length === 0)
    return [
      {
        code: 'NO_EXAMPLES',
        effect: 'no_verdict',
        message: 'The run has no example: zero examples never pass.',
        hint: 'Add examples to the dataset, or choose another split.',
      },
    ];
  const reasons: Reason[] = [];
  const judging = judged.some(
    ({ key, judgement }) => key.gated && judgement.verdict.status !== 'not_applicable',
  );
  if (!judging && (compared.all.length > 0 || critical.length === 0))
    reasons.push({
      code: 'NOTHING_GATED',
      effect: 'no_verdict',
      message: 'No gated evaluator scored any example.',
      hint: 'Add an evaluator that applies to the examples, or run with --no-gate.',
    });
  if (baseline === undefined) {
    reasons.push({
      code: 'NO_BASELINE',
      effect: 'no_verdict',
      message: `The suite ${suite} has no baseline yet.`,
      hint: acceptHint(suite),
    });
    return reasons;
  }
  if (pairing.pairs.candidate.length === 0)
    reasons.push({
      code: 'NO_COMPARABLE_EXAMPLE',
      effect: 'no_verdict',
      message: 'No example of this run is in the baseline with the same content.',
      hint: acceptHint(suite),
    });
  const leftOut = pairing.removed.length + pairing.edited.length;
  const share = pairing.baselineCount === 0 ? 0 : leftOut / pairing.baselineCount;
  const deciding = judged.filter(({ key, judgement }) => key.gated && judgement.leftOutDecides);
  const what = `${pairing.removed.length} of the baseline's ${pairing.baselineCount} examples were removed and ${pairing.edited.length} edited since`;
  if (share > MAX_LEFT_OUT_SHARE)
    reasons.push({
      code: 'BASELINE_OUTDATED',
      effect: 'no_verdict',
      message: `${what}: more than ${formatPercent(MAX_LEFT_OUT_SHARE)}, too many to leave out.`,
      hint: acceptHint(suite),
    });
  else if (deciding.length > 0)
    reasons.push({
      code: 'LEFT_OUT_DECIDES',
      effect: 'no_verdict',
      message: `${what}: with them the verdict on ${deciding.map(({ key }) => key.key).join(', ')} could be another.`,
      hint: acceptHint(suite),
    });
  else if (leftOut > 0)
    reasons.push({ code: 'LEFT_OUT', effect: 'warning', message: `${what}; they are not compared.` });
  if (pairing.added.length > 0)
    reasons.push({
      code: 'NEW_EXAMPLES',
      effect: 'warning',
      message: `${count(pairing.added.length, 'example')} new since the baseline: reported, not gated.`,
    });
  reasons.push(...settingsReasons(candidate, baseline, context));
  return reasons;
}

/** Settings of the policy that meet no score: a misspelt key must not switch a rule off. */
export function policyReasons({ policy, judged, candidate }: GateContext): Reason[] {
  const known = new Map(judged.map(({ key }) => [key.key, key]));
  const reasons: Reason[] = [];
  const owners = new Set(candidate.evaluators.map((info) => info.key));
  for (const [setting, keys] of [
    ['gate.min', Object.keys(policy.min)],
    ['gate.evaluators', Object.keys(policy.evaluators)],
    ['--allow-changed', policy.allowChanged.filter((name) => name !== TIMEOUT && !owners.has(name))],
  ] as const) {
    for (const name of keys) {
      if (!known.has(name))
        reasons.push({
          code: 'POLICY_KEY_UNKNOWN',
          effect: 'no_verdict',
          message: `${setting} names ${JSON.stringify(name)}, which no evaluator scores.`,
          hint: `The scores are ${[...known.keys()].join(', ') || 'none'}.`,
        });
      else if (setting === 'gate.min' && known.get(name)?.direction === 'lower')
        reasons.push({
          code: 'POLICY_INVALID',
          effect: 'no_verdict',
          message: `gate.min names ${JSON.stringify(name)}, of which less is better.`,
          hint: 'Remove it: an absolute minimum is for higher-is-better scores.',
        });
    }
  }
  return reasons;
}

/** The first few ids; the rest as a number. */
function names(entries: readonly { readonly exampleId: string }[]): string {
  const shown = entries.slice(0, 5).map(({ exampleId }) => exampleId);
  return entries.length > shown.length
    ? `${shown.join(', ')} and ${entries.length - shown.length} more`
    : shown.join(', ');
}
