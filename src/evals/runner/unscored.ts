import { NoVerdictError, type Sequence } from '../../core/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { ScoredCall } from '../experiment.ts';

/**
 * A gated evaluator that scored no answer at all says nothing about the agent, and its error is one for all.
 *
 * @throws NoVerdictError `EVALUATOR_FAILED` naming it and its error.
 */
export function refuseUnscored(calls: Sequence<ScoredCall>, evaluators: readonly Evaluator[]): void {
  /** By the keys that were measured in no answer so far: the first reason. */
  const reasons = new Map<string, string | undefined>(
    evaluators.filter(({ gate }) => gate).map(({ key }) => [key, undefined]),
  );
  let answered = 0;
  for (const { status, scores } of calls) {
    if (status !== 'answered') continue;
    answered += 1;
    for (const [key, first] of reasons) {
      const score = scores[key];
      if (score?.status !== 'not_measured') reasons.delete(key);
      else reasons.set(key, first ?? score.reason);
    }
  }
  const failed = [...reasons].flatMap(([key, first]) =>
    first === undefined ? [] : [`${key}: ${sentence(first)}`],
  );
  if (failed.length === 0) return;
  throw new NoVerdictError(
    'EVALUATOR_FAILED',
    `${failed.length === 1 ? 'An evaluator' : `${failed.length} evaluators`} scored none of ${answered} answers. ${failed.join(' ')}`,
    { hint: 'Mend the cause and run the same command: the answers are kept and only scored again.' },
  );
}

/** A reason with one full stop at its end. */
export function sentence(reason: string | undefined): string {
  return `${(reason ?? 'no reason given').replace(/\.$/, '')}.`;
}
