import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { builtInFingerprint } from './fingerprint.ts';
import { addedMessages } from './messages.ts';

/**
 * Tokens of the run, in and out: the sum of `usage_metadata.total_tokens` over the AI messages it added; lower is
 * better. Does not apply where no message reports its usage. Key `tokens`.
 */
export function tokens(): Evaluator {
  return {
    key: 'tokens',
    direction: 'lower',
    range: [0, null],
    gate: true,
    fingerprint: builtInFingerprint('tokens', 1),
    evaluate: ({ inputs, outputs }: EvaluatorArgs) => {
      const reported = addedMessages(inputs, outputs).flatMap((message) =>
        message.role === 'ai' && message.totalTokens !== undefined ? [message.totalTokens] : [],
      );
      if (reported.length === 0) return { score: null, comment: 'No message reports its token usage.' };
      return { score: reported.reduce((sum, count) => sum + count, 0) };
    },
  };
}
