import type { Outcome } from '../../core/index.ts';
import type { RawSpan, RawTrace } from './raw-trace.ts';
import { isSameError } from './reported-error.ts';

/** What the settled trace as a whole says. */
export interface Settlement {
  readonly outcome: Outcome;
  /** The deepest span in which the error of the trace first appeared. */
  readonly failingSpan: RawSpan | undefined;
}

/**
 * Gives every span of an ended trace its outcome, and the trace its own. An exception is not always an error: LangGraph
 * throws to interrupt, to hand a command to the parent graph and to stop when it is drained or aborted, and an error
 * that was retried or answered inside is not one of the run.
 *
 * Spans that have not ended with their root are closed here, as cancelled, and so is a root that was cut off.
 */
export function settle(trace: RawTrace): Settlement {
  const { root, spans } = trace;
  const endTimeMs = root.endTimeMs ?? trace.cutAtMs ?? root.startTimeMs;
  const aborted = isCancelled(trace);
  const fatal = root.failed && !aborted && thrownOutcome(root.thrown) === 'error';
  const cause = causeOf(trace);
  const failingSpan = fatal ? findFailingSpan(trace, cause) : undefined;
  // No span says what it was, and "Abort" would say less than the caller has been told.
  if (failingSpan === root) root.thrown = cause;
  const fatalSpans = failingSpan === undefined ? new Set<RawSpan>() : pathToRoot(failingSpan, spans);

  let handledErrors = 0;
  for (const span of spans) {
    // It may hold on to all that the caller attached to it.
    if (span.signal !== undefined) span.signal = undefined;
    if (span === root) continue;
    if (span.endTimeMs === undefined) {
      span.endTimeMs = endTimeMs;
      span.outcome = 'cancelled';
    } else if (!span.failed) {
      span.outcome = 'success';
    } else {
      span.outcome = spanOutcome(span, { aborted, fatal, fatalSpans, failure: failingSpan?.thrown });
      if (span.outcome === 'handled_error') handledErrors += 1;
    }
  }
  markEnclosing(spans, root);
  root.outcome = rootOutcome(trace, { aborted, fatal, handledErrors });
  root.endTimeMs ??= endTimeMs;
  return { outcome: root.outcome, failingSpan };
}

interface TraceView {
  readonly aborted: boolean;
  readonly fatal: boolean;
  readonly fatalSpans: ReadonlySet<RawSpan>;
  readonly failure: unknown;
}

function spanOutcome(span: RawSpan, view: TraceView): Outcome {
  if (view.fatalSpans.has(span)) return 'error';
  const own = thrownOutcome(span.thrown);
  if (own !== 'error') return own;
  // LangGraph aborts what runs beside a failing node, and everything once the caller has left.
  if (isAbort(span.thrown) && (view.aborted || (view.fatal && !isSameError(span.thrown, view.failure))))
    return 'cancelled';
  if (view.aborted) return 'cancelled';
  return view.fatal && isSameError(span.thrown, view.failure) ? 'error' : 'handled_error';
}

function rootOutcome(
  trace: RawTrace,
  view: { readonly aborted: boolean; readonly fatal: boolean; readonly handledErrors: number },
): Outcome {
  const { root } = trace;
  if (root.endTimeMs === undefined) return 'cancelled';
  if (view.aborted) return 'cancelled';
  if (view.fatal) return 'error';
  if (root.failed) return thrownOutcome(root.thrown);
  if (trace.interrupted) return 'interrupted';
  return view.handledErrors > 0 ? 'handled_error' : 'success';
}

/** A span that ended well around one whose error it handled is what handled it, as long as the error stayed inside. */
function markEnclosing(spans: readonly RawSpan[], root: RawSpan): void {
  const byId = new Map(spans.map((span) => [span.id, span]));
  for (const span of spans) {
    if (span.outcome !== 'handled_error') continue;
    let parent = byId.get(span.parentId ?? '');
    while (parent !== undefined && parent !== root && parent.outcome === 'success') {
      parent.outcome = 'handled_error';
      parent = byId.get(parent.parentId ?? '');
    }
  }
}

/** The outcome of something thrown, judged by itself. */
function thrownOutcome(thrown: unknown): Outcome {
  const name = nameOf(thrown);
  if (name === 'GraphInterrupt' || name === 'NodeInterrupt') return 'interrupted';
  if (name === 'ParentCommand') return 'success';
  if (name === 'GraphDrained') return 'drained';
  return 'error';
}

/** LangGraph ends the root of an aborted run with `Error("Abort")`, whatever the reason of the signal was. */
function isGraphAbort(root: RawSpan): boolean {
  return root.failed && root.thrown instanceof Error && root.thrown.message === 'Abort';
}

function isAbort(thrown: unknown): boolean {
  return nameOf(thrown) === 'AbortError' || (thrown instanceof Error && thrown.message === 'Abort');
}

/** Whether somebody chose to stop the run. A time limit ends it in the same way, but a run that took too long has failed. */
function isCancelled({ root, spans }: RawTrace): boolean {
  if (!isGraphAbort(root)) return false;
  const { signal } = root;
  if (signal === undefined) return !spans.some((span) => isTimeout(span.thrown));
  // Not aborted: it was the limit of one step, or a node's own error of that text.
  return signal.aborted && !isTimeout(signal.reason);
}

/** What ended a run that failed: behind `Error("Abort")`, the time limit. */
function causeOf({ root, spans }: RawTrace): unknown {
  if (!isGraphAbort(root)) return root.thrown;
  if (isTimeout(root.signal?.reason)) return root.signal?.reason;
  if (spans.some((span) => span !== root && isSameError(span.thrown, root.thrown))) return root.thrown;
  // Of those that ended earlier, the run went on.
  const last = spans
    .filter((span) => isTimeout(span.thrown))
    .reduce<RawSpan | undefined>(
      (latest, span) => ((span.endTimeMs ?? 0) >= (latest?.endTimeMs ?? 0) ? span : latest),
      undefined,
    );
  return last === undefined ? root.thrown : last.thrown;
}

function isTimeout(thrown: unknown): boolean {
  return nameOf(thrown) === 'TimeoutError';
}

function nameOf(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : undefined;
}

/**
 * The deepest span that threw what ended the run, by being the same object (LangGraph passes errors on as they are); the
 * root where there is none. Of several, the one that ended first.
 */
function findFailingSpan({ root, spans }: RawTrace, cause: unknown): RawSpan {
  const candidates = spans.filter(
    (span) =>
      span !== root &&
      span.failed &&
      thrownOutcome(span.thrown) === 'error' &&
      isSameError(span.thrown, cause),
  );
  const first = candidates.reduce<RawSpan | undefined>(
    (best, span) => (best === undefined || (span.endTimeMs ?? 0) < (best.endTimeMs ?? 0) ? span : best),
    undefined,
  );
  return first === undefined ? root : deepest(first, candidates);
}

/** Follows the error down to the innermost span that threw it: an inner span can end in the same millisecond. */
function deepest(start: RawSpan, candidates: readonly RawSpan[]): RawSpan {
  const child = candidates.find((span) => span.parentId === start.id);
  return child === undefined ? start : deepest(child, candidates);
}

function pathToRoot(from: RawSpan, spans: readonly RawSpan[]): Set<RawSpan> {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const path = new Set<RawSpan>();
  let span: RawSpan | undefined = from;
  while (span !== undefined && !path.has(span) && span.failed) {
    path.add(span);
    span = byId.get(span.parentId ?? '');
  }
  return path;
}
