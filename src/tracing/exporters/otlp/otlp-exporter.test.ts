import { context, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
  // Shorter than the pause before the exporter's own first retry: one attempt for each export.
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
    await expect.poll(() => server.requests.length).toBe(1);
    stop.abort(new Error('stopping'));
    expect(await result).toMatchObject({ kind: 'retryable', error: { message: 'stopping' } });
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
    expect(otlpSettings(env)).toEqual({ enabled, captureContent: false });
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
