import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { builtInFingerprint } from './fingerprint.ts';

/** 1 when the agent answered, 0 when it failed. Key `no_error`. */
export function noError(): Evaluator {
  return {
    key: 'no_error',
    direction: 'higher',
    range: [0, 1],
    gate: true,
    fingerprint: builtInFingerprint('no_error', 1),
    evaluate: ({ run }: EvaluatorArgs) =>
      run.error === undefined ? { score: 1 } : { score: 0, comment: run.error },
  };
}
