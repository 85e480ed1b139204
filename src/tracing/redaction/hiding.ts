import { z } from 'zod';
import { isPlace, type PlacedSpan } from '../span-place.ts';

const name = z.string().min(1);

/** A place whose spans are meant: they and all that runs inside them. */
export const spanPlaceSchema = z
  .strictObject({
    graph: name.describe('Name of a graph or subgraph.').optional(),
    node: name.describe('Name of a node.').optional(),
    tool: name.describe('Name of a tool.').optional(),
    model: name.describe('Name of a model, or of the class that calls it.').optional(),
    tag: name.describe('A tag of the run.').optional(),
    route: name.describe('The metadata value `route` of the run.').optional(),
  })
  .refine((place) => Object.values(place).some((value) => value !== undefined), {
    error: 'a place needs at least one field; use true for everywhere',
  });

/** What to hide: everything, nothing, or the spans of some places. */
export const hideRuleSchema = z.union([z.boolean(), z.array(spanPlaceSchema).min(1)], {
  error: (issue) => (Array.isArray(issue.input) ? undefined : 'must be true, false or a list of places'),
});
/** What to hide: everything, nothing, or the spans of some places. */
export type HideRule = z.infer<typeof hideRuleSchema>;

/** Whether something is hidden in a span: the same everywhere, or told from the span and all that encloses it. */
export type Hiding = boolean | ((enclosing: readonly PlacedSpan[]) => boolean);

/** Hides what either hides. */
export function eitherHiding(one: Hiding, other: Hiding): Hiding {
  if (one === true || other === true) return true;
  if (one === false) return other;
  return other === false ? one : (enclosing) => one(enclosing) || other(enclosing);
}

/** Compiles a rule. Any place that holds hides; so does one that may hold, because a name is not known. */
export function compileHiding(rule: HideRule): Hiding {
  if (typeof rule === 'boolean') return rule;
  return (enclosing) => rule.some((place) => isPlace(enclosing, place, true));
}
