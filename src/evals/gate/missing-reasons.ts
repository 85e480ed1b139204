import type { GateContext } from './gate-context.ts';
import type { KeyJudgement } from './judge-key.ts';
import { count, RUN_AGAIN } from './reason-text.ts';
import type { ScoreKey } from './score-key.ts';
import { measurementOf, type ScoreSet } from './score-set.ts';
import type { Reason } from './verdict.ts';

/** What was not measured: one call that got no answer lacks every score, and is told of once. */
export function missingReasons({ judged, candidate }: GateContext): Reason[] {
  const gaps = judged.flatMap(({ key, judgement }) => gapOf(key, judgement, candidate));
  const told = new Set(gaps.flatMap(({ gated, said }) => (gated && said !== undefined ? [said] : [])));
  // An advisory score that is missing for a reason that is told already says nothing new.
  const worthTelling = gaps.filter(({ gated, said }) => gated || said === undefined || !told.has(said));
  const groups = Map.groupBy(worthTelling, ({ gated, decides, missing, said, byAgent }) =>
    JSON.stringify([gated, decides, missing, said, byAgent]),
  );
  return [...groups.values()].flatMap((group): Reason[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { gated, decides, missing, said, byAgent } = first;
    const keys = group.map(({ key }) => key);
    const each = keys.length > 1 ? ' each' : '';
    const what = `${count(missing, 'measurement')}${each} of ${keys.join(', ')} ${missing === 1 && keys.length === 1 ? 'is' : 'are'} missing`;
    const why = said === undefined ? '' : ` The first: ${said.replace(/\.?$/, '.')}`;
    if (!decides)
      return [
        {
          code: 'NOT_MEASURED',
          effect: 'warning' as const,
          message: `${what}; the verdict is the same at the lowest and the highest score.${why}${gated ? '' : ' (advisory)'}`,
        },
      ];
    const message =
      missing === 0
        ? `Measurements of ${keys.join(', ')} are missing outside the compared examples and could change the verdict.${why}`
        : `${what} and could change the verdict.${why}`;
    if (!gated)
      return [{ code: 'NOT_MEASURED', effect: 'warning' as const, message: `${message} (advisory)` }];
    const settings = keys.map((key) => `${JSON.stringify(key)}: { gate: false }`).join(', ');
    const hint = byAgent
      ? `Mend the agent, or print the score only: gate: { evaluators: { ${settings} } }`
      : RUN_AGAIN;
    return [{ code: 'NOT_MEASURED', effect: 'no_verdict' as const, message, hint }];
  });
}

interface Gap {
  readonly key: string;
  readonly gated: boolean;
  /** Whether the scores that are missing could change the verdict. */
  readonly decides: boolean;
  readonly missing: number;
  /** Why the first is missing. */
  readonly said: string | undefined;
  readonly byAgent: boolean;
}

function gapOf(key: ScoreKey, { verdict, relative, absolute }: KeyJudgement, candidate: ScoreSet): Gap[] {
  const decides = relative === 'no_verdict' || absolute === 'no_verdict';
  if (!decides && (verdict.missing === 0 || relative === undefined)) return [];
  const cause = causeOfMissing(key, candidate);
  return [
    {
      key: key.key,
      gated: key.gated,
      decides,
      missing: verdict.missing,
      said: cause?.message,
      byAgent: cause?.byAgent === true,
    },
  ];
}

/** Why the first measurement of a key is missing, and whether every one is because the agent failed. */
function causeOfMissing(
  key: ScoreKey,
  candidate: ScoreSet,
): { readonly message: string; readonly byAgent: boolean } | undefined {
  let said: string | undefined;
  let isFirst = true;
  let byAgent = true;
  for (const { calls } of candidate.examples)
    for (const call of calls) {
      if (measurementOf(call, key) !== 'not_measured') continue;
      if (isFirst) said = call.status === 'not_measured' ? call.error : call.comments?.[key.key];
      isFirst = false;
      if (call.status !== 'agent_failed') byAgent = false;
    }
  return said === undefined ? undefined : { message: said, byAgent };
}
