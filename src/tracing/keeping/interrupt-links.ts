import type { Clock, KeepDecision } from '../../core/index.ts';
import { BoundedMap } from '../bounded-map.ts';
import { otelTraceId } from '../otel/index.ts';
import type { InterruptedRun, RawTrace } from '../recording/raw-trace.ts';

/** An interrupted run as it was recorded, and the decision about it. */
export interface RecordedInterrupt extends InterruptedRun {
  readonly decision: KeepDecision;
}

/** What an {@link InterruptLinks} needs. */
export interface InterruptLinksDeps {
  /** Looks a run up that another process recorded, by what the resume says. Rejections count as "not found". */
  readonly find: ((resume: RawTrace) => Promise<RecordedInterrupt | undefined>) | undefined;
  readonly clock: Clock;
}

/** What is known of the interrupt that a run goes on from. */
export type FoundInterrupt = InterruptedRun & { readonly decision?: KeepDecision };

const MAX_REMEMBERED = 10_000;
/** A disk that takes longer must not hold up the decision about a run. */
const MAX_WAIT_MS = 1_000;

/**
 * Finds the interrupted run that a resume goes on from: in this process, or hours later in another one that shares the
 * home. Only a resume waits for it, and only with its decision, after it has ended.
 */
export class InterruptLinks {
  private readonly deps: InterruptLinksDeps;
  /** By thread and checkpoint. */
  private readonly known = new BoundedMap<string, InterruptedRun>(MAX_REMEMBERED);
  private readonly waiting = new Map<string, (found: FoundInterrupt | undefined) => void>();
  private readonly searches = new Set<Promise<void>>();

  constructor(deps: InterruptLinksDeps) {
    this.deps = deps;
  }

  /** Whether a run that has ended waits for its interrupt to be found. */
  isWaiting(runId: string): boolean {
    return this.waiting.has(runId);
  }

  /**
   * Calls back with the interrupt that an ended run goes on from: at once, unless it has to be looked up. Undefined where
   * there is none, or none is known.
   */
  resolve(trace: RawTrace, found: (interrupt: FoundInterrupt | undefined) => void): void {
    const { checkpointId, interrupted, resumedFrom, root, parentSpan } = trace;
    const resumed = resumedFrom === undefined ? undefined : this.known.get(interruptKey(trace, resumedFrom));
    if (interrupted && checkpointId !== undefined) {
      const run = { runId: root.id, otelTraceId: parentSpan?.traceId ?? otelTraceId(root.id) };
      this.known.set(interruptKey(trace, checkpointId), run);
    }
    const { find } = this.deps;
    if (resumedFrom === undefined || resumed !== undefined || find === undefined) found(resumed);
    else this.search(trace, find, found);
  }

  /** Resolves when nobody waits any more. */
  async settled(): Promise<void> {
    while (this.searches.size > 0) await Promise.all(this.searches);
  }

  /** Lets everybody go on without what they wait for, at once: the process ends. */
  giveUp(): void {
    for (const runId of [...this.waiting.keys()]) this.answer(runId, undefined);
  }

  private search(
    trace: RawTrace,
    find: NonNullable<InterruptLinksDeps['find']>,
    found: (interrupt: FoundInterrupt | undefined) => void,
  ): void {
    const runId = trace.root.id;
    this.waiting.set(runId, found);
    const stop = new AbortController();
    const limit = this.deps.clock.sleep(MAX_WAIT_MS, stop.signal).then(() => undefined);
    const search = Promise.race([find(trace), limit])
      // A store that cannot be read says so when it is written to; a run without its link is better than none.
      .catch(() => undefined)
      .then((interrupt) => {
        this.answer(runId, interrupt);
      })
      .finally(() => {
        this.searches.delete(search);
        // It rejects with this, and nobody listens any more.
        limit.catch(() => undefined);
        stop.abort();
      });
    this.searches.add(search);
  }

  private answer(runId: string, interrupt: FoundInterrupt | undefined): void {
    const found = this.waiting.get(runId);
    this.waiting.delete(runId);
    found?.(interrupt);
  }
}

/** Names an interrupt: a thread has each checkpoint once. */
export function interruptKey(trace: RawTrace, checkpointId: string): string {
  return JSON.stringify([trace.root.metadata['thread_id'] ?? null, checkpointId]);
}
