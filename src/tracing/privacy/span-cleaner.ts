import type { Attributes, AttributeValue, Link, SpanContext } from '@opentelemetry/api';
import { fixedTraceState, type OtelSpan, type OtelSpanEvent } from '../exporters/otlp/index.ts';
import type { SpanPrivacy } from '../otel/index.ts';
import type { RawSpan } from '../recording/raw-trace.ts';
import { HIDDEN_MESSAGE, type Hiding, isCommonErrorName, isOpen, type Privacy } from '../redaction/index.ts';
import type { PlacedSpan } from '../span-place.ts';
import { privacyIn } from './inner-privacy.ts';
import { visibleTraceState } from './private-view.ts';

/** What is hidden of a span that the application's own code or an instrumentation has recorded inside a run. */
interface Hidden {
  /** Attributes and events, which can hold anything. */
  readonly data: boolean;
  /** Names, and what other vendors wrote into `tracestate`. */
  readonly names: boolean;
  /** What exceptions and the status say. */
  readonly messages: boolean;
}

/** Attributes of the semantic conventions whose values come from a short list, and say nothing of a value. */
const OPEN_ATTRIBUTES: ReadonlySet<string> = new Set([
  'db.system',
  'db.system.name',
  'http.method',
  'http.request.method',
  'http.request.resend_count',
  'http.response.status_code',
  'http.status_code',
  'messaging.operation.type',
  'messaging.system',
  'network.protocol.name',
  'network.protocol.version',
  'network.transport',
  'rpc.grpc.status_code',
  'rpc.system',
  'server.port',
  'url.scheme',
]);
const OPEN_VALUE = /^[A-Za-z0-9_./-]{1,24}$/;
const METHODS: ReadonlySet<unknown> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);
const METHOD_KEYS = ['http.request.method', 'http.method'] as const;

/**
 * Keeps private values out of the spans that are recorded beside a graph: HTTP calls, queries, spans of the application's
 * own. Where inputs, outputs or metadata are hidden, their attributes and events are left out but for those of the semantic
 * conventions that hold no value, and where metadata is hidden their names too. Elsewhere the redaction is applied.
 *
 * @param enclosing The run and what encloses it, innermost first; undefined when it is not known any more.
 */
export function spanPrivacy(
  privacy: Privacy,
  enclosing: (runId: string) => readonly (PlacedSpan & Pick<RawSpan, 'innerPrivacy'>)[] | undefined,
): SpanPrivacy {
  return {
    cleanerOf: (runId) => {
      const place = runId === undefined ? undefined : enclosing(runId);
      const here = privacyIn(privacy, place ?? []);
      if (isOpen(here)) return (span) => span;
      const { hidesInputs, hidesOutputs, hidesMetadata, keepErrorMessages, redaction } = here;
      const hidings = [hidesInputs, hidesOutputs, hidesMetadata];
      const holds = (hiding: Hiding) =>
        typeof hiding === 'boolean' ? hiding : place === undefined || hiding(place);
      // An exception passes through spans around the place where it was thrown.
      const messages = !keepErrorMessages && (hidesInputs !== false || hidesOutputs !== false);
      const hidden = { data: hidings.some(holds), names: holds(hidesMetadata), messages };
      return (span) => cleanSpan(span as OtelSpan, hidden, redaction);
    },
  };
}

function cleanSpan(span: OtelSpan, hidden: Hidden, redaction: Privacy['redaction']): OtelSpan {
  const attributes = (given: Attributes | undefined) => cleanAttributes(given ?? {}, hidden, redaction);
  const contextOf = (context: SpanContext) => cleanContext(context, hidden, redaction);
  const { parentSpanContext } = span;
  const context = contextOf(span.spanContext());
  const { message } = span.status;
  return {
    name: hidden.names ? operationOf(span) : redaction.text(span.name),
    kind: span.kind,
    spanContext: () => context,
    ...(parentSpanContext === undefined ? {} : { parentSpanContext: contextOf(parentSpanContext) }),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: {
      code: span.status.code,
      ...(message === undefined
        ? {}
        : { message: hidden.messages ? HIDDEN_MESSAGE : redaction.text(message) }),
    },
    attributes: attributes(span.attributes),
    links: span.links.map(
      (link): Link => ({
        ...link,
        context: contextOf(link.context),
        attributes: attributes(link.attributes),
      }),
    ),
    events: span.events.map((event) => cleanEvent(event, hidden, redaction)),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** What an instrumentation does: the method of an HTTP call, else its own name. */
function operationOf({ attributes, instrumentationScope }: OtelSpan): string {
  const method = METHOD_KEYS.map((key) => attributes[key]).find((value) => METHODS.has(value));
  return typeof method === 'string' ? method : instrumentationScope.name;
}

function cleanEvent(event: OtelSpanEvent, hidden: Hidden, redaction: Privacy['redaction']): OtelSpanEvent {
  const { name, time, attributes = {} } = event;
  if (name === 'exception') return { name, time, attributes: cleanException(attributes, hidden, redaction) };
  return {
    name: hidden.data ? 'event' : redaction.text(name),
    time,
    attributes: cleanAttributes(attributes, hidden, redaction),
  };
}

function cleanException(attributes: Attributes, hidden: Hidden, redaction: Privacy['redaction']): Attributes {
  const kept: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (!key.startsWith('exception.')) {
      Object.assign(kept, cleanAttributes({ [key]: value }, hidden, redaction));
    } else if (!hidden.messages) {
      Object.assign(kept, redactedAttribute(key, value, redaction));
    } else if (key === 'exception.type') {
      // Whoever records an exception can call it anything.
      kept[key] = typeof value === 'string' && isCommonErrorName(value) ? value : 'Error';
    } else if (key === 'exception.message') {
      kept[key] = HIDDEN_MESSAGE;
    }
  }
  return kept;
}

function cleanAttributes(
  attributes: Attributes,
  hidden: Hidden,
  redaction: Privacy['redaction'],
): Attributes {
  const kept: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (hidden.data && !isOpenAttribute(key, value)) continue;
    Object.assign(kept, redactedAttribute(key, value, redaction));
  }
  return kept;
}

function isOpenAttribute(key: string, value: AttributeValue | undefined): boolean {
  if (!OPEN_ATTRIBUTES.has(key)) return false;
  if (METHOD_KEYS.some((method) => method === key)) return METHODS.has(value);
  return typeof value === 'number' || (typeof value === 'string' && OPEN_VALUE.test(value));
}

/** The key of an attribute is a path: `customer.address`. */
function redactedAttribute(
  key: string,
  value: AttributeValue | undefined,
  redaction: Privacy['redaction'],
): Attributes {
  const trail = key.split('.');
  return { [redaction.key(key)]: redaction.member(trail) ?? redactedValue(value, trail, redaction) };
}

function redactedValue(
  value: AttributeValue | undefined,
  trail: readonly string[],
  redaction: Privacy['redaction'],
): AttributeValue | undefined {
  if (typeof value === 'string') return redaction.text(value, trail);
  if (typeof value === 'number') {
    const redacted = redaction.number(value);
    return typeof redacted === 'bigint' ? Number(redacted) : redacted;
  }
  if (!Array.isArray(value)) return value;
  // A list is of one type: where a number goes, all become texts.
  const items: unknown[] = value.map((item) =>
    typeof item === 'string' || typeof item === 'number' ? redactedValue(item, trail, redaction) : item,
  );
  const isChanged = items.some((item, index) => typeof item !== typeof value[index]);
  return (isChanged ? items.map(String) : items) as AttributeValue;
}

function cleanContext(context: SpanContext, { names }: Hidden, redaction: Privacy['redaction']): SpanContext {
  const { traceState, ...rest } = context;
  const header = traceState?.serialize();
  if (header === undefined || header === '') return rest;
  const visible = visibleTraceState(header, { hides: names, redaction });
  return visible === undefined ? rest : { ...rest, traceState: fixedTraceState(visible) };
}
