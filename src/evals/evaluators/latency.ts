import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { builtInFingerprint } from './fingerprint.ts';

/**
 * Wall time of the attempt that answered, in milliseconds; lower is better. A call in which the agent failed counts with
 * the whole time limit, so that failing fast is never faster. Key `latency`. Advisory unless the suite gates it: wall
 * time on shared machines is noise.
 */
export function latency(): Evaluator {
  return {
    key: 'latency',
    direction: 'lower',
    range: [0, null],
    gate: false,
    measuresTime: true,
    fingerprint: builtInFingerprint('latency', 1),
    evaluate: ({ run }: EvaluatorArgs) => ({ score: Math.max(0, run.end_time - run.start_time) }),
    failureScore: ({ timeoutMs }) => timeoutMs,
  };
}
