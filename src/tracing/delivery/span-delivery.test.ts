import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock, turn, until } from '../../../test/support/manual-clock.ts';
import { type OtlpServer, otlpServer } from '../../../test/support/otlp-server.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { silentLogger } from '../../core/index.ts';
import { Counters } from '../counters.ts';
import { SpanDelivery } from './span-delivery.ts';

let server: OtlpServer;
beforeEach(async () => {
  server = await otlpServer();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

/** An OTLP request with one span, as the SDK makes it. */
function request(name: string) {
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name, attributes: [], events: [] };
  return {
    resourceSpans: [
      { resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'app' }, spans: [span] }] },
    ],
  };
}

function start(home: string) {
  const counters = new Counters();
  const clock = new ManualClock();
  const delivery = new SpanDelivery({
    options: { home, maxSpoolBytes: 1024 * 1024, maxQueuedTraces: 1_000 },
    counters,
    logger: silentLogger,
    clock,
    random: () => 0,
  });
  const add = (name: string, count = 1) =>
    delivery.add({ count, encode: () => Buffer.from(JSON.stringify(request(name))) });
  const names = () => server.spans.map((span) => span.name);
  return { counters, clock, delivery, add, names };
}

describe('SpanDelivery', () => {
  it('has spans on disk one turn after they were handed over, and sends them in one request', async () => {
    await using dir = await tempDir();
    const { delivery, add, names, counters } = start(dir.path);
    add('a');
    add('b');
    await turn();
    expect(delivery.health.spooledBytes).toBeGreaterThan(100);
    expect(server.requests).toEqual([]);
    await delivery.flush();
    expect(names()).toEqual(['a', 'b']);
    expect(server.requests).toHaveLength(1);
    expect(counters.snapshot()).toEqual({ span_batches_exported: { otlp_spans: 2 } });
    await delivery.close();
    expect(readdirSync(`${dir.path}/span-spool`)).toEqual([]);
  });

  it('waits through an outage, and leaves to the next process what is not over by its end', async () => {
    await using dir = await tempDir();
    const first = start(dir.path);
    server.answers.push({ status: 503 }, { status: 503 });
    first.add('a');
    await first.delivery.flush();
    expect(first.counters.snapshot()).toEqual({ export_failures: { otlp_spans: 1 } });
    await first.delivery.flush({ force: true });
    await first.delivery.close();
    const next = start(dir.path);
    await until(() => {
      next.clock.advance(1_000);
      return server.spans.length === 1;
    });
    expect(next.names()).toEqual(['a']);
    expect(next.counters.snapshot()).toMatchObject({ span_batches_adopted: { process_ended: 1 } });
    await next.delivery.close();
  });

  it('sets aside what the endpoint refuses for good', async () => {
    await using dir = await tempDir();
    const { delivery, add, counters } = start(dir.path);
    server.answers.push({ status: 400 });
    add('a');
    await delivery.flush();
    const line = JSON.parse(readFileSync(`${dir.path}/dead-letter/otlp_spans.jsonl`, 'utf8'));
    expect(line).toMatchObject({ reason: 'HTTP 400 Bad Request', spans: request('a') });
    expect(counters.snapshot()).toMatchObject({ dead_letters: { otlp_spans: 1 } });
    await delivery.close();
  });

  it('keeps a bounded number of spans where the disk takes none, and counts the others', async () => {
    const { delivery, add, counters } = start('/dev/null/nowhere');
    for (let batch = 0; batch < 100; batch += 1) add(`b${batch}`, 100);
    add('too many');
    expect(counters.snapshot()).toEqual({ spans_dropped: { queue_full: 1 } });
    await delivery.flush();
    expect(server.spans).toHaveLength(100);
    add('room again');
    await delivery.flush();
    expect(server.spans).toHaveLength(101);
    expect(existsSync('/dev/null/nowhere')).toBe(false);
    await delivery.close();
  });

  it('loses one batch that cannot be encoded, and not its neighbours', async () => {
    await using dir = await tempDir();
    const { delivery, add, names, counters } = start(dir.path);
    add('a');
    delivery.add({ count: 1, encode: () => Buffer.from('{}') });
    add('c');
    await delivery.flush();
    expect(names()).toEqual(['a', 'c']);
    expect(counters.snapshot()).toMatchObject({ span_batches_dropped: { encoding_failed: 1 } });
    await delivery.close();
  });
});
