import type { Clock } from '../../core/index.ts';
import type { Counters } from '../counters.ts';
import type { ParentSpan } from '../otel/index.ts';
import { payloadSize } from '../payload-size.ts';
import type { Privacy } from '../redaction/index.ts';
import { type ActiveTrace, activeTrace } from './active-trace.ts';
import { AgeWatch } from './age-watch.ts';
import { ExpiredRuns } from './expired-runs.ts';
import { GoneRuns } from './gone-runs.ts';
import { newSpan, snapshot } from './new-span.ts';
import type { RawEvent, RawSpan, RawTrace, SpanStart } from './raw-trace.ts';
import type { TraceBuffer } from './trace-buffer.ts';

/** What a {@link Recorder} needs. */
export interface RecorderDeps {
  readonly buffer: TraceBuffer;
  readonly counters: Counters;
  /** Wall time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that never go back, with fractions. */
  readonly monotonic: () => number;
  /** More spans than this in one trace are counted and left out. */
  readonly maxSpansPerTrace: number;
  /** A root that has run for longer is ended here, as cancelled. */
  readonly maxTraceAgeMs: number;
  /** Sees to that age limit also while no other run begins. Default: it is looked at with the next run. */
  readonly sleep?: Clock['sleep'];
  /** Called when a root begins, in the context of its caller; gives the span outside of the graph that encloses it. */
  readonly startRoot?: (root: SpanStart) => ParentSpan | undefined;
  /** Holds for the graphs it was made for also inside of the runs of other recorders. Default: nothing is hidden. */
  readonly privacy?: Privacy | undefined;
  /** Takes a trace whose root has ended. */
  readonly onEnd: (trace: RawTrace) => void;
  /** Takes the root of a trace that was ended at its age limit and has failed since. */
  readonly onLateFailure?: (late: RawTrace) => void;
}

/** A run that is followed. */
interface FollowedRun {
  readonly recorder: Recorder;
  readonly span: RawSpan;
  readonly home: ActiveTrace;
}

/**
 * The runs that recorders follow, until their traces have ended. One wrapped graph may run inside another, and both then hear
 * of its runs: the outer one has the whole tree, so the inner one leaves them alone.
 */
const followed = new Map<string, FollowedRun>();
const gone = new GoneRuns();

/** The recorder that follows a run, until the trace of the run has ended. */
export function recorderOf(runId: string): Recorder | undefined {
  return followed.get(runId)?.recorder;
}

/** Builds traces from what the callbacks report. Keeps references only; copies and encodes nothing. */
export class Recorder {
  private readonly deps: RecorderDeps;
  private readonly active = new Map<string, ActiveTrace>();
  private readonly expired = new ExpiredRuns();
  private readonly ageWatch: AgeWatch;

  constructor(deps: RecorderDeps) {
    this.deps = deps;
    this.ageWatch = new AgeWatch({
      sleep: deps.sleep,
      leftMs: () => {
        const [oldest] = this.active.values();
        return oldest && this.leftMs(oldest);
      },
      expire: () => this.expire(),
      onDefect: () => deps.counters.add('internal_errors', 'age_limit'),
    });
  }

  /** Whether this is the root of a trace under way. */
  isRunning(rootId: string): boolean {
    return this.active.has(rootId);
  }

  /** From now on no new trace is begun. */
  stop(): void {
    this.ageWatch.stop();
  }

  /** Starts a span: the root of a new trace when it is a graph that is in no run of a trace, and in none that was. */
  start(start: SpanStart): void {
    const parentId = start.parentId ?? '';
    const parent = followed.get(parentId);
    const known = followed.get(start.id);
    if (known !== undefined) this.guard(known);
    else if (parent !== undefined && parent.recorder !== this) return;
    else if (parent !== undefined) this.startSpan(start, parent);
    else if (gone.encloses(start)) this.leaveOut(start);
    // It is in no trace: a graph inside of it begins one.
    else if (start.type !== 'graph') this.deps.counters.add('spans_dropped', 'parent_gone');
    else if (!this.ageWatch.isStopped) this.startTrace(start);
  }

  /** Ends a span that returned. */
  end(id: string, outputs: unknown): void {
    const entry = this.close(id);
    if (entry === undefined) {
      this.expired.end(id, this.deps.now());
      return;
    }
    entry.span.outputs = isRoot(entry) ? snapshot(outputs) : outputs;
    this.weigh(entry.home, outputs);
    if (isRoot(entry)) this.endTrace(entry.home);
  }

  /** Ends a span that threw. */
  fail(id: string, thrown: unknown): void {
    const entry = this.close(id);
    const late = entry === undefined ? this.expired.end(id, this.deps.now()) : undefined;
    const span = entry?.span ?? late?.root;
    const trace = entry?.home.trace ?? late;
    if (span === undefined || trace === undefined) return;
    span.failed = true;
    span.thrown = thrown;
    trace.suspicious = true;
    if (late !== undefined) this.deps.onLateFailure?.(late);
    else if (entry !== undefined && isRoot(entry)) this.endTrace(entry.home);
  }

  /** Notes a moment in a running span: now, unless it is told when. */
  event(id: string, name: string, data?: unknown, timeMs?: number): void {
    const entry = this.own(id);
    if (entry === undefined) return;
    const event: RawEvent = {
      name,
      timeMs: timeMs ?? this.timeIn(entry.home),
      ...(data === undefined ? {} : { data }),
    };
    entry.span.events.push(event);
    if (data !== undefined) this.weigh(entry.home, data);
  }

  /** True when the span already has an event of this name. */
  hasEvent(id: string, name: string): boolean {
    return this.own(id)?.span.events.some((event) => event.name === name) ?? false;
  }

  /** A span of a trace under way, running or ended. */
  find(id: string): RawSpan | undefined {
    return this.own(id)?.span;
  }

  /** The trace that a span of a trace under way belongs to. */
  traceOf(id: string): RawTrace | undefined {
    return this.own(id)?.home.trace;
  }

  /** Adds to what is known of a span. Metadata that is given wins, inputs are taken where there are none. */
  annotate(
    id: string,
    more: {
      readonly metadata?: Readonly<Record<string, unknown>>;
      readonly tags?: readonly string[];
      readonly inputs?: unknown;
      readonly model?: string | undefined;
    },
  ): void {
    const entry = this.own(id);
    if (entry === undefined) return;
    const { span, home } = entry;
    // Copied: the callback manager hands the same object to other runs.
    if (more.metadata !== undefined) span.metadata = { ...span.metadata, ...more.metadata };
    if (more.model !== undefined) span.model = more.model;
    if (more.tags !== undefined) span.tags = [...new Set([...span.tags, ...more.tags])];
    if (more.inputs !== undefined && span.inputs === undefined && !span.payloadsReleased) {
      span.inputs = more.inputs;
      this.weigh(home, more.inputs);
    }
  }

  /** Notes that a graph paused (`interrupted`) or went on from a checkpoint. */
  checkpoint(rootId: string, checkpointId: string, interrupted: boolean): void {
    const home = this.active.get(rootId);
    if (home === undefined) return;
    home.trace.checkpointId = checkpointId;
    if (interrupted) home.trace.interrupted = true;
    else home.trace.resumedFrom ??= checkpointId;
  }

  /** Ends every trace under way, as cancelled, with what it has: the process is about to go. */
  abandon(): void {
    for (const home of [...this.active.values()]) this.endTrace(home, true);
  }

  /** A graph that this recorder was made for runs inside of one of another's: what is private in it stays so. */
  private guard({ recorder, span, home }: FollowedRun): void {
    const { privacy } = this.deps;
    if (recorder === this || privacy === undefined || span.type !== 'graph') return;
    const others = span.innerPrivacy ?? [];
    if (!others.includes(privacy)) span.innerPrivacy = [...others, privacy];
    home.trace.hasInnerPrivacy = true;
  }

  /** What encloses it is gone: where it belongs nobody can tell. */
  private leaveOut(start: SpanStart): void {
    if (gone.has(start)) return;
    gone.leaveOut(start.id);
    this.deps.counters.add('spans_dropped', 'parent_gone');
  }

  private startSpan(start: SpanStart, { span: parent, home }: FollowedRun): void {
    if (home.trace.spans.length >= this.deps.maxSpansPerTrace) {
      home.trace.spansDropped += 1;
      gone.leaveOut(start.id);
      this.deps.counters.add('spans_dropped', 'span_limit');
      return;
    }
    // What runs inside of a call inherits its tags, and one may be that of a node.
    const isChain = start.type === 'node' && parent.type !== 'graph';
    const span = newSpan(isChain ? { ...start, type: 'chain' } : start, this.timeIn(home));
    home.trace.spans.push(span);
    this.register(span, home);
    this.weigh(home, span.inputs);
  }

  private startTrace(start: SpanStart): void {
    this.expire();
    const { now, monotonic, startRoot } = this.deps;
    const startedAt = { wallMs: now(), monotonicMs: monotonic() };
    const home = activeTrace(start, startedAt, startRoot?.(start));
    const { root } = home.trace;
    this.active.set(root.id, home);
    this.ageWatch.start();
    this.deps.buffer.add(home.trace);
    this.register(root, home);
    this.weigh(home, root.inputs);
  }

  /** `isCut`: what is in it may still be running. */
  private endTrace(home: ActiveTrace, isCut = false): void {
    if (isCut) home.trace.cutAtMs = this.timeIn(home);
    this.active.delete(home.trace.root.id);
    for (const span of home.trace.spans) {
      followed.delete(span.id);
      if (isCut) gone.leaveOut(span.id);
      else gone.end(span);
    }
    this.deps.onEnd(home.trace);
  }

  /** Roots start in the order of this map, so the first one that is young enough ends the search. */
  private expire(): void {
    for (const home of this.active.values()) {
      if (this.leftMs(home) > 0) return;
      this.deps.counters.add('traces_expired', 'age_limit');
      this.expired.note(home.trace);
      this.endTrace(home, true);
    }
  }

  private leftMs({ startedAt }: ActiveTrace): number {
    return startedAt.monotonicMs + this.deps.maxTraceAgeMs - this.deps.monotonic();
  }

  private register(span: RawSpan, home: ActiveTrace): void {
    followed.set(span.id, { recorder: this, span, home });
  }

  /** A run that this recorder follows. */
  private own(id: string): FollowedRun | undefined {
    const run = followed.get(id);
    return run?.recorder === this ? run : undefined;
  }

  private close(id: string) {
    const entry = this.own(id);
    if (entry === undefined || entry.span.endTimeMs !== undefined) return undefined;
    entry.span.endTimeMs = this.timeIn(entry.home);
    return entry;
  }

  private timeIn(home: ActiveTrace): number {
    return home.startedAt.wallMs + (this.deps.monotonic() - home.startedAt.monotonicMs);
  }

  private weigh(home: ActiveTrace, payload: unknown): void {
    // It holds nothing, or no longer: what comes now is kept alive by it again, even if it was weighed before.
    if (home.trace.sizeBytes === 0) home.seen = new WeakSet();
    this.deps.buffer.grow(home.trace, payloadSize(payload, home.seen));
  }
}

function isRoot(entry: { readonly span: RawSpan; readonly home: ActiveTrace }): boolean {
  return entry.span === entry.home.trace.root;
}
