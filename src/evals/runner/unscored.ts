import { NoVerdictError } from '../../core/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { ScoredCall } from '../experiment.ts';

/**
 * A gated evaluator that scored no answer at all says nothing about the agent, and its error is one for all.
 *
 * @throws NoVerdictError `EVALUATOR_FAILED` naming it and its error.
 */
export function refuseUnscored(calls: readonly ScoredCall[], evaluators: readonly Evaluator[]): void {
  const answered = calls.filter(({ status }) => status === 'answered');
  const failed = evaluators.flatMap(({ key, gate }) => {
    if (!gate) return [];
    const reasons = answered.flatMap(({ scores }) => {
      const score = scores[key];
      return score?.status === 'not_measured' ? [score.reason] : [];
    });
    const [first] = reasons;
    return first === undefined || reasons.length < answered.length ? [] : [`${key}: ${sentence(first)}`];
  });
  if (failed.length === 0) return;
  throw new NoVerdictError(
    'EVALUATOR_FAILED',
    `${failed.length === 1 ? 'An evaluator' : `${failed.length} evaluators`} scored none of ${answered.length} answers. ${failed.join(' ')}`,
    { hint: 'Mend the cause and run the same command: the answers are kept and only scored again.' },
  );
}

/** A reason with one full stop at its end. */
export function sentence(reason: string | undefined): string {
  return `${(reason ?? 'no reason given').replace(/\.$/, '')}.`;
}
