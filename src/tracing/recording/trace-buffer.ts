import type { Counters } from '../counters.ts';
import type { RawEvent, RawTrace } from './raw-trace.ts';
import { spanUsage } from './usage.ts';

/** Memory that is given back before anything that is still needed. */
export interface Reserve {
  readonly sizeBytes: number;
  /** Gives some of it back. False when there is none. */
  forgetOldest(): boolean;
}

/** The traces in memory, from their start until they have been exported or dropped, within a limit of payload bytes. */
export class TraceBuffer {
  private readonly traces = new Set<RawTrace>();
  private readonly maxBytes: number;
  private readonly counters: Counters;
  private readonly reserve: Reserve | undefined;
  private bytes = 0;

  constructor(options: {
    readonly maxBytes: number;
    readonly counters: Counters;
    /** Counts towards the limit. */
    readonly reserve?: Reserve;
  }) {
    this.maxBytes = options.maxBytes;
    this.counters = options.counters;
    this.reserve = options.reserve;
  }

  /** Estimated payload bytes held. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** Takes a trace in. */
  add(trace: RawTrace): void {
    if (this.traces.has(trace)) return;
    this.traces.add(trace);
    this.bytes += trace.sizeBytes;
  }

  /** Notes that a trace keeps more alive; gives payloads up when that is too much. */
  grow(trace: RawTrace, byBytes: number): void {
    if (!this.traces.has(trace)) return;
    trace.sizeBytes += byBytes;
    this.bytes += byBytes;
    while (this.reserve && this.bytes + this.reserve.sizeBytes > this.maxBytes) {
      if (!this.reserve.forgetOldest()) break;
    }
    while (this.bytes > this.maxBytes) {
      const victim = this.victim();
      if (victim === undefined) return;
      this.release(victim);
    }
  }

  /** Lets a trace go. */
  remove(trace: RawTrace): void {
    if (this.traces.delete(trace)) this.bytes -= trace.sizeBytes;
  }

  /** The biggest trace without an error; only when there is none, the biggest with one. */
  private victim(): RawTrace | undefined {
    let healthy: RawTrace | undefined;
    let suspicious: RawTrace | undefined;
    for (const trace of this.traces) {
      if (trace.sizeBytes === 0) continue;
      if (trace.suspicious) {
        if (suspicious === undefined || trace.sizeBytes > suspicious.sizeBytes) suspicious = trace;
      } else if (healthy === undefined || trace.sizeBytes > healthy.sizeBytes) healthy = trace;
    }
    return healthy ?? suspicious;
  }

  private release(trace: RawTrace): void {
    for (const span of trace.spans) {
      const { events } = span;
      if (span.inputs === undefined && span.outputs === undefined && events.every(hasNoData)) continue;
      const usage = spanUsage(span);
      if (usage !== undefined) span.usage = usage;
      span.inputs = undefined;
      span.outputs = undefined;
      for (const [index, { name, timeMs, data }] of events.entries()) {
        if (data !== undefined) events[index] = { name, timeMs };
      }
      span.payloadsReleased = true;
    }
    this.counters.add('payloads_released', 'memory_pressure');
    this.bytes -= trace.sizeBytes;
    trace.sizeBytes = 0;
  }
}

function hasNoData({ data }: RawEvent): boolean {
  return data === undefined;
}
