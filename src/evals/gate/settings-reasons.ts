import type { GateContext } from './gate-context.ts';
import { acceptHint } from './reason-text.ts';
import type { ScoreSet } from './score-set.ts';
import type { Reason } from './verdict.ts';

/** The name of the time limit in `allowChanged`. */
export const TIMEOUT = 'timeout';

/**
 * Settings of the run that scores depend on. The time limit does where an agent failed, as passing it is a failure; without
 * any failure on either side it kept nobody from answering.
 */
export function settingsReasons(
  candidate: ScoreSet,
  baseline: ScoreSet,
  { policy, suite }: GateContext,
): Reason[] {
  const reasons: Reason[] = [];
  if (baseline.timeoutMs !== candidate.timeoutMs) {
    const message = `The time limit is ${candidate.timeoutMs} ms and was ${baseline.timeoutMs} ms for the baseline`;
    const mayMatter = hasFailedAgent(candidate) || hasFailedAgent(baseline);
    reasons.push(
      mayMatter && !policy.allowChanged.includes(TIMEOUT)
        ? {
            code: 'SETTINGS_CHANGED',
            effect: 'no_verdict',
            message: `${message}, and agents failed: how many do depends on it.`,
            hint: `Set timeoutMs to ${baseline.timeoutMs}, or accept a run with the new one. ${acceptHint(suite)} (or compare all the same, where no failure is a time-out: --allow-changed ${TIMEOUT})`,
          }
        : { code: 'TIMEOUT_CHANGED', effect: 'warning', message: `${message}.` },
    );
  }
  const [now, before] = [candidate.target, baseline.target].map((target) => target?.split(':')[0]);
  if (now !== undefined && before !== undefined && now !== before)
    reasons.push({
      code: 'TARGET_KIND_CHANGED',
      effect: 'warning',
      message: `The baseline was measured through ${before}: and this run through ${now}:; times are not comparable.`,
    });
  return reasons;
}

function hasFailedAgent({ examples }: ScoreSet): boolean {
  for (const { calls } of examples) if (calls.some(({ status }) => status === 'agent_failed')) return true;
  return false;
}
