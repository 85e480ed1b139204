import type { SdkSpan } from './sdk-span.ts';

/** The spans of one graph run that wait. */
export interface HeldRun {
  readonly rootId: string;
  readonly spans: SdkSpan[];
  /** Takes back that the run's decision is waited for. */
  leave: () => void;
}

/** Spans that have ended, by the graph run they belong to: of runs that are not decided, and of dropped ones set aside. */
export class HeldSpans {
  private readonly waiting = new Map<string, HeldRun>();
  /** The one that was dropped first comes first. */
  private readonly aside = new Map<string, HeldRun>();
  private waitingSpans = 0;
  private asideSpans = 0;

  /** Spans of runs that are not decided. */
  get waitingCount(): number {
    return this.waitingSpans;
  }

  /** Spans of dropped runs. */
  get asideCount(): number {
    return this.asideSpans;
  }

  /** Takes a span in. Returns the run when it is the first one of it. */
  add(rootId: string, span: SdkSpan): HeldRun | undefined {
    const dropped = this.aside.get(rootId);
    if (dropped !== undefined) {
      dropped.spans.push(span);
      this.asideSpans += 1;
      return undefined;
    }
    this.waitingSpans += 1;
    const known = this.waiting.get(rootId);
    if (known !== undefined) {
      known.spans.push(span);
      return undefined;
    }
    const run = { rootId, spans: [span], leave: () => {} };
    this.waiting.set(rootId, run);
    return run;
  }

  /** Notes that a run was dropped and may yet be asked for. Moves nothing but the count of its spans. */
  setAside(rootId: string): void {
    const run = this.waiting.get(rootId);
    if (run === undefined) return;
    this.waiting.delete(rootId);
    this.aside.set(rootId, run);
    this.waitingSpans -= run.spans.length;
    this.asideSpans += run.spans.length;
  }

  /** Takes the spans of a run out. */
  take(rootId: string): readonly SdkSpan[] {
    const run = this.waiting.get(rootId) ?? this.aside.get(rootId);
    if (run === undefined) return [];
    if (this.waiting.delete(rootId)) this.waitingSpans -= run.spans.length;
    else if (this.aside.delete(rootId)) this.asideSpans -= run.spans.length;
    return run.spans;
  }

  /** The run that was set aside first; undefined when there is none. */
  get oldestAside(): HeldRun | undefined {
    for (const run of this.aside.values()) return run;
    return undefined;
  }

  /** The undecided run with the most spans; undefined when there is none. */
  get biggestWaiting(): HeldRun | undefined {
    let biggest: HeldRun | undefined;
    for (const run of this.waiting.values()) {
      if (biggest === undefined || run.spans.length > biggest.spans.length) biggest = run;
    }
    return biggest;
  }
}
