import type { Outcome, Trace } from '../core/index.ts';
import type { ListedTrace, TracePin } from './trace-pin.ts';

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
  readonly project?: string;
  /** Checkpoint at which a run was interrupted: only interrupted runs match. */
  readonly interruptedAt?: string;
  /** Only pinned traces when true, only others when false. */
  readonly isPinned?: boolean;
  /** How many at most, newest first. Default 50. */
  readonly limit?: number;
}

/** The result of looking a trace up by an id or the beginning of one. */
export type TraceLookup =
  | { readonly kind: 'found'; readonly trace: Trace; readonly pin?: TracePin }
  | { readonly kind: 'missing' }
  /** `ids`: the newest of the traces that match, at most {@link MAX_CANDIDATES}. */
  | { readonly kind: 'ambiguous'; readonly ids: readonly string[] };

/** Which traces {@link TraceStore.prune} removes. */
export interface PruneQuery {
  /** Those that started before this moment, in milliseconds since the epoch, and are not pinned. */
  readonly beforeMs: number;
  /** Only those of this project. Default: of every one. */
  readonly project?: string;
  /** Counts all of them and removes none. Default false. */
  readonly isDryRun?: boolean;
}

/** What {@link TraceStore.prune} did. */
export interface PruneResult {
  /** Traces removed by this call; in a dry run, all that would be. */
  readonly removed: number;
  /** Whether there is more to do: the next call goes on. Always false for a dry run. */
  readonly hasMore: boolean;
}

/** A project and how long its traces are kept. */
export interface ProjectRetention {
  readonly project: string;
  /** In milliseconds, 0 for ever. Absent: nobody has said. */
  readonly maxAgeMs?: number;
}

/** Where traces are kept. Implementations are safe to use from several processes at once. */
export interface TraceStore {
  /** Writes all or none. A trace that is already there is replaced, so that a repeated delivery changes nothing. */
  write(traces: readonly Trace[]): Promise<void>;
  /** Newest first, by start time and then by id. */
  list(query: TraceQuery): Promise<ListedTrace[]>;
  /**
   * Looks up by trace id, by the run id of any span in it, or by a prefix of a trace id of
   * {@link MIN_PREFIX_LENGTH} characters or more, in this order.
   */
  find(idOrPrefix: string): Promise<TraceLookup>;
  /**
   * Removes old traces for good, the oldest first, and hands their space back. One call does as much as others who use
   * the store do not notice; call again while `hasMore`, as {@link pruneAll} does.
   */
  prune(query: PruneQuery): Promise<PruneResult>;
  /** Every project that traces were written for or a limit was set for, by name. */
  projects(): Promise<ProjectRetention[]>;
  /** Says how long the traces of a project are kept, for every process that removes old ones. In milliseconds, 0 for ever. */
  setMaxAge(project: string, maxAgeMs: number): Promise<void>;
  /**
   * Keeps a trace whatever its age; a second pin replaces the first. The trace may be written again.
   *
   * @param id The whole id of the trace.
   * @returns False when there is no such trace.
   */
  pin(id: string, pin: TracePin): Promise<boolean>;
  /** Lets a pinned trace grow old again. False when it was not pinned. */
  unpin(id: string): Promise<boolean>;
  /** Idempotent. Any other call afterwards rejects with `STORE_CLOSED`. */
  close(): Promise<void>;
}
