import type { Trace } from '../core/index.ts';
import { storeClosed } from './store-error.ts';
import type { ListedTrace, TracePin } from './trace-pin.ts';
import { interruptOf, projectOf, summaryOf } from './trace-rows.ts';
import {
  DEFAULT_LIST_LIMIT,
  MAX_CANDIDATES,
  MIN_PREFIX_LENGTH,
  type ProjectRetention,
  type PruneQuery,
  type PruneResult,
  type TraceLookup,
  type TraceQuery,
  type TraceStore,
} from './trace-store.ts';

/**
 * Traces kept in memory, for a run that must leave nothing behind. It keeps copies: a trace changed after it was written
 * or read does not change the store.
 */
export class MemoryTraceStore implements TraceStore {
  readonly #traces = new Map<string, Trace>();
  /** By project; undefined where no limit was set. */
  readonly #maxAges = new Map<string, number | undefined>();
  readonly #pins = new Map<string, TracePin>();
  #isClosed = false;

  async write(traces: readonly Trace[]): Promise<void> {
    this.#checkOpen();
    for (const copy of traces.map((trace) => structuredClone(trace))) {
      this.#traces.set(copy.id, copy);
      const project = projectOf(copy);
      if (!this.#maxAges.has(project)) this.#maxAges.set(project, undefined);
    }
  }

  async list(query: TraceQuery): Promise<ListedTrace[]> {
    this.#checkOpen();
    return this.#newestFirst()
      .filter((trace) => matches(trace, query, this.#pins.has(trace.id)))
      .slice(0, query.limit ?? DEFAULT_LIST_LIMIT)
      .map((trace) => structuredClone({ ...summaryOf(trace), ...this.#pinOf(trace) }));
  }

  async find(idOrPrefix: string): Promise<TraceLookup> {
    this.#checkOpen();
    const exact = this.#traces.get(idOrPrefix);
    if (exact !== undefined) return this.#found(exact);
    const traces = this.#newestFirst();
    const bySpan = traces.filter((trace) => trace.spans.some((span) => span.id === idOrPrefix));
    if (bySpan.length > 0) return this.#lookup(bySpan);
    if (idOrPrefix.length < MIN_PREFIX_LENGTH) return { kind: 'missing' };
    return this.#lookup(traces.filter((trace) => trace.id.startsWith(idOrPrefix)));
  }

  async projects(): Promise<ProjectRetention[]> {
    this.#checkOpen();
    return [...this.#maxAges]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([project, maxAgeMs]) => ({ project, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) }));
  }

  async setMaxAge(project: string, maxAgeMs: number): Promise<void> {
    this.#checkOpen();
    this.#maxAges.set(project, maxAgeMs);
  }

  async prune({ beforeMs, project, isDryRun = false }: PruneQuery): Promise<PruneResult> {
    this.#checkOpen();
    const old = [...this.#traces.values()].filter(
      (trace) =>
        trace.startTimeMs < beforeMs &&
        (project === undefined || project === projectOf(trace)) &&
        !this.#pins.has(trace.id),
    );
    if (!isDryRun) for (const { id } of old) this.#traces.delete(id);
    return { removed: old.length, hasMore: false };
  }

  async pin(id: string, pin: TracePin): Promise<boolean> {
    this.#checkOpen();
    if (!this.#traces.has(id)) return false;
    this.#pins.set(id, { ...pin });
    return true;
  }

  async unpin(id: string): Promise<boolean> {
    this.#checkOpen();
    return this.#pins.delete(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#traces.clear();
    this.#pins.clear();
    this.#maxAges.clear();
  }

  #lookup(matching: readonly Trace[]): TraceLookup {
    const [only, ...others] = matching;
    if (only === undefined) return { kind: 'missing' };
    if (others.length === 0) return this.#found(only);
    return { kind: 'ambiguous', ids: matching.slice(0, MAX_CANDIDATES).map((trace) => trace.id) };
  }

  #found(trace: Trace): TraceLookup {
    return { kind: 'found', trace: structuredClone(trace), ...this.#pinOf(trace) };
  }

  #pinOf({ id }: Trace): { readonly pin?: TracePin } {
    const pin = this.#pins.get(id);
    return pin === undefined ? {} : { pin: { ...pin } };
  }

  #newestFirst(): Trace[] {
    return [...this.#traces.values()].sort(
      (a, b) => b.startTimeMs - a.startTimeMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw storeClosed('in memory');
  }
}

function matches(trace: Trace, query: TraceQuery, isPinned: boolean): boolean {
  return (
    (query.outcome === undefined || trace.outcome === query.outcome) &&
    (query.sinceMs === undefined || trace.startTimeMs >= query.sinceMs) &&
    (query.name === undefined || trace.name === query.name) &&
    (query.threadId === undefined || trace.threadId === query.threadId) &&
    (query.project === undefined || projectOf(trace) === query.project) &&
    (query.interruptedAt === undefined || interruptOf(trace) === query.interruptedAt) &&
    (query.isPinned === undefined || query.isPinned === isPinned)
  );
}
