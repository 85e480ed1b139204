import type { Settlement } from '../recording/outcome.ts';
import type { RawTrace } from '../recording/raw-trace.ts';
import type { RunStory } from './trace-keeper.ts';

/** A finished trace that was not kept, while it can still be. */
export interface DroppedTrace {
  readonly trace: RawTrace;
  readonly settlement: Settlement;
  /** The interrupted runs and resumes it belongs with. */
  readonly story: RunStory | undefined;
}

/** What a span keeps alive beside its payloads. An estimate. */
const SPAN_BYTES = 512;

/** The traces dropped last, within a number of them and of bytes: the oldest is forgotten first. */
export class DroppedRing {
  private readonly entries = new Map<string, { readonly dropped: DroppedTrace; readonly bytes: number }>();
  private readonly maxTraces: number;
  private readonly maxBytes: number;
  private readonly onForgotten: (runId: string) => void;
  private bytes = 0;

  constructor(options: {
    readonly maxTraces: number;
    readonly maxBytes: number;
    /** A trace that was remembered is now gone for good. Must not throw. */
    readonly onForgotten?: (runId: string) => void;
  }) {
    this.maxTraces = options.maxTraces;
    this.maxBytes = options.maxBytes;
    this.onForgotten = options.onForgotten ?? (() => {});
  }

  /** Estimated bytes held. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** Remembers a trace. One that alone is over the limit is not. */
  add(dropped: DroppedTrace): void {
    const { trace } = dropped;
    const bytes = trace.sizeBytes + trace.spans.length * SPAN_BYTES;
    if (bytes > this.maxBytes || this.maxTraces === 0) return;
    this.take(trace.root.id);
    this.entries.set(trace.root.id, { dropped, bytes });
    this.bytes += bytes;
    while (this.entries.size > this.maxTraces || this.bytes > this.maxBytes) this.forgetOldest();
  }

  /** Whether a trace is remembered. */
  has(runId: string): boolean {
    return this.entries.has(runId);
  }

  /** Takes a trace out. */
  take(runId: string): DroppedTrace | undefined {
    const entry = this.entries.get(runId);
    if (entry === undefined) return undefined;
    this.entries.delete(runId);
    this.bytes -= entry.bytes;
    return entry.dropped;
  }

  /** Makes room: forgets the oldest trace. False when there is none. */
  forgetOldest(): boolean {
    for (const oldest of this.entries.keys()) {
      this.take(oldest);
      this.onForgotten(oldest);
      return true;
    }
    return false;
  }

  /** Forgets all. */
  clear(): void {
    while (this.forgetOldest());
  }
}
