import type { Trace } from '../../core/index.ts';

/** Traces for one exporter, oldest first. */
export interface Batch<Item = Trace> {
  /** At least one. */
  readonly traces: readonly Item[];
  /** The first `count` traces are off this exporter's hands: delivered or set aside. Never fewer than before. */
  commit(count: number): void;
}

/** What waits for one exporter. */
export interface BatchSource<Item = Trace> {
  /** Whether anything waits. */
  readonly hasMore: boolean;
  /** The oldest traces that have not been committed, at most so many (default 32). Undefined when nothing waits. */
  next(maxTraces?: number): Promise<Batch<Item> | undefined>;
}
