import { z } from 'zod';
import { OUTCOMES } from '../../core/index.ts';
import type { TraceFacts } from './trace-facts.ts';

/** For example `"a", "b" or "c"`. */
function choice(values: readonly string[]): string {
  return enumeration(
    values.map((value) => `"${value}"`),
    'or',
  );
}

function enumeration(words: readonly string[], conjunction: string): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

/** Tells whoever mistypes a field of a rule which ones it has. Everything else is said by the field itself. */
function ruleOf(fields: object) {
  return {
    error: ({ code, keys }: { readonly code: string; readonly keys?: unknown }) =>
      code === 'unrecognized_keys' && Array.isArray(keys)
        ? `has no ${choice(keys)}; its fields are ${enumeration(Object.keys(fields), 'and')}`
        : undefined,
  };
}

const NAME = 'must be a name';
const RATE = 'must be a number from 0 to 1';
const MILLISECONDS = 'must be a number of milliseconds, 0 or more';
const METADATA = 'must be an object with at least one value, such as {route: "/checkout"}';
const RULE_NAME = 'must be 1 to 64 letters, digits, ".", "_" and "-"; it names the rule';
const SOME_OUTCOMES = `must be a list with at least one of ${choice(OUTCOMES)}`;

const name = z.string(NAME).min(1, NAME);

const errorFields = {
  type: z.literal('error'),
  scope: z
    .enum(['any_span', 'root'], 'must be "any_span" or "root"')
    .describe('`any_span`: also a run that recovered from an error. `root`: only one that failed.')
    .default('any_span'),
};

const outcomeFields = {
  type: z.literal('outcome'),
  outcomes: z
    .array(z.enum(OUTCOMES, `must be ${choice(OUTCOMES)}`), SOME_OUTCOMES)
    .min(1, SOME_OUTCOMES)
    .describe('Keep runs that ended in one of these ways.'),
};

const slowFields = {
  type: z.literal('slower_than'),
  ms: z
    .number(MILLISECONDS)
    .nonnegative(MILLISECONDS)
    .describe('Keep runs that took longer than this, in milliseconds.'),
};

const pathFields = {
  type: z.literal('path'),
  graph: name.describe('Runs of this graph, or through this subgraph.').optional(),
  node: name.describe('Runs that went through this node.').optional(),
  tool: name.describe('Runs that called this tool.').optional(),
  model: name.describe('Runs that called this model.').optional(),
  tag: name.describe('Runs with this tag.').optional(),
  metadata: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false'),
      METADATA,
    )
    .refine((values) => Object.keys(values).length > 0, METADATA)
    .describe('Runs whose metadata has all of these values, for example a route.')
    .optional(),
  rate: z
    .number(RATE)
    .min(0, RATE)
    .max(1, RATE)
    .describe('Share of the matching runs to keep, from 0 to 1; this rule alone decides about them.'),
};

const customFields = {
  type: z.literal('custom'),
  name: z
    .string(RULE_NAME)
    .regex(/^[\w.-]{1,64}$/, RULE_NAME)
    .describe('Names the reason: `custom:name`.'),
  predicate: z
    .custom<(run: TraceFacts) => boolean>((value) => typeof value === 'function', {
      error: 'must be a function from a run to true or false',
    })
    .describe('True keeps the run. One that throws, or gives anything but true or false, keeps it too.'),
};

const keepPath = z
  .strictObject(pathFields, ruleOf(pathFields))
  .refine(
    ({ type: _type, rate: _rate, ...place }) => Object.values(place).some((value) => value !== undefined),
    {
      error: 'a path needs a graph, node, tool, model, tag or metadata value; use sampleRate for all runs',
    },
  );

/** One rule of what to keep. */
export const keepRuleSchema = z.discriminatedUnion(
  'type',
  [
    z.strictObject(errorFields, ruleOf(errorFields)),
    z.strictObject(outcomeFields, ruleOf(outcomeFields)),
    z.strictObject(slowFields, ruleOf(slowFields)),
    keepPath,
    z.strictObject(customFields, ruleOf(customFields)),
  ],
  {
    error: ({ code }) =>
      code === 'invalid_union'
        ? `must be ${choice(['error', 'outcome', 'slower_than', 'path', 'custom'])}`
        : 'must be a rule such as {type: "error"}',
  },
);
/** One rule of what to keep. */
export type KeepRule = z.infer<typeof keepRuleSchema>;
/** A rule as it may be written: with its defaults left out. */
export type KeepRuleInput = z.input<typeof keepRuleSchema>;

const KEEP_ERRORS: KeepRule = { type: 'error', scope: 'any_span' };

/** The rules with the one that keeps errors in front, unless they have one of their own: no failure is lost by an omission. */
export function withErrors(rules: readonly KeepRule[]): readonly KeepRule[] {
  return rules.some(({ type }) => type === 'error') ? rules : [KEEP_ERRORS, ...rules];
}
