import { describe, expect, it } from 'vitest';
import { CollectingExporter } from '../../test/support/collecting-exporter.ts';
import type { Clock, Trace } from '../core/index.ts';
import { Counters } from './counters.ts';
import { Delivery, type Parcel } from './delivery.ts';

/** A clock whose sleeps end only when the test says so, or their signal aborts. */
class ManualClock implements Clock {
  readonly sleeps: { readonly ms: number; readonly wake: () => void }[] = [];
  now = () => 0;
  sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      this.sleeps.push({ ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
}

function setup(maxQueued = 100) {
  const exporter = new CollectingExporter();
  const counters = new Counters();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const logger = { warn: (text: string) => void warnings.push(text), error: () => {} };
  const done: string[] = [];
  const delivery = new Delivery({ exporter, counters, logger, clock, maxQueued });
  const parcel = (id: string, precious = false): Parcel => ({
    precious,
    open: () => ({ id }) as Trace,
    done: () => void done.push(id),
  });
  return { exporter, counters, clock, warnings, done, delivery, parcel };
}

const retryable = { kind: 'retryable', error: new Error('disk full') } as const;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Delivery', () => {
  it('exports in order and in batches, off the path of the caller', async () => {
    const { delivery, exporter, parcel, done } = setup();
    for (let index = 0; index < 70; index += 1) delivery.add(parcel(`t${index}`));
    expect(exporter.traces).toHaveLength(0);
    await delivery.flush();
    expect(exporter.traces.map((trace) => trace.id)).toEqual(
      Array.from({ length: 70 }, (_, index) => `t${index}`),
    );
    expect(exporter.batchSizes).toEqual([32, 32, 6]);
    expect(done).toHaveLength(70);
  });

  it('tries again with growing pauses until it works, and warns once', async () => {
    const { delivery, exporter, clock, parcel, warnings, counters } = setup();
    exporter.answers.push(retryable, retryable, retryable);
    delivery.add(parcel('a'));
    for (let sleeps = 1; sleeps <= 3; sleeps += 1) {
      while (clock.sleeps.length < sleeps) await turn();
      clock.sleeps[sleeps - 1]?.wake();
    }
    while (delivery.pending > 0) await turn();
    expect(clock.sleeps.map(({ ms }) => ms)).toEqual([500, 1_000, 2_000]);
    expect(exporter.traces.map((trace) => trace.id)).toEqual(['a']);
    expect(warnings).toEqual(['Traces cannot be written to collecting: disk full']);
    expect(counters.snapshot()).toEqual({
      export_failures: { collecting: 3 },
      traces_exported: { collecting: 1 },
    });
  });

  it('flushes without waiting for the pause, and gives up after one attempt', async () => {
    const { delivery, exporter, clock, parcel } = setup();
    exporter.answers.push(retryable, retryable);
    delivery.add(parcel('a'));
    while (clock.sleeps.length < 1) await turn();
    await delivery.flush();
    expect(exporter.traces).toHaveLength(0);
    expect(delivery.pending).toBe(1);
    await delivery.flush();
    expect(exporter.traces.map((trace) => trace.id)).toEqual(['a']);
  });

  it('drops what will never be accepted, and counts it', async () => {
    const { delivery, exporter, parcel, counters, done } = setup();
    exporter.answers.push({ kind: 'failed', error: new Error('no') });
    delivery.add(parcel('a'));
    await delivery.flush();
    delivery.add(parcel('b'));
    await delivery.flush();
    expect(exporter.traces.map((trace) => trace.id)).toEqual(['b']);
    expect(counters.snapshot()).toMatchObject({ traces_dropped: { refused: 1 } });
    expect(done).toEqual(['a', 'b']);
  });

  it('gives up sampled successes first when too much waits, errors last', async () => {
    const { delivery, exporter, parcel, counters } = setup(3);
    for (const [id, precious] of [
      ['ok1', false],
      ['err1', true],
      ['ok2', false],
      ['err2', true],
      ['err3', true],
      ['err4', true],
    ] as const) {
      delivery.add(parcel(id, precious));
    }
    await delivery.flush();
    expect(exporter.traces.map((trace) => trace.id)).toEqual(['err2', 'err3', 'err4']);
    expect(counters.snapshot()).toMatchObject({ traces_dropped: { queue_full: 3 } });
  });

  it('loses one trace that cannot be encoded, not its neighbours', async () => {
    const { delivery, exporter, parcel, counters } = setup();
    delivery.add(parcel('a'));
    delivery.add({
      ...parcel('bad'),
      open: () => {
        throw new Error('cannot encode');
      },
    });
    delivery.add(parcel('c'));
    await delivery.flush();
    expect(exporter.traces.map((trace) => trace.id)).toEqual(['a', 'c']);
    expect(counters.snapshot()).toMatchObject({ traces_dropped: { encoding_failed: 1 } });
  });
});
