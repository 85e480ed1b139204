import { z } from 'zod';
import { stableStringify } from '../../core/index.ts';
import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { builtInFingerprint } from './fingerprint.ts';
import { finalAnswer } from './messages.ts';
import { parseOptions } from './options.ts';

const optionsSchema = z.strictObject({
  field: z
    .string()
    .min(1)
    .optional()
    .describe('Field of the outputs and of the reference that is compared; dots go deeper.'),
});

/**
 * Compares exactly. With `field`: that field of the outputs with the same field of the reference (does not apply where
 * the reference lacks it). Without: the final answer's text with the reference's `answer`; where the reference has no
 * `answer`, all outputs with all of the reference. The order of keys makes no difference, and white space around a text
 * none either. 1 or 0; does not apply without a reference. Key `exact_match`.
 *
 * @throws UsageError `EVALUATOR_INVALID` for an option that is unknown or has the wrong type.
 */
export function exactMatch(options: z.input<typeof optionsSchema> = {}): Evaluator {
  const { field } = parseOptions('exact_match', optionsSchema, options);
  return {
    key: 'exact_match',
    direction: 'higher',
    range: [0, 1],
    gate: true,
    fingerprint: builtInFingerprint('exact_match', 1, { field }),
    evaluate: ({ inputs, outputs, referenceOutputs }: EvaluatorArgs) => {
      if (referenceOutputs === undefined) return { score: null, comment: 'The example has no reference.' };
      if (field !== undefined) {
        const expected = valueAt(referenceOutputs, field);
        if (expected === undefined) return { score: null, comment: `The reference has no ${field}.` };
        return compare(valueAt(outputs, field), expected, field);
      }
      const answer = referenceOutputs['answer'];
      return answer === undefined
        ? compare(outputs, referenceOutputs, 'outputs')
        : compare(finalAnswer(inputs, outputs), answer, 'answer');
    },
  };
}

function compare(actual: unknown, expected: unknown, what: string) {
  if (form(actual) === form(expected)) return { score: 1 };
  return { score: 0, comment: `${what} is ${excerpt(actual)}, not ${excerpt(expected)}.` };
}

function form(value: unknown): string {
  return stableStringify(typeof value === 'string' ? value.trim() : value);
}

function excerpt(value: unknown): string {
  const text = stableStringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** The value at a dotted path; own fields only. */
function valueAt(record: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
