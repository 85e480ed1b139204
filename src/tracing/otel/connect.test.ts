import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectOtel, OtelHub, type OutgoingSpans, otelIsRegistered, otelSpanId } from './index.ts';

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
  vi.unstubAllEnvs();
});

const logger = { warn: vi.fn(), error: vi.fn() };

/** A way out that keeps what it is given, as an OTLP request has it. */
function outlet() {
  const sent: { resourceSpans: { scopeSpans: { spans: { name: string; parentSpanId?: string }[] }[] }[] }[] =
    [];
  return {
    add: ({ encode }: OutgoingSpans) => void sent.push(JSON.parse(Buffer.from(encode()).toString())),
    flush: async () => {},
    spans: () =>
      sent.flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
  };
}

describe('joining OpenTelemetry', () => {
  it('starts an SDK where none runs: what is recorded inside a run leaves once the run is kept', async () => {
    const hub = new OtelHub();
    const out = outlet();
    const connection = await connectOtel({ hub, logger, env: {}, openOutlet: () => out });
    expect(otelIsRegistered()).toBe(true);
    expect([hub.hasSink, hub.holdsSpans]).toEqual([false, true]);
    hub.addRuns({ find: (rootId) => ({ rootId }) });

    const { SpanContexts } = await import('./bridge/span-contexts.ts');
    const runs = new SpanContexts(hub);
    for (const run of ['kept', 'dropped']) {
      trace.getTracer('app').startSpan(run, {}, runs.of(run)!.over(context.active())).end();
    }
    hub.decisions.decide('kept', 'keep');
    hub.decisions.decide('dropped', 'drop');
    const headers: Record<string, string> = {};
    propagation.inject(runs.of('kept')!.over(context.active()), headers);
    expect(headers['traceparent']).toMatch(new RegExp(`^00-[0-9a-f]{32}-${otelSpanId('kept')}-01$`));
    await connection.shutdown();
    expect(out.spans()).toMatchObject([{ name: 'kept', parentSpanId: otelSpanId('kept') }]);
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('leaves the provider and context manager of an application in place, however late they come', async () => {
    const provider = new TracerProvider();
    trace.setGlobalTracerProvider(provider);
    const hub = new OtelHub();
    expect(hub.startRoot()).toBeUndefined();
    await connectOtel({ hub, logger, env: {}, openOutlet: outlet });
    expect(hub.holdsSpans).toBe(false);
    const manager = new AsyncLocalStorageContextManager();
    context.setGlobalContextManager(manager.enable());
    const span = provider.getTracer('app').startSpan('request');
    const parent = context.with(trace.setSpan(context.active(), span), () => hub.startRoot());
    expect(parent).toMatchObject({ spanId: span.spanContext().spanId, traceFlags: 1 });
    // Set by the application's manager, seen through the wrapper that has taken its place.
    expect(trace.getSpan(manager.with(trace.setSpan(context.active(), span), () => context.active()))).toBe(
      span,
    );
    expect(hub.startRoot()).toBeUndefined();
  });

  it('gives an application that has a provider and no context manager one, with its first run', async () => {
    const provider = new TracerProvider();
    trace.setGlobalTracerProvider(provider);
    const hub = new OtelHub();
    await connectOtel({ hub, logger, env: {}, openOutlet: outlet });
    const span = provider.getTracer('app').startSpan('request');
    const active = () => context.with(trace.setSpan(context.active(), span), () => trace.getActiveSpan());
    expect(active()).toBeUndefined();
    expect(hub.startRoot()).toBeUndefined();
    expect(active()).toBe(span);
    expect(hub.holdsSpans).toBe(false);
  });

  it('starts nothing when OpenTelemetry is switched off', async () => {
    const hub = new OtelHub();
    await connectOtel({ hub, logger, env: { OTEL_SDK_DISABLED: 'true' }, openOutlet: outlet });
    expect(hub.holdsSpans).toBe(false);
    expect(trace.getTracer('app').startSpan('x').isRecording()).toBe(false);
  });
});
