import { createHash } from 'node:crypto';
import {
  isRecord,
  isUuid,
  type KeepDecision,
  type PayloadGap,
  type Span,
  TRACE_SCHEMA_VERSION,
  type Trace,
  type Usage,
} from '../core/index.ts';
import type { Settlement } from './outcome.ts';
import { encodePayload } from './payload.ts';
import type { RawEvent, RawSpan, RawTrace } from './raw-trace.ts';
import { errorText, type Hiding, type Privacy } from './redaction/index.ts';
import { addUsage, spanUsage } from './usage.ts';

/** What may leave memory, and in which size. */
export interface RecordOptions {
  readonly privacy: Privacy;
  /** Limit of one payload; what is over it is cut and marked. */
  readonly maxPayloadBytes: number;
}

const MAX_METADATA_BYTES = 32 * 1024;
const MAX_TEXT = 16 * 1024;

/** Encodes a settled trace: the only place where payloads are turned into data that outlives the run. */
export function recordTrace(
  raw: RawTrace,
  settlement: Settlement,
  decision: KeepDecision,
  options: RecordOptions,
): Trace {
  const { root } = raw;
  const view = new PrivateView(raw, options.privacy);
  const spans = raw.spans.map((span) => recordSpan(span, root, view, options));
  const failing = settlement.failingSpan;
  return {
    schemaVersion: TRACE_SCHEMA_VERSION,
    id: root.id,
    name: view.text(root.name),
    ...optional('threadId', recordThreadId(root, view)),
    ...(raw.checkpointId === undefined ? {} : { checkpointId: raw.checkpointId }),
    ...optional('parentSpan', recordParent(raw.parentSpan)),
    outcome: settlement.outcome,
    startTimeMs: root.startTimeMs,
    endTimeMs: root.endTimeMs ?? root.startTimeMs,
    ...(settlement.outcome === 'error' && root.failed ? { error: recordError(failing ?? root, view) } : {}),
    ...(failing === undefined ? {} : { failingSpanId: failing.id }),
    decision,
    ...optional('usage', sumUsage(spans)),
    spans,
  };
}

/** Without its flags: they say what the caller decided, and the record has a decision of its own. */
function recordParent(parent: RawTrace['parentSpan']): Trace['parentSpan'] {
  if (parent === undefined) return undefined;
  const { traceId, spanId, traceState, isRemote } = parent;
  return { traceId, spanId, ...optional('traceState', traceState), ...optional('isRemote', isRemote) };
}

/** What of a trace is hidden where. */
class PrivateView {
  readonly privacy: Privacy;
  private readonly byId: ReadonlyMap<string, RawSpan>;
  private readonly chains = new Map<RawSpan, readonly RawSpan[]>();
  /** Spans that hide inputs or outputs, and all that enclose one: errors and interrupts pass through them on their way up. */
  private readonly guarded = new Set<RawSpan>();

  constructor(trace: RawTrace, privacy: Privacy) {
    this.privacy = privacy;
    this.byId = new Map(trace.spans.map((span) => [span.id, span]));
    if (privacy.hidesInputs === false && privacy.hidesOutputs === false) return;
    for (const span of trace.spans) {
      if (!this.holds(privacy.hidesInputs, span) && !this.holds(privacy.hidesOutputs, span)) continue;
      for (const guarded of this.enclosing(span)) this.guarded.add(guarded);
    }
  }

  text(value: string): string {
    return this.privacy.redaction.text(value);
  }

  hidesInputs(span: RawSpan): boolean {
    return this.holds(this.privacy.hidesInputs, span);
  }

  hidesOutputs(span: RawSpan): boolean {
    // LangGraph's first step hands the input on: its output is the input once more.
    return (
      this.holds(this.privacy.hidesOutputs, span) || (span.name === '__start__' && this.hidesInputs(span))
    );
  }

  hidesMetadata(span: RawSpan): boolean {
    return this.holds(this.privacy.hidesMetadata, span);
  }

  hidesErrorMessage(span: RawSpan): boolean {
    return !this.privacy.keepErrorMessages && this.guarded.has(span);
  }

  hidesEvent(span: RawSpan, event: RawEvent): boolean {
    // The root's interrupt event carries what a node inside it asked.
    return this.hidesOutputs(span) || (event.name === 'interrupt' && this.guarded.has(span));
  }

  private holds(hiding: Hiding, span: RawSpan): boolean {
    return typeof hiding === 'boolean' ? hiding : hiding(this.enclosing(span));
  }

  /** The span and what encloses it, innermost first. */
  private enclosing(span: RawSpan): readonly RawSpan[] {
    const known = this.chains.get(span);
    if (known !== undefined) return known;
    const chain: RawSpan[] = [];
    let next: RawSpan | undefined = span;
    while (next !== undefined && !chain.includes(next)) {
      chain.push(next);
      next = this.byId.get(next.parentId ?? '');
    }
    this.chains.set(span, chain);
    return chain;
  }
}

function recordSpan(span: RawSpan, root: RawSpan, view: PrivateView, options: RecordOptions): Span {
  const { redaction } = view.privacy;
  const gaps: PayloadGap[] = [];
  const payload = (field: PayloadGap['field'], value: unknown, hidden: boolean) => {
    if (value === undefined) {
      if (span.payloadsReleased) gaps.push({ field, reason: 'truncated' });
      return {};
    }
    if (hidden) {
      gaps.push({ field, reason: 'hidden' });
      return {};
    }
    const encoded = encodePayload(value, options.maxPayloadBytes, redaction);
    if (encoded.truncated) gaps.push({ field, reason: 'truncated' });
    return { [field]: encoded.value };
  };
  const { metadata } = span;
  const hidesMetadata = view.hidesMetadata(span);
  return {
    id: span.id,
    parentId: span === root ? null : (span.parentId ?? root.id),
    name: view.text(span.name),
    type: span.type,
    startTimeMs: span.startTimeMs,
    endTimeMs: span.endTimeMs ?? span.startTimeMs,
    outcome: span.outcome ?? 'cancelled',
    ...(span.failed && (span.outcome === 'error' || span.outcome === 'handled_error')
      ? { error: recordError(span, view) }
      : {}),
    ...payload('inputs', span.inputs, view.hidesInputs(span)),
    ...payload('outputs', span.outputs, view.hidesOutputs(span)),
    gaps,
    metadata: hidesMetadata ? {} : encodedRecord(metadata, view),
    tags: span.tags
      .map(String)
      .filter((tag) => !hidesMetadata || LANGGRAPH_TAG.test(tag))
      .map((tag) => view.text(tag)),
    events: span.events.map((event) => ({
      name: view.text(event.name),
      timeMs: event.timeMs,
      ...(event.data === undefined || view.hidesEvent(span, event)
        ? {}
        : { data: encodePayload(event.data, options.maxPayloadBytes, redaction).value }),
    })),
    ...optional('usage', spanUsage(span)),
    ...optional('node', textOf(metadata['langgraph_node'], view)),
    ...(typeof metadata['langgraph_step'] === 'number' ? { step: metadata['langgraph_step'] } : {}),
    ...optional('checkpointNs', textOf(metadata['langgraph_checkpoint_ns'], view)),
    ...optional('model', textOf(span.model, view)),
    ...optional('toolCallId', textOf(span.toolCallId, view)),
  };
}

/** Tags that LangGraph and LangChain set by themselves; nothing of the user's is in them. */
const LANGGRAPH_TAG = /^(?:(?:graph|seq|map):(?:step|key):\d+|langsmith:hidden)$/;

function textOf(value: unknown, view: PrivateView): string | undefined {
  return typeof value === 'string' ? view.text(value) : undefined;
}

/**
 * The thread of the run. It is metadata, and often somebody's name; where metadata is hidden a name of it is recorded
 * that is the same for the same thread, so that the runs of a conversation can still be told to belong together.
 */
function recordThreadId(root: RawSpan, view: PrivateView): string | undefined {
  const threadId = root.metadata['thread_id'];
  if (typeof threadId !== 'string' || isUuid(threadId))
    return typeof threadId === 'string' ? threadId : undefined;
  if (!view.hidesMetadata(root)) return view.text(threadId);
  return `hidden-${createHash('sha256').update(threadId).digest('hex').slice(0, 16)}`;
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

function encodedRecord(
  metadata: Readonly<Record<string, unknown>>,
  view: PrivateView,
): Record<string, unknown> {
  const { value } = encodePayload(metadata, MAX_METADATA_BYTES, view.privacy.redaction);
  return isRecord(value) ? value : {};
}

function recordError(span: RawSpan, view: PrivateView) {
  const { redaction } = view.privacy;
  return errorText(span.thrown, {
    redaction,
    hideMessages: view.hidesErrorMessage(span),
    maxText: MAX_TEXT,
    describe: (thrown) => {
      const { value } = encodePayload(thrown, MAX_TEXT, redaction);
      return typeof value === 'string' ? value : JSON.stringify(value);
    },
  });
}

function sumUsage(spans: readonly Span[]): Usage | undefined {
  const usages = spans.flatMap((span) => (span.usage === undefined ? [] : [span.usage]));
  return usages.length === 0 ? undefined : usages.reduce(addUsage);
}
