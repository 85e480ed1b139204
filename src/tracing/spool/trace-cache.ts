import type { Trace } from '../../core/index.ts';
import type { SpoolEntry } from './entry.ts';

/**
 * Traces that are on disk and still in memory, so that an exporter that keeps up is given what was just written without
 * reading it back. The newest stay: one that lags reads the disk, and does not make the others do so.
 */
export class TraceCache<Item = Trace> {
  private readonly maxBytes: number;
  /** In the order of their sequence. Those let go of in between stay listed until their turn comes. */
  private readonly entries: SpoolEntry<Item>[] = [];
  private bytes = 0;

  /** @param maxBytes Bytes on disk of the records whose traces stay in memory, at most. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Keeps the trace of an entry that was just written, and lets go of the oldest ones that are then too much. */
  add(entry: SpoolEntry<Item>): void {
    this.entries.push(entry);
    this.bytes += entry.sizeBytes;
    while (this.bytes > this.maxBytes) this.removeOldest();
  }

  /** Lets go of what every exporter has passed. */
  removeThrough(sequence: number): void {
    while (this.entries[0] !== undefined && this.entries[0].sequence <= sequence) this.removeOldest();
  }

  /** Lets go of some. */
  remove(entries: readonly SpoolEntry<Item>[]): void {
    for (const entry of entries) this.release(entry);
  }

  /** Forgets all of them, and leaves the traces where they are. */
  disown(): void {
    this.entries.length = 0;
    this.bytes = 0;
  }

  private removeOldest(): void {
    const oldest = this.entries.shift();
    if (oldest !== undefined) this.release(oldest);
  }

  private release(entry: SpoolEntry<Item>): void {
    if (entry.trace === undefined) return;
    this.bytes -= entry.sizeBytes;
    entry.trace = undefined;
  }
}
