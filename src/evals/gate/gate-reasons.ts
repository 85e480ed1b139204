import { formatChange, formatPercent, formatScore } from './format-number.ts';
import type { Compared, KeyJudgement } from './judge-key.ts';
import type { Pairing } from './pairing.ts';
import { type GatePolicy, LOW_BASELINE, MAX_LEFT_OUT_SHARE } from './policy.ts';
import type { ScoreKey } from './score-key.ts';
import { measurementOf, type ScoreSet } from './score-set.ts';
import type { CriticalVerdict, Reason } from './verdict.ts';

/** Everything the gate has worked out, from which the reasons follow. */
export interface GateContext {
  readonly candidate: ScoreSet;
  readonly baseline: ScoreSet | undefined;
  readonly pairing: Pairing;
  readonly compared: Compared;
  readonly judged: readonly { readonly key: ScoreKey; readonly judgement: KeyJudgement }[];
  readonly critical: readonly CriticalVerdict[];
  readonly policy: GatePolicy;
  readonly suite: string;
}

const acceptHint = (suite: string) =>
  `Look at the run, then make it the baseline: sluice baseline accept --suite ${suite}`;
const RUN_AGAIN = 'Mend what kept the calls from being measured and run `sluice eval` again.';

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
export function keyReasons({ candidate, judged, baseline, suite }: GateContext): Reason[] {
  return judged.flatMap(({ key, judgement }) => {
    const reasons = [
      ...comparability(key, judgement, baseline !== undefined, suite),
      ...breach(key, judgement),
      ...missing(key, judgement, candidate),
      ...usefulness(key, judgement),
    ];
    if (key.gated) return reasons;
    // What an advisory evaluator says is in the table; only what makes it unreadable is worth a line.
    return reasons.flatMap((reason) =>
      reason.effect === 'fail' || reason.code === 'BASELINE_TOO_LOW' || reason.code === 'FEW_EXAMPLES'
        ? []
        : [{ code: reason.code, effect: 'warning' as const, message: `${reason.message} (advisory)` }],
    );
  });
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
    direction: ['EVALUATOR_CHANGED', `${key.key} was accepted with the other direction.`],
  } as const;
  if (key.incomparable !== undefined) {
    if (verdict.status === 'not_applicable' && !key.wasScored) return [];
    const [code, message] = incomparable[key.incomparable];
    return [{ code, effect: 'no_verdict', message, hint: acceptHint(suite) }];
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

function breach(key: ScoreKey, judgement: KeyJudgement): Reason[] {
  const { baselineMean, candidateMean, relativeChange } = judgement.verdict;
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
    reasons.push({
      code: 'SCORE_DROPPED',
      effect: 'fail',
      message:
        baselineMean === null || candidateMean === null
          ? `${key.key} is beyond its limit whatever the missing measurements are.`
          : `${key.key} went from ${formatScore(baselineMean)} to ${formatScore(candidateMean)}${change}; the limit is ${limit}.`,
    });
  }
  return reasons;
}

function missing(
  key: ScoreKey,
  { verdict, relative, absolute }: KeyJudgement,
  candidate: ScoreSet,
): Reason[] {
  const what = `${count(verdict.missing, 'measurement')} of ${key.key} ${verdict.missing === 1 ? 'is' : 'are'} missing`;
  const cause = causeOfMissing(key, candidate);
  const why = cause === undefined ? '' : ` The first: ${cause.message.replace(/\.?$/, '.')}`;
  if (relative === 'no_verdict' || absolute === 'no_verdict')
    return [
      {
        code: 'NOT_MEASURED',
        effect: 'no_verdict',
        message:
          verdict.missing === 0
            ? `Measurements of ${key.key} are missing outside the compared examples and could change the verdict.${why}`
            : `${what} and could change the verdict.${why}`,
        hint:
          cause?.byAgent === true
            ? `Mend the agent, or print the score only: gate: { evaluators: { ${JSON.stringify(key.key)}: { gate: false } } }`
            : RUN_AGAIN,
      },
    ];
  if (verdict.missing === 0 || relative === undefined) return [];
  return [
    {
      code: 'NOT_MEASURED',
      effect: 'warning',
      message: `${what}; the verdict is the same at the lowest and the highest score.${why}`,
    },
  ];
}

/** Why the first measurement of a key is missing, and whether every one is because the agent failed. */
function causeOfMissing(
  key: ScoreKey,
  candidate: ScoreSet,
): { readonly message: string; readonly byAgent: boolean } | undefined {
  const calls = candidate.examples
    .flatMap((example) => example.calls)
    .filter((call) => measurementOf(call, key) === 'not_measured');
  const [first] = calls;
  const said = first?.status === 'not_measured' ? first.error : first?.comments?.[key.key];
  if (said === undefined) return undefined;
  return { message: said, byAgent: calls.every((call) => call.status === 'agent_failed') };
}

function usefulness(key: ScoreKey, { verdict, tooLow, repeats }: KeyJudgement): Reason[] {
  const reasons: Reason[] = [];
  const { baselineMean, n } = verdict;
  if (tooLow && baselineMean !== null)
    reasons.push({
      code: 'BASELINE_TOO_LOW',
      effect: 'warning',
      message: `The baseline of ${key.key} is ${formatScore(baselineMean)}, too close to its worst score for a relative rule${key.min === undefined ? '' : `; its minimum of ${formatScore(key.min)} decides`}.`,
      ...(key.min === undefined && key.direction === 'higher'
        ? { hint: `Set an absolute minimum: gate: { min: { ${JSON.stringify(key.key)}: ${LOW_BASELINE} } }` }
        : {}),
    });
  // From the reference: one flip is then more than the limit allows.
  else if (
    key.range[0] === 0 &&
    key.range[1] === 1 &&
    key.direction === 'higher' &&
    baselineMean !== null &&
    n * repeats * baselineMean * key.threshold < 1
  )
    reasons.push({
      code: 'FEW_EXAMPLES',
      effect: 'warning',
      message: `${count(n, 'compared example')} are too few for ${key.key}: a single failure is beyond the limit of ${formatPercent(key.threshold)}.`,
      hint: 'Add examples or repeats.',
    });
  const [min, max] = key.declaredRange;
  if (min !== key.range[0] || max !== key.range[1])
    reasons.push({
      code: 'SCORE_OUT_OF_RANGE',
      effect: 'warning',
      message: `${key.key} has scores outside its range [${min ?? '-inf'}, ${max ?? 'inf'}]; it counts as having no bound there.`,
      hint: 'Declare the range of the evaluator.',
    });
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
  if (pairing.pairs.length === 0)
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
  if (baseline.timeoutMs !== candidate.timeoutMs)
    reasons.push({
      code: 'TIMEOUT_CHANGED',
      effect: 'warning',
      message: `The time limit is ${candidate.timeoutMs} ms and was ${baseline.timeoutMs} ms for the baseline.`,
    });
  return reasons;
}

/** Settings of the policy that meet no score: a misspelt key must not switch a rule off. */
export function policyReasons({ policy, judged }: GateContext): Reason[] {
  const known = new Map(judged.map(({ key }) => [key.key, key]));
  const reasons: Reason[] = [];
  for (const [setting, keys] of [
    ['gate.min', Object.keys(policy.min)],
    ['gate.evaluators', Object.keys(policy.evaluators)],
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

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** The first few ids; the rest as a number. */
function names(entries: readonly { readonly exampleId: string }[]): string {
  const shown = entries.slice(0, 5).map(({ exampleId }) => exampleId);
  return entries.length > shown.length
    ? `${shown.join(', ')} and ${entries.length - shown.length} more`
    : shown.join(', ');
}
