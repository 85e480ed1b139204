import { OUTCOMES } from '../../core/index.ts';
import type { TraceQuery } from '../../store/index.ts';
import { choice, duration, type FlagValues, text } from '../flag.ts';

/** The flags that choose traces by what is known of them. */
export const traceFilterFlags = {
  status: choice(`Only runs with this outcome: ${OUTCOMES.join(', ')}.`, OUTCOMES),
  since: duration('Only runs that started within this time, such as 30m, 24h or 7d.'),
  name: text('Only runs of the graph of this name.', '<name>'),
  project: text('Only runs of this project.', '<name>'),
  thread: text('Only runs of this thread.', '<id>'),
};

/** The parsed {@link traceFilterFlags}. */
export type TraceFilterValues = FlagValues<typeof traceFilterFlags>;

/** The flags as a query. */
export function filterQuery(values: TraceFilterValues, nowMs: number): TraceQuery {
  return {
    ...(values.status !== undefined && { outcome: values.status }),
    ...(values.since !== undefined && { sinceMs: nowMs - values.since }),
    ...(values.name !== undefined && { name: values.name }),
    ...(values.project !== undefined && { project: values.project }),
    ...(values.thread !== undefined && { threadId: values.thread }),
  };
}
