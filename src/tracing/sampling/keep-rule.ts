import { z } from 'zod';
import { OUTCOMES } from '../../core/index.ts';
import type { TraceFacts } from './trace-facts.ts';

const name = z.string().min(1);
const rate = z
  .number()
  .min(0)
  .max(1)
  .describe('Share of the matching runs to keep, from 0 to 1; this rule alone decides about them.');

const keepError = z.strictObject({
  type: z.literal('error'),
  scope: z
    .enum(['any_span', 'root'])
    .describe('`any_span`: also a run that recovered from an error. `root`: only one that failed.')
    .default('any_span'),
});

const keepOutcome = z.strictObject({
  type: z.literal('outcome'),
  outcomes: z.array(z.enum(OUTCOMES)).min(1).describe('Keep runs that ended in one of these ways.'),
});

const keepSlow = z.strictObject({
  type: z.literal('slower_than'),
  ms: z.number().nonnegative().describe('Keep runs that took longer than this, in milliseconds.'),
});

const keepPath = z
  .strictObject({
    type: z.literal('path'),
    graph: name.describe('Runs of this graph, or through this subgraph.').optional(),
    node: name.describe('Runs that went through this node.').optional(),
    tool: name.describe('Runs that called this tool.').optional(),
    model: name.describe('Runs that called this model.').optional(),
    tag: name.describe('Runs with this tag.').optional(),
    metadata: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .refine((values) => Object.keys(values).length > 0, { error: 'needs at least one value' })
      .describe('Runs whose metadata has all of these values, for example a route.')
      .optional(),
    rate,
  })
  .refine(
    ({ type: _type, rate: _rate, ...place }) => Object.values(place).some((value) => value !== undefined),
    {
      error: 'a path needs a graph, node, tool, model, tag or metadata value; use sampleRate for all runs',
    },
  );

const keepCustom = z.strictObject({
  type: z.literal('custom'),
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'a rule is named with letters, digits, ".", "_" and "-"')
    .describe('Names the reason: `custom:name`.'),
  predicate: z
    .custom<(run: TraceFacts) => boolean>((value) => typeof value === 'function', {
      error: 'must be a function from a run to true or false',
    })
    .describe('True keeps the run. One that throws, or gives anything but true or false, keeps it too.'),
});

/** One rule of what to keep. */
export const keepRuleSchema = z.discriminatedUnion('type', [
  keepError,
  keepOutcome,
  keepSlow,
  keepPath,
  keepCustom,
]);
/** One rule of what to keep. */
export type KeepRule = z.infer<typeof keepRuleSchema>;
/** A rule as it may be written: with its defaults left out. */
export type KeepRuleInput = z.input<typeof keepRuleSchema>;

const KEEP_ERRORS: KeepRule = { type: 'error', scope: 'any_span' };

/** The rules with the one that keeps errors in front, unless they have one of their own: no failure is lost by an omission. */
export function withErrors(rules: readonly KeepRule[]): readonly KeepRule[] {
  return rules.some(({ type }) => type === 'error') ? rules : [KEEP_ERRORS, ...rules];
}
