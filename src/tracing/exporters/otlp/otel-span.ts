import type { Attributes, Link, SpanContext, SpanKind, SpanStatus, TraceState } from '@opentelemetry/api';

/** Seconds and nanoseconds since the epoch, as OpenTelemetry counts time. */
export type HighResTime = [seconds: number, nanoseconds: number];

/** What an SDK calls a readable span; the exporters of the SDKs 2.x and 3.x take it. */
export interface OtelSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HighResTime;
  readonly endTime: HighResTime;
  readonly duration: HighResTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: OtelSpanEvent[];
  readonly ended: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the class is the SDK's own, of whichever version the application runs
  readonly resource: any;
  readonly instrumentationScope: {
    readonly name: string;
    readonly version?: string;
    readonly schemaUrl?: string;
  };
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** Something that happened at a moment of an {@link OtelSpan}. */
export interface OtelSpanEvent {
  readonly name: string;
  readonly time: HighResTime;
  readonly attributes?: Attributes;
}

const NANOS_PER_MS = 1_000_000;

/** Milliseconds, with fractions, as OpenTelemetry counts time. */
export function highResTime(ms: number): HighResTime {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * NANOS_PER_MS);
  // Rounding up may complete the second.
  return nanos >= 1e9 ? [seconds + 1, 0] : [seconds, nanos];
}

/** A `tracestate` header that is only handed on. */
export function fixedTraceState(header: string): TraceState {
  const members = new Map(
    header.split(',').flatMap((member) => {
      const at = member.indexOf('=');
      return at < 1 ? [] : [[member.slice(0, at).trim(), member.slice(at + 1).trim()] as const];
    }),
  );
  const state: TraceState = {
    get: (key) => members.get(key),
    set: () => state,
    unset: () => state,
    serialize: () => header,
  };
  return state;
}
