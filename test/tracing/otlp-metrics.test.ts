import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { shutdown, type TraceOptions } from '../../src/tracing/index.ts';
import { eventually } from '../support/eventually.ts';
import { meteredGraph } from '../support/metered-graph.ts';
import { otlpServer, type ReceivedPoint } from '../support/otlp-server.ts';
import { tempDir } from '../support/temp-dir.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(async () => {
  await shutdown();
  vi.unstubAllEnvs();
  await dir[Symbol.asyncDispose]();
});

function build(name: string, options: TraceOptions = {}) {
  return meteredGraph(name, { home: dir.path, sampleRate: 0, ...options });
}

describe('with an OTLP endpoint in the environment', () => {
  const ofGraph = (points: readonly ReceivedPoint[], name: string) =>
    points.filter(({ attributes }) => attributes['gen_ai.agent.name'] === name);

  it('the metrics are sent there, the last of them at the shutdown, with the health of the tracer', async () => {
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    vi.stubEnv('OTEL_SERVICE_NAME', 'support');
    const { say } = build('sent', { sampleRate: 1 });
    await eventually(() => expect(metrics.getMeterProvider()).toBeInstanceOf(MeterProvider));
    await say('hi');
    await shutdown();
    expect(server.requests.filter(({ path }) => path === '/v1/metrics')).toHaveLength(1);
    expect(ofGraph(server.metrics, 'sent')).toContainEqual(
      expect.objectContaining({
        metric: 'sluicegate.runs',
        kind: 'sum',
        isMonotonic: true,
        value: 1,
        scope: 'sluicegate',
        resource: expect.objectContaining({ 'service.name': 'support' }),
      }),
    );
    const named = (name: string) => server.metrics.filter(({ metric }) => metric === name);
    expect(named('sluicegate.traces_exported')).toMatchObject([
      { value: 1, attributes: { 'sluicegate.reason': 'store' } },
      { value: 1, attributes: { 'sluicegate.reason': 'otlp' } },
    ]);
    expect(named('sluicegate.delivery.lag')).toMatchObject([{ kind: 'gauge', unit: 's', value: 0 }]);
    expect(named('gen_ai.client.token.usage').map(({ sum }) => sum)).toEqual([1_000, 200]);
  });

  it('start again with the next graph after a shutdown', async () => {
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    for (const name of ['first', 'second']) {
      const { say } = build(name);
      await eventually(() => expect(metrics.getMeterProvider()).toBeInstanceOf(MeterProvider));
      await say('hi');
      await shutdown();
      expect(ofGraph(server.metrics, name)).not.toEqual([]);
    }
  });

  it('OTEL_METRICS_EXPORTER=none leaves them out', async () => {
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    vi.stubEnv('OTEL_METRICS_EXPORTER', 'none');
    await build('none', { sampleRate: 1 }).say('hi');
    await shutdown();
    expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  });

  it('they have one of their own, also without traces', async () => {
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', `${server.url}/here/v1/metrics`);
    const { say } = build('alone', { sampleRate: 1 });
    await eventually(() => expect(metrics.getMeterProvider()).toBeInstanceOf(MeterProvider));
    await say('hi');
    await shutdown();
    expect(server.requests.map(({ path }) => path)).toEqual(['/here/v1/metrics']);
    expect(ofGraph(server.metrics, 'alone')).not.toEqual([]);
  });

  it('a collector that is down is named once, and holds up no shutdown', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'http://127.0.0.1:1/v1/metrics');
    const warnings: string[] = [];
    const logger = { warn: (text: string) => void warnings.push(text), error: () => {} };
    const { say } = build('down', { logger });
    await eventually(() => expect(metrics.getMeterProvider()).toBeInstanceOf(MeterProvider));
    await say('hi');
    await shutdown();
    expect(warnings).toEqual([expect.stringMatching(/^Metrics cannot be sent by OTLP: .*ECONNREFUSED/)]);
  });
});

describe('a process that ends by itself', () => {
  const program = fileURLToPath(new URL('../support/traced-process.ts', import.meta.url));

  async function run(endpoint: string): Promise<number | null> {
    const args = [
      '--experimental-strip-types',
      '--disable-warning=ExperimentalWarning',
      program,
      dir.path,
      '3',
      'return',
    ];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'] ?? '', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint },
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return code;
  }

  it('sends its metrics before, and is not kept alive by the timer of the next time', async () => {
    await using server = await otlpServer();
    expect(await run(`${server.url}/v1/metrics`)).toBe(0);
    const runs = server.metrics.filter(({ metric }) => metric === 'sluicegate.runs');
    expect(runs).toMatchObject([{ value: 3, attributes: { 'gen_ai.agent.name': 'child' } }]);
  });

  it('waits for a collector that answers nothing as long as for traces, and no longer', async () => {
    await using server = await otlpServer();
    const timeOf = async (url: string) => {
      const startMs = performance.now();
      expect(await run(url)).toBe(0);
      return performance.now() - startMs;
    };
    await using healthy = await otlpServer();
    // What the start of a process takes here, which is not what is asked.
    const startMs = await timeOf(`${healthy.url}/v1/metrics`);
    server.answers.push('hang', 'hang');
    expect((await timeOf(`${server.url}/v1/metrics`)) - startMs).toBeLessThan(7_000);
    expect(server.requests).toHaveLength(1);
  });
});
