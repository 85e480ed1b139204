import { isRecord } from '../../core/index.ts';

/** A span of OpenTelemetry, whichever encoding it came in. */
export interface FlatSpan {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly startTimeMs: number;
  readonly endTimeMs: number;
  readonly failed: boolean;
  readonly statusMessage: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly timeMs: number;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

/**
 * The spans in an OTLP JSON document: `{resourceSpans}`, `{batches}`, or either of these inside `trace` or `result`. Ids are
 * hex, or base64 where a gateway applied the rules of protobuf; numbers of 64 bits are texts or numbers.
 *
 * Source: OpenTelemetry Protocol 1.x, "JSON Protobuf Encoding".
 */
export function otlpSpans(document: unknown): FlatSpan[] {
  const root = isRecord(document) ? (document['result'] ?? document['trace'] ?? document) : undefined;
  const resources = isRecord(root) ? (root['resourceSpans'] ?? root['batches']) : undefined;
  return records(resources)
    .flatMap((resource) => records(resource['scopeSpans'] ?? resource['instrumentationLibrarySpans']))
    .flatMap((scope) => records(scope['spans']))
    .map(flatSpan);
}

/** A span in the form of Phoenix's REST API. */
export function phoenixSpan(span: Readonly<Record<string, unknown>>): FlatSpan {
  const context = isRecord(span['context']) ? span['context'] : {};
  const parentId = span['parent_id'];
  return {
    traceId: hexId(context['trace_id'], 32),
    spanId: hexId(context['span_id'], 16),
    parentSpanId: typeof parentId === 'string' && parentId !== '' ? hexId(parentId, 16) : undefined,
    name: text(span['name']) ?? '',
    startTimeMs: isoMs(span['start_time']),
    endTimeMs: isoMs(span['end_time']),
    failed: span['status_code'] === 'ERROR',
    statusMessage: text(span['status_message']),
    attributes: flattened(span['attributes']),
    events: records(span['events']).map((event) => ({
      name: text(event['name']) ?? '',
      timeMs: isoMs(event['timestamp']),
      attributes: flattened(event['attributes']),
    })),
  };
}

function flatSpan(span: Readonly<Record<string, unknown>>): FlatSpan {
  const status = isRecord(span['status']) ? span['status'] : {};
  const parent = span['parentSpanId'];
  return {
    traceId: hexId(span['traceId'], 32),
    spanId: hexId(span['spanId'], 16),
    parentSpanId: typeof parent === 'string' && parent !== '' ? hexId(parent, 16) : undefined,
    name: text(span['name']) ?? '',
    startTimeMs: nanosToMs(span['startTimeUnixNano']),
    endTimeMs: nanosToMs(span['endTimeUnixNano']),
    failed: status['code'] === 2 || status['code'] === 'STATUS_CODE_ERROR',
    statusMessage: text(status['message']),
    attributes: attributesOf(span['attributes']),
    events: records(span['events']).map((event) => ({
      name: text(event['name']) ?? '',
      timeMs: nanosToMs(event['timeUnixNano']),
      attributes: attributesOf(event['attributes']),
    })),
  };
}

function records(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Base64 of 8 or 16 bytes is never as long as their hex. */
function hexId(value: unknown, digits: number): string {
  if (typeof value !== 'string') return '';
  if (value.length === digits && /^[0-9a-f]+$/i.test(value)) return value.toLowerCase();
  return Buffer.from(value, 'base64').toString('hex').padStart(digits, '0').slice(-digits);
}

function nanosToMs(value: unknown): number {
  if (typeof value !== 'string' && typeof value !== 'number') return 0;
  const nanos = BigInt(value);
  return Number(nanos / 1_000_000n) + Number(nanos % 1_000_000n) / 1e6;
}

function isoMs(value: unknown): number {
  const timeMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(timeMs) ? 0 : timeMs;
}

function attributesOf(value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    records(value).flatMap(({ key, value: member }) =>
      typeof key === 'string' ? [[key, anyValue(member)]] : [],
    ),
  );
}

function anyValue(value: unknown): unknown {
  if (!isRecord(value)) return undefined;
  if ('intValue' in value) return Number(value['intValue']);
  if ('arrayValue' in value) {
    const { arrayValue } = value;
    return isRecord(arrayValue) && Array.isArray(arrayValue['values'])
      ? arrayValue['values'].map(anyValue)
      : [];
  }
  if ('kvlistValue' in value) {
    return isRecord(value['kvlistValue']) ? attributesOf(value['kvlistValue']['values']) : {};
  }
  return value['stringValue'] ?? value['doubleValue'] ?? value['boolValue'] ?? value['bytesValue'];
}

/** Phoenix nests attributes by the dots in their names. */
function flattened(value: unknown, prefix = ''): Record<string, unknown> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      isRecord(member)
        ? Object.entries(flattened(member, `${prefix}${key}.`))
        : [[`${prefix}${key}`, member]],
    ),
  );
}
