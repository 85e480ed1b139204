import type { KeepDecision } from '../../core/index.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { Counters } from '../counters.ts';
import type { Settlement } from '../recording/outcome.ts';
import type { RawTrace } from '../recording/raw-trace.ts';
import {
  checkpointRandomness,
  type Decision,
  decide,
  type IncomingSampling,
  incomingSampling,
  type KeepPolicy,
  type TraceFacts,
  wasSampled,
} from '../sampling/index.ts';
import type { DroppedRing, DroppedTrace } from './dropped-ring.ts';
import { interruptKey } from './interrupt-links.ts';

/** A trace that is to be delivered. */
export interface KeptTrace {
  readonly trace: RawTrace;
  readonly settlement: Settlement;
  readonly decision: KeepDecision;
  /** Whether it was kept for what it is, and not by a share: such a one is given up last. */
  readonly precious: boolean;
}

/** Runs of one thread that go on from each other's interrupts, and the decision that they share. */
export interface RunStory {
  decision: Decision;
  /** The last runs of it, oldest first. */
  readonly runIds: string[];
}

/** What a {@link TraceKeeper} needs. */
export interface TraceKeeperDeps {
  readonly policy: KeepPolicy;
  readonly dropped: DroppedRing;
  readonly counters: Counters;
  /** Whether a run is under way. */
  readonly isRunning: (runId: string) => boolean;
}

const MAX_STORIES = 10_000;
const MAX_RUNS_IN_STORY = 20;
const MAX_REQUESTS = 1_000;
const MAX_REMEMBERED = 10_000;

/**
 * Decides which finished traces are kept, and remembers enough to keep a trace later: a run that was dropped can be asked
 * for while it is in the ring, and an interrupted run and its resume share one decision.
 */
export class TraceKeeper {
  private readonly deps: TraceKeeperDeps;
  /** By thread and checkpoint of the interrupt. */
  private readonly stories = new BoundedMap<string, RunStory>(MAX_STORIES);
  /** Reasons to keep runs that were under way when they were asked for. */
  private readonly requests = new BoundedMap<string, string>(MAX_REQUESTS);
  private readonly keptIds = new BoundedMap<string, true>(MAX_REMEMBERED);

  constructor(deps: TraceKeeperDeps) {
    this.deps = deps;
  }

  /**
   * Decides a trace. Gives back what is to be delivered now: nothing, it, or it and earlier halves of its story.
   *
   * @param isCutOff Whether the run was under way when tracing ended, with the process or by a shutdown: such a one is kept.
   */
  decide(trace: RawTrace, settlement: Settlement, isCutOff = false): readonly KeptTrace[] {
    const story = this.storyOf(trace);
    const own = this.requested(trace) ?? this.judged(trace, settlement, isCutOff);
    // What is kept for itself is kept whatever became of the first half; a share is drawn once for both.
    const decision = story === undefined || (own.keep && !own.sampled) ? own : story.decision;
    const joined = this.join(trace, story, decision);
    if (!decision.keep) {
      this.deps.counters.add('traces_dropped', decision.reason);
      this.deps.dropped.add({ trace, settlement, story: joined });
      return [];
    }
    const earlier = joined === undefined ? [] : this.promoteStory(joined, decision);
    return [...earlier, this.keep(trace, settlement, decision)];
  }

  /** Takes over what another process has decided about the interrupt that this run goes on from. */
  recall(trace: RawTrace, recorded: KeepDecision): void {
    if (trace.resumedFrom === undefined || this.storyOf(trace) !== undefined) return;
    const decision = { keep: true, ...recorded, sampled: wasSampled(recorded) } as const;
    this.stories.set(interruptKey(trace, trace.resumedFrom), { decision, runIds: [] });
  }

  /**
   * Keeps a run that was dropped or has not ended.
   *
   * @returns What is to be delivered now, and whether the run is or will be recorded.
   */
  request(runId: string, reason: string): { readonly found: boolean; readonly traces: readonly KeptTrace[] } {
    if (this.keptIds.get(runId)) return { found: true, traces: [] };
    if (this.deps.isRunning(runId)) {
      this.requests.set(runId, reason);
      return { found: true, traces: [] };
    }
    const dropped = this.deps.dropped.take(runId);
    if (dropped === undefined) return { found: false, traces: [] };
    const decision = { keep: true, reason, weight: 1, sampled: false } as const;
    return { found: true, traces: this.promote(dropped, decision) };
  }

  /**
   * Decides again about a run that failed after it had been ended at its age limit. One that is kept already stays as it is.
   *
   * @param late Its root alone, which is what is kept where the run is no longer in the ring.
   */
  failLate(late: RawTrace, settlement: Settlement): readonly KeptTrace[] {
    const { root } = late;
    if (this.keptIds.get(root.id)) return [];
    const dropped = this.deps.dropped.take(root.id);
    if (dropped !== undefined) {
      const { thrown, failed, endTimeMs, outcome } = root;
      Object.assign(dropped.trace.root, { thrown, failed, endTimeMs, outcome });
      dropped.trace.failedLate = true;
    }
    const failed = {
      trace: dropped?.trace ?? late,
      settlement: { ...settlement, failingSpan: dropped?.trace.root ?? root },
      story: dropped?.story,
    };
    const decision = decide(factsOf(failed.trace, failed.settlement), this.deps.policy);
    if (decision.keep) return this.promote(failed, decision);
    this.deps.dropped.add(failed);
    return [];
  }

  private promote(dropped: DroppedTrace, decision: Decision & { keep: true }): readonly KeptTrace[] {
    this.deps.counters.add('traces_promoted', decision.reason);
    const kept = this.keep(dropped.trace, dropped.settlement, decision);
    return dropped.story === undefined ? [kept] : [kept, ...this.promoteStory(dropped.story, decision)];
  }

  /** A rule that keeps the run for what it is comes before the reason that it was cut off. */
  private judged(trace: RawTrace, settlement: Settlement, isCutOff: boolean): Decision {
    const decision = decide(factsOf(trace, settlement), this.deps.policy);
    if (!isCutOff || (decision.keep && !decision.sampled)) return decision;
    return { keep: true, reason: 'process_ended', weight: 1, sampled: false };
  }

  private requested(trace: RawTrace): Decision | undefined {
    const reason = this.requests.take(trace.root.id);
    return reason === undefined ? undefined : { keep: true, reason, weight: 1, sampled: false };
  }

  private keep(trace: RawTrace, settlement: Settlement, decision: Decision & { keep: true }): KeptTrace {
    const { reason, weight, sampled } = decision;
    this.deps.counters.add('traces_kept', reason);
    this.keptIds.set(trace.root.id, true);
    return { trace, settlement, decision: { reason, weight }, precious: !sampled };
  }

  private storyOf(trace: RawTrace): RunStory | undefined {
    return trace.resumedFrom === undefined
      ? undefined
      : this.stories.get(interruptKey(trace, trace.resumedFrom));
  }

  /** Notes that the trace belongs to the story, or that one begins: when it was interrupted somebody may go on from there. */
  private join(trace: RawTrace, story: RunStory | undefined, decision: Decision): RunStory | undefined {
    if (story === undefined && !(trace.interrupted && trace.checkpointId !== undefined)) return undefined;
    const joined = story ?? { decision, runIds: [] };
    joined.runIds.push(trace.root.id);
    if (joined.runIds.length > MAX_RUNS_IN_STORY) joined.runIds.shift();
    if (trace.interrupted && trace.checkpointId !== undefined) {
      this.stories.set(interruptKey(trace, trace.checkpointId), joined);
    }
    return joined;
  }

  /** Keeps the dropped halves of a story that are still there, and with them those to come. */
  private promoteStory(story: RunStory, decision: Decision & { keep: true }): KeptTrace[] {
    if (!story.decision.keep) story.decision = decision;
    const promoted: KeptTrace[] = [];
    for (const runId of story.runIds) {
      const dropped = this.deps.dropped.take(runId);
      if (dropped === undefined) continue;
      this.deps.counters.add('traces_promoted', decision.reason);
      promoted.push(this.keep(dropped.trace, dropped.settlement, decision));
    }
    return promoted;
  }
}

function incomingOf({ parentSpan }: RawTrace): IncomingSampling {
  if (parentSpan === undefined) return {};
  return incomingSampling(parentSpan.traceId, parentSpan.traceState);
}

/**
 * Both halves of an interrupted run know its checkpoint, and decide by it where nothing else is known: another process may
 * go on, and what was dropped has left no record. A share that the caller has drawn already comes first.
 */
function samplingOf(trace: RawTrace): IncomingSampling {
  const incoming = incomingOf(trace);
  const checkpointId = trace.resumedFrom ?? (trace.interrupted ? trace.checkpointId : undefined);
  if (incoming.threshold !== undefined || checkpointId === undefined) return incoming;
  return { ...incoming, randomness: checkpointRandomness(checkpointId) };
}

function factsOf(trace: RawTrace, settlement: Settlement): TraceFacts {
  const { root, spans } = trace;
  return {
    traceId: root.id,
    outcome: settlement.outcome,
    durationMs: (root.endTimeMs ?? root.startTimeMs) - root.startTimeMs,
    spans,
    incoming: samplingOf(trace),
  };
}
