import { formatScore } from './format-number.ts';
import type { ScoreKey } from './score-key.ts';
import { type MeasuredCall, type MeasuredExample, measurementOf } from './score-set.ts';
import type { CriticalVerdict } from './verdict.ts';

/**
 * The verdict on a critical example, which needs no baseline. It fails when in any repeat the agent failed or a gated
 * evaluator gives it the worst score of its range; evaluators without a bound on that side have no say. Otherwise it
 * has no verdict when a call or one of those scores was not measured, or when no such evaluator applies to it.
 */
export function judgeCritical(example: MeasuredExample, keys: readonly ScoreKey[]): CriticalVerdict {
  const judges = keys.filter((key) => key.gated && key.worst !== null);
  for (const call of example.calls) {
    const reason = failureOf(call, judges);
    if (reason !== undefined) return verdict(example, 'fail', reason, call);
  }
  for (const call of example.calls) {
    if (call.status === 'not_measured')
      return verdict(
        example,
        'no_verdict',
        `not measured: ${call.error ?? 'the target did not answer'}`,
        call,
      );
    const unmeasured = judges.find((key) => measurementOf(call, key) === 'not_measured');
    if (unmeasured !== undefined) {
      const why = call.comments?.[unmeasured.key];
      return verdict(
        example,
        'no_verdict',
        `${unmeasured.key} was not measured${why === undefined ? '' : `: ${why}`}`,
        call,
      );
    }
    if (!judges.some((key) => typeof measurementOf(call, key) === 'number'))
      return verdict(example, 'no_verdict', 'no gated evaluator applies to it', call);
  }
  return { exampleId: example.id, status: 'pass' };
}

function failureOf(call: MeasuredCall, judges: readonly ScoreKey[]): string | undefined {
  if (call.status === 'agent_failed') return `the agent failed: ${call.error ?? 'no reason given'}`;
  for (const key of judges) {
    const score = measurementOf(call, key);
    if (typeof score !== 'number' || key.worst === null) continue;
    if (key.direction === 'higher' ? score > key.worst : score < key.worst) continue;
    const comment = call.comments?.[key.key];
    return `${key.key} is ${formatScore(score)}${comment === undefined ? '' : `: ${comment}`}`;
  }
  return undefined;
}

function verdict(
  example: MeasuredExample,
  status: CriticalVerdict['status'],
  reason: string,
  call: MeasuredCall,
): CriticalVerdict {
  return {
    exampleId: example.id,
    status,
    reason,
    ...(call.runId === undefined ? {} : { runId: call.runId }),
  };
}
