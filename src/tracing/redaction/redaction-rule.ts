import { z } from 'zod';
import { BUILT_IN_RULES } from './detectors.ts';
import { KEY_PATH } from './key-path.ts';

const ruleName = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'a rule is named with letters, digits, ".", "_" and "-"')
  .describe('Stands in the mark: `[redacted:name]`.');

const redact = z.custom<(text: string) => string>((value) => typeof value === 'function', {
  error: 'must be a function from text to text',
});

const FORMS = `${BUILT_IN_RULES.map((name) => `"${name}"`).join(', ')}, a RegExp, {name, pattern}, {path} or {name, redact}`;

/** One rule of what is removed from everything that is recorded. */
export const redactionRuleSchema = z.union(
  [
    z.enum(BUILT_IN_RULES),
    z.instanceof(RegExp),
    z.strictObject({ name: ruleName, pattern: z.instanceof(RegExp) }),
    z.strictObject({
      path: z
        .string()
        .regex(KEY_PATH, 'must be keys joined by dots, such as customer.address or **.password')
        .describe(
          'Keys joined by dots, in upper or lower case, at any depth; `*` is any one key, `**` any number of them.',
        ),
    }),
    z.strictObject({
      name: ruleName,
      redact: redact.describe('Gives back the text without what is private.'),
    }),
  ],
  { error: `must be ${FORMS}` },
);
/** One rule of what is removed from everything that is recorded. */
export type RedactionRule = z.infer<typeof redactionRuleSchema>;

/** The rules; `true` is every built-in one. */
export const redactionRulesSchema = z.union([z.boolean(), z.array(redactionRuleSchema)], {
  error: (issue) => (Array.isArray(issue.input) ? undefined : 'must be true, false or a list of rules'),
});
