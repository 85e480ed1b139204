import { TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { OutgoingSpans } from '../span-outlet.ts';
import type { SdkSpan } from './sdk-span.ts';
import { SpanBatcher } from './span-batcher.ts';

function setup() {
  const batches: OutgoingSpans[] = [];
  let flushes = 0;
  const outlet = {
    add: (spans: OutgoingSpans) => void batches.push(spans),
    flush: async () => {
      flushes += 1;
    },
  };
  const batcher = new SpanBatcher(outlet, (spans) =>
    Buffer.from(spans.map((span) => span.spanContext().spanId).join()),
  );
  const end = (spanId: string, traceFlags: number = TraceFlags.SAMPLED) =>
    batcher.onEnd({ spanContext: () => ({ traceId: 't', spanId, traceFlags }) } satisfies SdkSpan);
  const sent = () => batches.map(({ count, encode }) => `${count}: ${Buffer.from(encode()).toString()}`);
  return { batcher, batches, end, sent, flushes: () => flushes };
}

describe('SpanBatcher', () => {
  it('hands what has ended in one turn over together, before the turn is over', async () => {
    const { end, batches, sent } = setup();
    end('a');
    end('b');
    expect(batches).toEqual([]);
    await Promise.resolve();
    end('c');
    await Promise.resolve();
    expect(sent()).toEqual(['2: a,b', '1: c']);
  });

  it('makes no batch of more than 128 spans', async () => {
    const { end, batches } = setup();
    for (let index = 0; index < 300; index += 1) end(`s${index}`);
    await Promise.resolve();
    expect(batches.map(({ count }) => count)).toEqual([128, 128, 44]);
  });

  it('leaves out what was not sampled', async () => {
    const { end, batches } = setup();
    end('a', TraceFlags.NONE);
    await Promise.resolve();
    expect(batches).toEqual([]);
  });

  it('hands over at once when it is flushed or shut down', async () => {
    const { batcher, end, sent, flushes } = setup();
    end('a');
    void batcher.forceFlush();
    expect(sent()).toEqual(['1: a']);
    end('b');
    void batcher.shutdown();
    expect(sent()).toEqual(['1: a', '1: b']);
    expect(flushes()).toBe(1);
  });
});
