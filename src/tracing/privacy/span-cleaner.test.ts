import { ROOT_CONTEXT, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import type { OtelSpan } from '../exporters/otlp/index.ts';
import type { RawSpan } from '../recording/raw-trace.ts';
import { compilePrivacy, type PrivacyOptions } from '../redaction/index.ts';
import type { PlacedSpan } from '../span-place.ts';
import { spanPrivacy } from './span-cleaner.ts';

const OPEN: PrivacyOptions = {
  hideInputs: false,
  hideOutputs: false,
  hideMetadata: false,
  keepErrorMessages: false,
  redact: false,
};
const work: PlacedSpan = { name: 'work', type: 'node', tags: [], metadata: { langgraph_node: 'work' } };

/** A span of the SDK's own, with a private value wherever it takes one. */
function recorded(value = 'canary') {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
  const span = provider.getTracer('shop').startSpan(`of ${value}`, {}, ROOT_CONTEXT);
  span.setAttributes({
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'server.port': 443,
    'db.system.name': 'postgresql',
    'url.full': `http://127.0.0.1/${value}`,
    customer: value,
    'customer.list': [value, 'b'],
    'customer.ids': [4111111111111111, 2],
    paid: true,
  });
  span.addEvent(`found ${value}`, { of: value });
  class NoStockError extends Error {}
  span.recordException(Object.assign(new NoStockError(value), { name: `${value}Error` }));
  span.setStatus({ code: SpanStatusCode.ERROR, message: value });
  span.end();
  return memory.getFinishedSpans()[0] as unknown as OtelSpan;
}

function clean(
  options: Partial<PrivacyOptions>,
  span: OtelSpan,
  place: readonly (PlacedSpan & Pick<RawSpan, 'innerPrivacy'>)[] | undefined = [work],
) {
  const privacy = spanPrivacy(
    compilePrivacy({ ...OPEN, ...options }, () => {}),
    () => place,
  );
  return privacy.cleanerOf('run')(span) as OtelSpan;
}

describe('a span recorded beside a graph', () => {
  it('is not touched where nothing is hidden', () => {
    const span = recorded();
    expect(clean({}, span)).toBe(span);
  });

  it('is cleaned as a graph asks that is wrapped itself, inside of that graph', () => {
    const innerPrivacy = [compilePrivacy({ ...OPEN, hideInputs: true, hideMetadata: true }, () => {})];
    const span = recorded();
    const of = ({ name, attributes, events }: OtelSpan) => ({ name, attributes, events });
    const expected = clean({ hideInputs: true, hideMetadata: true }, span);
    expect(of(clean({}, span, [work, { ...work, innerPrivacy }]))).toEqual(of(expected));
  });

  it('keeps its place in the trace, its times and what holds no value, where everything is hidden', () => {
    const span = recorded();
    const cleaned = clean({ hideInputs: true, hideOutputs: true, hideMetadata: true }, span)!;
    expect(JSON.stringify(cleaned)).not.toContain('canary');
    expect(cleaned).toMatchObject({
      name: 'GET',
      kind: span.kind,
      startTime: span.startTime,
      endTime: span.endTime,
      duration: span.duration,
      ended: true,
      status: { code: SpanStatusCode.ERROR, message: '[hidden]' },
      instrumentationScope: { name: 'shop' },
    });
    expect(cleaned.resource).toBe(span.resource);
    expect(cleaned.spanContext()).toEqual(span.spanContext());
    expect(cleaned.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.port': 443,
      'db.system.name': 'postgresql',
    });
    expect(cleaned.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['event', {}],
      ['exception', { 'exception.type': 'Error', 'exception.message': '[hidden]' }],
    ]);
  });

  it.each<[string, Partial<PrivacyOptions>, string[]]>([
    ['inputs', { hideInputs: true }, ['of canary', '[hidden]']],
    ['outputs', { hideOutputs: true }, ['of canary', '[hidden]']],
    ['metadata', { hideMetadata: true }, ['GET', 'canary']],
    [
      'inputs, but not what errors say',
      { hideInputs: true, keepErrorMessages: true },
      ['of canary', 'canary'],
    ],
  ])('loses its attributes where %s are hidden', (_what, options, texts) => {
    const cleaned = clean(options, recorded())!;
    expect([cleaned.name, cleaned.status.message]).toEqual(texts);
    expect(Object.keys(cleaned.attributes)).not.toContain('customer');
    expect(Object.keys(cleaned.attributes)).not.toContain('url.full');
  });

  it('does not believe a method or a short value that is none', () => {
    const span = recorded();
    Object.assign(span.attributes, { 'http.request.method': 'CANARY', 'db.system.name': 'for canary' });
    const cleaned = clean({ hideMetadata: true }, span)!;
    expect(cleaned.name).toBe('shop');
    expect(Object.keys(cleaned.attributes)).toEqual(['http.response.status_code', 'server.port']);
  });

  it('follows the places: messages are hidden around them, and everything once the run is not known', () => {
    const rule = { hideInputs: [{ node: 'work' }] };
    expect(clean(rule, recorded())!.attributes['customer']).toBeUndefined();
    const elsewhere = clean(rule, recorded(), [{ ...work, name: 'other', metadata: {} }])!;
    expect([elsewhere.attributes['customer'], elsewhere.status.message]).toEqual(['canary', '[hidden]']);
    expect(clean(rule, recorded(), [])!.attributes['customer']).toBe('canary');
    const privacy = spanPrivacy(
      compilePrivacy({ ...OPEN, ...rule }, () => {}),
      () => undefined,
    );
    for (const run of ['gone', undefined]) {
      const cleaned = privacy?.cleanerOf(run)(recorded()) as OtelSpan;
      expect(cleaned.attributes['customer']).toBeUndefined();
    }
  });

  it('is redacted in every field', () => {
    const cleaned = clean({ redact: ['email', 'card', { path: 'customer' }] }, recorded('bob@example.com'))!;
    expect(JSON.stringify(cleaned)).not.toMatch(/bob@|4111/);
    expect(cleaned.name).toBe('of [redacted:email]');
    expect(cleaned.attributes).toMatchObject({
      'url.full': expect.stringContaining('[redacted:email]'),
      customer: '[redacted:customer]',
      'customer.list': ['[redacted:email]', 'b'],
      // A list is of one type.
      'customer.ids': ['[redacted:card]', '2'],
      'server.port': 443,
      paid: true,
    });
    expect(cleaned.status.message).toBe('[redacted:email]');
  });
});
