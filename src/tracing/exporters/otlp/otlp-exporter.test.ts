import { context, DiagConsoleLogger, diag, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../../test/support/eventually.ts';
import { type OtlpServer, otlpServer } from '../../../../test/support/otlp-server.ts';
import { makeSpan, makeTrace, runId } from '../../../../test/support/traces.ts';
import { SluicegateSpanProcessor } from '../../otel/bridge/index.ts';
import { OtelHub, otelSpanId, otelTraceId } from '../../otel/index.ts';
import { OtlpExporter, type OtlpExporterOptions, otlpSettings } from './index.ts';

let server: OtlpServer;
const exporters: OtlpExporter[] = [];

beforeEach(async () => {
  server = await otlpServer();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-team=agents');
  vi.stubEnv('OTEL_SERVICE_NAME', 'support-agent');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '400');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(exporters.splice(0).map((exporter) => exporter.close()));
  await server[Symbol.asyncDispose]();
});

function open(options: OtlpExporterOptions = {}) {
  const exporter = new OtlpExporter({ hub: new OtelHub(), ...options });
  exporters.push(exporter);
  return exporter;
}

const root = runId(1);
const traces = [
  makeTrace({
    id: root,
    outcome: 'error',
    spans: [
      makeSpan({ id: root, outcome: 'error', error: { name: 'Error', message: 'no stock' } }),
      makeSpan({
        id: runId(2),
        parentId: root,
        type: 'tool',
        name: 'lookup',
        toolCallId: 'c1',
        inputs: { input: 'x' },
      }),
    ],
  }),
];

describe('the OTLP exporter', () => {
  it('sends the spans of a trace to the endpoint, with headers and resource of the environment', async () => {
    expect(await open().export(traces)).toEqual({ kind: 'success' });
    expect(server.requests).toMatchObject([{ path: '/v1/traces', headers: { 'x-team': 'agents' } }]);
    expect(server.spans).toMatchObject([
      {
        traceId: otelTraceId(root),
        spanId: otelSpanId(root),
        name: 'invoke_agent support',
        kind: 1,
        status: { code: 2, message: 'no stock' },
        events: [{ name: 'exception' }],
        startTimeUnixNano: '1000000000',
        resource: { 'service.name': 'support-agent' },
        scope: 'sluicegate',
        schemaUrl: 'https://opentelemetry.io/schemas/1.45.0',
      },
      {
        parentSpanId: otelSpanId(root),
        name: 'execute_tool lookup',
        attributes: { 'gen_ai.tool.call.id': 'c1', 'sluicegate.run_id': runId(2) },
      },
    ]);
    expect(server.spans[1]?.attributes).not.toHaveProperty('gen_ai.tool.call.arguments');
  });

  it('sends content and tracestate when it is told to', async () => {
    await open({ captureContent: true, traceState: () => 'ot=th:8' }).export(traces);
    expect(server.spans[1]).toMatchObject({
      traceState: 'ot=th:8',
      attributes: { 'gen_ai.tool.call.arguments': 'x' },
    });
  });

  it.each([401, 404, 429, 500, 503])('keeps for later what is answered with %d', async (status) => {
    const exporter = open();
    server.answers.push({ status, headers: { 'retry-after': '30' } });
    expect(await exporter.export(traces)).toMatchObject({ kind: 'retryable' });
    expect(await exporter.export(traces)).toEqual({ kind: 'success' });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [429, '2', 2_000],
    [503, new Date(1_000_000 + 5_000).toUTCString(), 5_000],
    [503, 'soon', undefined],
    [503, undefined, undefined],
  ])('hands on how long a %d with Retry-After %s asks it to wait', async (status, header, retryAfterMs) => {
    const exporter = open({ now: () => 1_000_000 });
    server.answers.push({ status, headers: header === undefined ? {} : { 'retry-after': header } });
    const result = await exporter.export(traces);
    expect(result).toMatchObject({
      kind: 'retryable',
      error: { message: expect.stringMatching(/^HTTP \d/) },
    });
    expect(result).toMatchObject(retryAfterMs === undefined ? {} : { retryAfterMs });
    expect('retryAfterMs' in result).toBe(retryAfterMs !== undefined);
    expect(server.requests).toHaveLength(1);
  });

  it('compresses when the environment asks for it', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
    expect(await open().export(traces)).toEqual({ kind: 'success' });
    expect(server.requests[0]?.headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(server.spans).toHaveLength(2);
  });

  it('sends no span again that the receiver says it left out', async () => {
    const said: string[] = [];
    diag.setLogger(Object.assign(new DiagConsoleLogger(), { warn: (text: string) => void said.push(text) }));
    server.answers.push({
      status: 200,
      body: JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } }),
    });
    const rejected: number[] = [];
    const exporter = open({ onRejected: (spans) => void rejected.push(spans) });
    expect(await exporter.export(traces)).toEqual({ kind: 'success' });
    expect(said).toEqual(['The OTLP receiver left out 2 spans: too old.']);
    server.answers.push({ status: 200, body: JSON.stringify({ partialSuccess: {} }) });
    await exporter.export(traces);
    expect(rejected).toEqual([2]);
    diag.disable();
  });

  it.each([
    ['text/html; charset=utf-8', 'retryable'],
    ['application/xhtml+xml', 'retryable'],
    ['application/x-protobuf', 'success'],
    ['text/plain', 'success'],
  ])('after a 200 with %s the traces are %s', async (type, kind) => {
    server.answers.push({ status: 200, headers: { 'content-type': type }, body: '<html>Sign in</html>' });
    expect(await open().export(traces)).toMatchObject({ kind });
  });

  it('asks the receiver at the end of its time no more, and closes the connection', async () => {
    server.answers.push('hang');
    const result = await open().export(traces);
    expect(result).toMatchObject({ kind: 'retryable', error: { message: 'No answer in 400 ms' } });
    await eventually(async () => expect(await server.connections()).toBe(0));
  });

  it.each([400, 413, 422])(
    'reports as refused what is answered with %d, naming the status',
    async (status) => {
      server.answers.push({ status });
      const result = await open().export(traces);
      expect(result).toMatchObject({
        kind: 'refused',
        error: { message: expect.stringContaining(`HTTP ${status}`) },
      });
    },
  );

  it('keeps for later what nobody answers, or nobody is there to take', async () => {
    server.answers.push('hang');
    expect(await open().export(traces)).toMatchObject({ kind: 'retryable' });
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
    expect(await open().export(traces)).toMatchObject({ kind: 'retryable', error: { code: 'ECONNREFUSED' } });
  });

  it('gives the batch back when it is told to stop', async () => {
    server.answers.push('hang');
    const stop = new AbortController();
    const result = open().export(traces, { signal: stop.signal });
    await eventually(() => expect(server.requests.length).toBe(1));
    stop.abort(new Error('stopping'));
    expect(await result).toMatchObject({ kind: 'retryable', error: { message: 'stopping' } });
    await eventually(async () => expect(await server.connections()).toBe(0));
    expect(await open().export(traces, { signal: stop.signal })).toMatchObject({ kind: 'retryable' });
  });

  it('closes twice, and before it ever sent', async () => {
    const exporter = open();
    await exporter.close();
    await exporter.close();
    expect(server.requests).toEqual([]);
  });
});

describe("with the application's own SDK", () => {
  afterEach(() => {
    trace.disable();
    context.disable();
  });

  it('hands the spans to its processor, with its resource, and sends nothing itself', async () => {
    const hub = new OtelHub();
    const memory = new InMemorySpanExporter();
    const processor = new SluicegateSpanProcessor(new SimpleSpanProcessor({ exporter: memory }), { hub });
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'shop' }),
      spanProcessors: [processor],
    });
    trace.setGlobalTracerProvider(provider);
    expect(await open({ hub }).export(traces)).toEqual({ kind: 'success' });
    const spans = memory.getFinishedSpans();
    expect(spans.map((span) => span.name)).toEqual(['invoke_agent support', 'execute_tool lookup']);
    expect(spans[0]?.resource.attributes['service.name']).toBe('shop');
    expect(server.requests).toEqual([]);
    await provider.shutdown();
  });
});

describe('the OTLP settings', () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otel.example/v1/traces' }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_SDK_DISABLED: 'true' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_TRACES_EXPORTER: 'console, otlp' }, true],
  ])('of %j are on: %s', (env, enabled) => {
    expect(otlpSettings(env)).toMatchObject({ enabled, captureContent: false });
  });

  it.each([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, { intervalMs: 60_000, timeoutMs: 30_000 }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' }, undefined],
    [
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://otel.example/m', OTEL_METRIC_EXPORT_INTERVAL: '5000' },
      { intervalMs: 5_000, timeoutMs: 5_000 },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_METRIC_EXPORT_TIMEOUT: '100' },
      { intervalMs: 60_000, timeoutMs: 100 },
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_METRICS_EXPORTER: 'none' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_SDK_DISABLED: 'true' }, undefined],
  ])('of %j send metrics at %j', (env, expected) => {
    expect(otlpSettings(env).metrics).toEqual(expected);
  });

  it.each(['0', '-1', '1.5', 'often'])('refuse an interval of %s by name', (text) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_METRIC_EXPORT_INTERVAL: text };
    expect(() => otlpSettings(env)).toThrow(/^OTEL_METRIC_EXPORT_INTERVAL must be a positive whole number/);
  });

  it.each(['true', 'SPAN_ONLY', 'span_and_event'])('allow content by %s alone', (text) => {
    const name = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
    expect(otlpSettings({ [name]: text }).captureContent).toBe(true);
    expect(otlpSettings({ [name]: `${text}?` }).captureContent).toBe(false);
  });

  it('name the variable that is wrong, without its value where that may be a secret', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318?key=hush' };
    expect(() => otlpSettings(endpoint)).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL.');
    expect(() =>
      otlpSettings({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4317',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      }),
    ).toThrow(expect.objectContaining({ code: 'OTLP_SETTINGS_INVALID', exitCode: 2 }));
  });
});
