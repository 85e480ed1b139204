import type { Evaluator } from '../evaluator.ts';
import { containsAll } from './contains.ts';
import { exactMatch } from './exact-match.ts';
import { hasResolution } from './has-resolution.ts';
import { latency } from './latency.ts';
import { noError } from './no-error.ts';
import { tokens } from './tokens.ts';
import { toolTrajectory } from './tool-trajectory.ts';

/** Names of the built-in evaluators, as a suite may give them. */
export const BUILT_IN_NAMES = [
  'has_resolution',
  'exact_match',
  'contains',
  'tool_trajectory',
  'no_error',
  'latency',
  'tokens',
] as const;
/** Name of a built-in evaluator. */
export type BuiltInName = (typeof BUILT_IN_NAMES)[number];

const FACTORIES: Readonly<Record<BuiltInName, () => Evaluator>> = {
  has_resolution: hasResolution,
  exact_match: exactMatch,
  contains: containsAll,
  tool_trajectory: toolTrajectory,
  no_error: noError,
  latency,
  tokens,
};

/** The built-in of this name with its default options; undefined for another name. */
export function builtIn(name: string): Evaluator | undefined {
  const known = BUILT_IN_NAMES.find((candidate) => candidate === name);
  return known === undefined ? undefined : FACTORIES[known]();
}
