import type { Clock, Logger, Trace } from '../../core/index.ts';
import type { TraceQuery } from '../../store/index.ts';

/** A recorded run and what its source cannot tell about it. */
export interface FoundTrace {
  readonly trace: Trace;
  /** What is missing in the record, in sentences: to be said before anything runs. */
  readonly lacks: readonly string[];
}

/** Where recorded runs are looked up. */
export interface TraceSource {
  /** As it was given, for example `jaeger:http://127.0.0.1:16686`. */
  readonly spec: string;
  /**
   * The run with this id.
   *
   * @throws NoVerdictError `TRACE_NOT_FOUND`, `TRACE_AMBIGUOUS`, `SOURCE_UNAVAILABLE`, `SOURCE_REFUSED` or `SOURCE_ANSWER`.
   */
  find(id: string, options: { readonly signal: AbortSignal }): Promise<FoundTrace>;
  /** Ids of the runs that match, newest first; absent where a source cannot list. */
  readonly list?: (
    query: TraceQuery,
    options: { readonly signal: AbortSignal },
  ) => Promise<readonly string[]>;
}

/** What a source may touch. */
export interface SourceDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}
