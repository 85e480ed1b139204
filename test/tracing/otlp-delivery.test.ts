import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/core/index.ts';
import { OtlpExporter } from '../../src/tracing/exporters/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options/options.ts';
import { OtelHub } from '../../src/tracing/otel/index.ts';
import { Tracer } from '../../src/tracing/tracer.ts';
import { ManualClock, until } from '../support/manual-clock.ts';
import { type OtlpServer, otlpServer } from '../support/otlp-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const State = Annotation.Root({ n: Annotation<number>() });

let server: OtlpServer;
let dir: Awaited<ReturnType<typeof tempDir>>;
beforeEach(async () => {
  [server, dir] = await Promise.all([otlpServer(), tempDir()]);
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([server[Symbol.asyncDispose](), dir[Symbol.asyncDispose]()]);
});

function start() {
  const clock = new ManualClock();
  const hub = new OtelHub();
  const tracer = new Tracer(resolveTraceOptions({ home: dir.path }, {}, '/nowhere'), {
    clock,
    random: () => 0,
    lingerMs: 0,
    logger: silentLogger,
    otel: hub,
    exporters: [new OtlpExporter({ hub, now: clock.now })],
  });
  const graph = new StateGraph(State)
    .addNode('work', ({ n }) => ({ n }))
    .addEdge(START, 'work')
    .compile({ name: 'shop' })
    .withConfig({ callbacks: [tracer.handler] });
  return { clock, tracer, graph };
}

const failures = (tracer: Tracer) => tracer.counters.snapshot().export_failures?.['otlp'];
const roots = () => server.spans.filter(({ name }) => name === 'invoke_agent shop');

describe('delivery to an OTLP collector', () => {
  it.each([429, 503])('that answers %d comes back when Retry-After says, and not before', async (status) => {
    const { clock, tracer, graph } = start();
    server.answers.push({ status, headers: { 'retry-after': '2' } });
    await graph.invoke({ n: 1 });
    await until(() => failures(tracer) === 1);
    await until(() => clock.sleeps.some(({ ms }) => ms === 2_000));
    clock.advance(1_999);
    // A flush of a request tries at once after any other failure.
    await tracer.flush();
    expect(server.requests).toHaveLength(1);
    clock.advance(1);
    await until(() => tracer.pendingTraces === 0);
    expect(server.requests).toHaveLength(2);
    expect(roots()).toHaveLength(1);
    await tracer.shutdown();
  });

  it('that finds a batch too big gets its halves, each trace once', async () => {
    const { tracer, graph } = start();
    server.answers.push({ status: 503, headers: { 'retry-after': '60' } });
    await graph.invoke({ n: 1 });
    await until(() => failures(tracer) === 1);
    await Promise.all([2, 3, 4].map((n) => graph.invoke({ n })));
    server.answers.push({ status: 413 });
    await tracer.drain();
    expect(roots()).toHaveLength(4);
    expect(new Set(roots().map(({ traceId }) => traceId)).size).toBe(4);
    expect(tracer.counters.snapshot()).toMatchObject({
      traces_exported: { otlp: 4 },
      export_failures: { otlp: 2 },
    });
    expect(tracer.counters.snapshot().dead_letters).toBeUndefined();
    await tracer.shutdown();
  });
});
