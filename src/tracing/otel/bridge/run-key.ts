import { type Context, createContextKey } from '@opentelemetry/api';
import type { SpanCleaner, SpanPrivacy } from '../graph-runs.ts';

/**
 * Marks a context with the run in which it was made active. Inside that run it is as it should be; inside another one,
 * that one's span comes before what the context holds.
 */
export const RUN_KEY = createContextKey('Sluicegate run');

/** Marks contexts under which a span belongs to a graph run: the run id of the root of its trace. */
export const ROOT_KEY = createContextKey('Sluicegate root run');

/** Says what is private in spans that begin under a context. It goes wherever the context goes, also past the end of the run. */
export const PRIVACY_KEY = createContextKey('Sluicegate span privacy');

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

/** What makes a span that begins under a context fit to leave; undefined where nothing is hidden. */
export function cleanerOf(context: Context): SpanCleaner | undefined {
  const privacy = context.getValue(PRIVACY_KEY) as SpanPrivacy | undefined;
  return privacy?.cleanerOf(runOf(context));
}
