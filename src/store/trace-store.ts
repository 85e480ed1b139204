import type { Outcome, Trace, TraceSummary } from '../core/index.ts';

/** Which traces to list. Every given field must match. */
export interface TraceQuery {
  readonly outcome?: Outcome;
  /** Only traces that started at or after this moment, in milliseconds since the epoch. */
  readonly sinceMs?: number;
  /** Exact name of the graph. */
  readonly name?: string;
  readonly threadId?: string;
  /** How many at most, newest first. Default 50. */
  readonly limit?: number;
}

/** The result of looking a trace up by an id or the beginning of one. */
export type TraceLookup =
  | { readonly kind: 'found'; readonly trace: Trace }
  | { readonly kind: 'missing' }
  | { readonly kind: 'ambiguous'; readonly ids: readonly string[] };

/** Where traces are kept. Implementations are safe to use from several processes at once. */
export interface TraceStore {
  /** Writes all or none. A trace that is already there is replaced, so that a repeated delivery changes nothing. */
  write(traces: readonly Trace[]): Promise<void>;
  /** Newest first. */
  list(query: TraceQuery): Promise<TraceSummary[]>;
  /** Looks up by trace id, by the run id of any span in it, or by a prefix of a trace id of 4 characters or more. */
  find(idOrPrefix: string): Promise<TraceLookup>;
  /** Idempotent. */
  close(): Promise<void>;
}
