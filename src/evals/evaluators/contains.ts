import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { builtInFingerprint } from './fingerprint.ts';
import { finalAnswer } from './messages.ts';
import { referenceList } from './reference.ts';

/**
 * Whether the final answer contains every text of the reference's `contains: string[]` and none of its
 * `notContains: string[]`, ignoring case, white space and Unicode form (NFKC). 1 or 0, with a comment naming what is
 * missing or must not be there; does not apply where the reference has neither. Key `contains`.
 */
export function containsAll(): Evaluator {
  return {
    key: 'contains',
    direction: 'higher',
    range: [0, 1],
    gate: true,
    fingerprint: builtInFingerprint('contains', 1),
    evaluate: ({ inputs, outputs, referenceOutputs }: EvaluatorArgs) => {
      const wanted = referenceList(referenceOutputs, 'contains');
      const unwanted = referenceList(referenceOutputs, 'notContains');
      if (wanted === undefined && unwanted === undefined) {
        return { score: null, comment: 'The reference has neither contains nor notContains.' };
      }
      const answer = comparable(finalAnswer(inputs, outputs));
      const missing = (wanted ?? []).filter((text) => !answer.includes(comparable(text)));
      const present = (unwanted ?? []).filter((text) => answer.includes(comparable(text)));
      if (missing.length === 0 && present.length === 0) return { score: 1 };
      const faults = [
        ...(missing.length > 0 ? [`lacks ${quoted(missing)}`] : []),
        ...(present.length > 0 ? [`must not contain ${quoted(present)}`] : []),
      ];
      return { score: 0, comment: `The answer ${faults.join(' and ')}.` };
    },
  };
}

function comparable(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/[‘’]/g, "'").replace(/\s+/g, ' ').trim();
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ');
}
