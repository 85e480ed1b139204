import type { Trace } from '../../core/index.ts';

/** A trace, or what else is delivered like one, that waits: in memory, on disk, or both. */
export interface SpoolEntry<Item = Trace> {
  /** Its number within its lane, from 1, growing. */
  readonly sequence: number;
  readonly precious: boolean;
  /** When it was decided, in whole milliseconds since the epoch. */
  readonly timeMs: number;
  /** There while it is in memory alone, and for a while after it was written, which spares reading it back. */
  trace: Item | undefined;
  /** Called once nothing in memory is needed any more. */
  done: (() => void) | undefined;
  /** Where it begins in its segment. Without meaning while it is in memory alone. */
  offset: number;
  /** Its bytes on disk; 0 while it is in memory alone. */
  sizeBytes: number;
}
