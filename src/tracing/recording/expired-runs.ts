import { BoundedMap } from '../bounded-map.ts';
import type { RawTrace } from './raw-trace.ts';

/** Runs that are remembered after their age limit. */
const MAX_EXPIRED = 1_000;

/**
 * Runs that were ended at their age limit and go on all the same: when one fails after all, its error is not lost. Of each its
 * root is remembered, without its payloads.
 */
export class ExpiredRuns {
  private readonly runs = new BoundedMap<string, RawTrace>(MAX_EXPIRED);

  /** Notes a run that is ended now. Before it is settled, which closes its root. */
  note(trace: RawTrace): void {
    const innerPrivacy = trace.spans.flatMap((span) => span.innerPrivacy ?? []);
    const root = { ...trace.root, inputs: undefined, events: [], innerPrivacy, payloadsReleased: true };
    this.runs.set(root.id, { ...trace, root, spans: [root], sizeBytes: 0, failedLate: true });
  }

  /** A run of these that has ended after all, with its root alone; undefined for any other. */
  end(rootId: string, endTimeMs: number): RawTrace | undefined {
    const trace = this.runs.take(rootId);
    if (trace !== undefined) trace.root.endTimeMs = Math.max(endTimeMs, trace.root.startTimeMs);
    return trace;
  }
}
