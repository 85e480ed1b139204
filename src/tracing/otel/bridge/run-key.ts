import { type Context, createContextKey } from '@opentelemetry/api';

/**
 * Marks a context with the run in which it was made active. Inside that run it is as it should be; inside another one,
 * that one's span comes before what the context holds.
 */
export const RUN_KEY = createContextKey('Sluicegate run');

/** Marks contexts under which a span belongs to a graph run: the run id of the root of its trace. */
export const ROOT_KEY = createContextKey('Sluicegate root run');

/** The run in which a context was made active. */
export function runOf(context: Context): string | undefined {
  const run = context.getValue(RUN_KEY);
  return typeof run === 'string' ? run : undefined;
}

/** The root of the graph run that a context lies in. */
export function rootOf(context: Context): string | undefined {
  const root = context.getValue(ROOT_KEY);
  return typeof root === 'string' ? root : undefined;
}
