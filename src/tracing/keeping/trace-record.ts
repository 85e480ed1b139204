import {
  isRecord,
  type KeepDecision,
  type PayloadGap,
  type Span,
  TRACE_SCHEMA_VERSION,
  type Trace,
  type Usage,
} from '../../core/index.ts';
import { encodePayload, SharedCopies } from '../payload.ts';
import { PrivateView } from '../privacy/private-view.ts';
import type { Settlement } from '../recording/outcome.ts';
import type { RawSpan, RawTrace } from '../recording/raw-trace.ts';
import { addUsage, countedUsages, spanUsage } from '../recording/usage.ts';
import { errorText, type Privacy, type Redaction } from '../redaction/index.ts';

/** What may leave memory, and in which size. */
export interface RecordOptions {
  readonly privacy: Privacy;
  /** Limit of one payload; what is over it is cut and marked. */
  readonly maxPayloadBytes: number;
  /** Default: the trace names none. */
  readonly project?: string;
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
  const copies = new Map<Redaction, SharedCopies>();
  const sharedBy = (redaction: Redaction) => {
    const shared = copies.get(redaction) ?? new SharedCopies();
    copies.set(redaction, shared);
    return shared;
  };
  const spans = raw.spans.map((span) => recordSpan(span, root, view, { ...options, sharedBy }));

  const failing = settlement.failingSpan;
  return {
    schemaVersion: TRACE_SCHEMA_VERSION,
    id: view.id(root.id),
    name: view.name(root),
    ...optional('project', options.project),
    ...optional('threadId', view.threadId()),
    ...(raw.checkpointId === undefined ? {} : { checkpointId: view.id(raw.checkpointId) }),
    ...optional('resumedFrom', recordResume(raw, view)),
    ...optional('parentSpan', recordParent(raw.parentSpan, view)),
    outcome: settlement.outcome,
    startTimeMs: root.startTimeMs,
    endTimeMs: root.endTimeMs ?? root.startTimeMs,
    ...(settlement.outcome === 'error' && root.failed ? { error: recordError(failing ?? root, view) } : {}),
    ...(failing === undefined ? {} : { failingSpanId: view.id(failing.id) }),
    decision,
    ...optional('usage', sumUsage(spans)),
    spans,
  };
}

function recordResume({ resumedFrom, resumedRun }: RawTrace, view: PrivateView): Trace['resumedFrom'] {
  if (resumedFrom === undefined) return undefined;
  const run = resumedRun && { runId: view.id(resumedRun.runId), otelTraceId: resumedRun.otelTraceId };
  return { checkpointId: view.id(resumedFrom), ...run };
}

/** Without its flags: they say what the caller decided, and the record has a decision of its own. */
function recordParent(parent: RawTrace['parentSpan'], view: PrivateView): Trace['parentSpan'] {
  if (parent === undefined) return undefined;
  const { traceId, spanId, isRemote } = parent;
  const traceState = parent.traceState && view.traceState(parent.traceState);
  return { traceId, spanId, ...optional('traceState', traceState), ...optional('isRemote', isRemote) };
}

function recordSpan(
  span: RawSpan,
  root: RawSpan,
  view: PrivateView,
  options: RecordOptions & { readonly sharedBy: (redaction: Redaction) => SharedCopies },
): Span {
  const redaction = view.redaction(span);
  const shared = options.sharedBy(redaction);
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
    const encoded = encodePayload(value, options.maxPayloadBytes, redaction, shared);
    if (encoded.truncated) gaps.push({ field, reason: 'truncated' });
    return { [field]: encoded.value };
  };
  return {
    id: view.id(span.id),
    parentId: span === root ? null : view.id(span.parentId ?? root.id),
    name: view.name(span),
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
    metadata: view.hidesMetadata(span) ? {} : encodedRecord(span.metadata, redaction),
    tags: view.tags(span),
    events: span.events.map((event) => ({
      name: view.eventName(span, event),
      timeMs: event.timeMs,
      ...(event.data === undefined || view.hidesEvent(span, event)
        ? {}
        : { data: encodePayload(event.data, options.maxPayloadBytes, view.passingRedaction).value }),
    })),
    ...optional('usage', spanUsage(span)),
    ...optional('node', view.node(span)),
    ...optional('step', view.step(span)),
    ...optional('checkpointNs', view.checkpointNs(span)),
    ...optional('model', view.model(span)),
    ...optional('toolCallId', view.toolCallId(span)),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

function encodedRecord(
  metadata: Readonly<Record<string, unknown>>,
  redaction: Redaction,
): Record<string, unknown> {
  const { value } = encodePayload(metadata, MAX_METADATA_BYTES, redaction);
  return isRecord(value) ? value : {};
}

function recordError(span: RawSpan, view: PrivateView) {
  const redaction = view.passingRedaction;
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
  const usages = [...countedUsages(spans, ({ usage }) => usage).values()];
  return usages.length === 0 ? undefined : usages.reduce(addUsage);
}
