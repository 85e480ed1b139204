import type { TraceSummary } from '../core/index.ts';

/** What keeps a trace from being removed for its age. */
export interface TracePin {
  /** Why it must stay, for the person who wonders later. */
  readonly reason: string;
  /** When it was pinned, in milliseconds since the epoch. */
  readonly pinnedAtMs: number;
}

/** A trace as a list shows it. `pin` is there for a pinned one. It is no part of the record: delivery never changes it. */
export type ListedTrace = TraceSummary & { readonly pin?: TracePin };
