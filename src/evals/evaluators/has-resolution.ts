import { z } from 'zod';
import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { claimsResolution, DEFAULT_RESOLUTION_WORDS } from './claim.ts';
import { builtInFingerprint } from './fingerprint.ts';
import { finalAnswer } from './messages.ts';
import { parseOptions } from './options.ts';

const optionsSchema = z.strictObject({
  words: z
    .array(z.string().trim().min(1))
    .min(1)
    .default([...DEFAULT_RESOLUTION_WORDS])
    .describe('Words that say that the request is resolved.'),
  key: z.string().trim().min(1).default('has_resolution').describe('Key of the score.'),
});

/**
 * Whether the final answer resolves the request: it says so with one of the words, as {@link claimsResolution} reads it.
 * 1 or 0. Where the reference outputs say `resolution: false`, an answer scores 1 iff it claims none. Key
 * `has_resolution`.
 *
 * @throws UsageError `EVALUATOR_INVALID` for an option that is unknown or has the wrong type.
 */
export function hasResolution(options: z.input<typeof optionsSchema> = {}): Evaluator {
  const { words, key } = parseOptions('has_resolution', optionsSchema, options);
  return {
    key,
    direction: 'higher',
    range: [0, 1],
    gate: true,
    fingerprint: builtInFingerprint('has_resolution', 1, { words: [...words].sort() }),
    evaluate: ({ inputs, outputs, referenceOutputs }: EvaluatorArgs) => {
      const expected = referenceOutputs?.['resolution'] ?? true;
      if (typeof expected !== 'boolean') {
        throw new TypeError('outputs.resolution of the example must be true or false.');
      }
      const claim = claimsResolution(finalAnswer(inputs, outputs), words);
      const said = claim.resolved ? `The answer claims "${claim.word}".` : claim.reason;
      return claim.resolved === expected
        ? { score: 1, comment: said }
        : { score: 0, comment: expected ? said : `${said} The reference expects no resolution.` };
    },
  };
}
