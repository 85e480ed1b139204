import type { Outcome, Trace, TraceSummary } from '../core/index.ts';

/** How many traces a list holds when the query does not say. */
export const DEFAULT_LIST_LIMIT = 50;

/** How many candidates an ambiguous lookup names at most. */
export const MAX_CANDIDATES = 10;

/** Shorter beginnings of an id than this are not looked up: they would match by accident. */
export const MIN_PREFIX_LENGTH = 4;

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
  /** `ids`: the newest of the traces that match, at most {@link MAX_CANDIDATES}. */
  | { readonly kind: 'ambiguous'; readonly ids: readonly string[] };

/** Where traces are kept. Implementations are safe to use from several processes at once. */
export interface TraceStore {
  /** Writes all or none. A trace that is already there is replaced, so that a repeated delivery changes nothing. */
  write(traces: readonly Trace[]): Promise<void>;
  /** Newest first, by start time and then by id. */
  list(query: TraceQuery): Promise<TraceSummary[]>;
  /**
   * Looks up by trace id, by the run id of any span in it, or by a prefix of a trace id of
   * {@link MIN_PREFIX_LENGTH} characters or more, in this order.
   */
  find(idOrPrefix: string): Promise<TraceLookup>;
  /** Idempotent. Reading or writing afterwards rejects with `STORE_CLOSED`. */
  close(): Promise<void>;
}
