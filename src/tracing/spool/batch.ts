import type { Trace } from '../../core/index.ts';

/** Traces for one exporter, oldest first. */
export interface Batch {
  /** At least one. */
  readonly traces: readonly Trace[];
  /** The first `count` traces are off this exporter's hands: delivered or set aside. Never fewer than before. */
  commit(count: number): void;
}

/** What waits for one exporter. */
export interface BatchSource {
  /** Whether anything waits. */
  readonly hasMore: boolean;
  /** The oldest traces that have not been committed, the same ones until they are. Undefined when nothing waits. */
  next(): Promise<Batch | undefined>;
}
