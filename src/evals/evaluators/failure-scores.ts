import type { Evaluator } from '../evaluator.ts';
import type { Score } from '../experiment.ts';

/**
 * The scores of a call in which the agent failed: the worst that each evaluator can give, without asking it. An
 * evaluator without a worst score (no bound on that side and no `failureScore`) is not measured.
 */
export function failureScores(
  evaluators: readonly Evaluator[],
  limits: { readonly timeoutMs: number },
): Record<string, Score> {
  return Object.fromEntries(
    evaluators.map((evaluator): [string, Score] => {
      const worst = evaluator.range[evaluator.direction === 'higher' ? 0 : 1];
      const score = evaluator.failureScore?.(limits) ?? worst;
      if (score === null) {
        return [
          evaluator.key,
          { status: 'not_measured', reason: 'The agent failed, and this evaluator has no worst score.' },
        ];
      }
      return [evaluator.key, { status: 'scored', score, comment: 'The agent failed.' }];
    }),
  );
}
