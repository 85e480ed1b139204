import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CollectingExporter } from '../../../test/support/collecting-exporter.ts';
import { ManualClock, turn, until } from '../../../test/support/manual-clock.ts';
import type { Trace } from '../../core/index.ts';
import { Counters } from '../counters.ts';
import type { ExportOptions, ExportResult } from '../exporters/index.ts';
import type { BatchSource } from '../spool/index.ts';
import { Courier, type CourierDeps } from './courier.ts';

const refused = { kind: 'refused', error: new Error('413') } as const;
const down = { kind: 'retryable', error: new Error('503') } as const;

/** A source over an array, in batches of 16 unless it is asked for smaller ones. */
function sourceOf(ids: readonly string[]): BatchSource {
  let waiting = ids.map((id) => ({ id }) as Trace);
  return {
    get hasMore() {
      return waiting.length > 0;
    },
    async next(maxTraces = 16) {
      const traces = waiting.slice(0, maxTraces);
      const rest = waiting;
      return {
        traces,
        commit: (count) => {
          waiting = rest.slice(count);
        },
      };
    },
  };
}

type Pace = Pick<CourierDeps, 'lingerMs' | 'holdsUpOthers'>;

function setup(ids: readonly string[], exporter = new CollectingExporter(), pace: Pace = {}) {
  const counters = new Counters();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const aside: string[] = [];
  let troubles = 0;
  const courier = new Courier({
    exporter,
    source: sourceOf(ids),
    counters,
    logger: { warn: (text) => void warnings.push(text), error: () => {} },
    clock,
    random: () => 0.5,
    setAside: (trace, reason) => void aside.push(`${trace.id} ${reason}`),
    onTrouble: () => {
      troubles += 1;
    },
    slowMs: undefined,
    onProgress: () => {},
    ...pace,
  });
  return { courier, exporter, counters, clock, warnings, aside, troubles: () => troubles };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

/** Refuses every batch that holds one of these. */
class PickyExporter extends CollectingExporter {
  private readonly bad: ReadonlySet<string>;

  constructor(bad: Iterable<string>) {
    super();
    this.bad = new Set(bad);
  }

  override export(traces: readonly Trace[]): Promise<ExportResult> {
    if (traces.some(({ id }) => this.bad.has(id))) this.answers.unshift(refused);
    return super.export(traces);
  }
}

describe('Courier', () => {
  it('waits for more to go along, once, before it delivers what has come', async () => {
    const { courier, exporter, clock } = setup(names(20), new CollectingExporter(), { lingerMs: 200 });
    courier.wake();
    courier.wake();
    await turn();
    expect(exporter.traces).toEqual([]);
    expect(clock.sleeps.map(({ ms }) => ms)).toEqual([200]);
    clock.advance(200);
    await until(() => exporter.traces.length === 20);
    expect(clock.sleeps).toHaveLength(1);
  });

  it('waits for nothing when it is told to flush, also when it has begun to', async () => {
    for (const woken of [false, true]) {
      const { courier, exporter } = setup(names(20), new CollectingExporter(), { lingerMs: 200 });
      if (woken) courier.wake();
      expect(await courier.flush()).toBe(true);
      expect(exporter.traces).toHaveLength(20);
    }
  });

  it('gives others a turn between small batches, where its exporter holds them up', async () => {
    let turns = 0;
    const seen: (readonly [size: number, turns: number])[] = [];
    class Slow extends CollectingExporter {
      override export(traces: readonly Trace[]): Promise<ExportResult> {
        seen.push([traces.length, turns]);
        return super.export(traces);
      }
    }
    const { courier } = setup(names(20), new Slow(), { holdsUpOthers: true });
    const delivered = courier.flush();
    let isDone = false;
    const countTurns = async () => {
      while (!isDone) {
        await turn();
        turns += 1;
      }
    };
    const counting = countTurns();
    expect(await delivered).toBe(true);
    isDone = true;
    await counting;
    expect(seen.map(([size]) => size)).toEqual([8, 8, 4]);
    expect(new Set(seen.map(([, turnsBefore]) => turnsBefore)).size).toBe(3);
  });

  it('sets aside exactly the traces that are refused, delivers the others once each, and comes to an end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(29)), async (bad) => {
        const ids = names(30);
        const badIds = ids.filter((_id, index) => bad.includes(index));
        const { courier, exporter, aside, clock } = setup(ids, new PickyExporter(badIds));
        expect(await courier.flush()).toBe(true);
        expect(exporter.traces.map(({ id }) => id)).toEqual(ids.filter((id) => !badIds.includes(id)));
        expect(aside).toEqual(badIds.map((id) => `${id} 413`));
        expect(clock.sleeps).toEqual([]);
      }),
    );
  });

  it('halves a refused batch until the trace at fault is alone', async () => {
    const { courier, exporter } = setup(names(8), new PickyExporter(['t5']));
    await courier.flush();
    expect(exporter.batchSizes).toEqual([8, 4, 4, 2, 1, 1, 2]);
  });

  it('sets aside the whole of a batch that can never work', async () => {
    const { courier, exporter, aside } = setup(names(3));
    exporter.answers.push({ kind: 'failed', error: new Error('gone') });
    expect(await courier.flush()).toBe(true);
    expect(aside).toEqual(['t0 gone', 't1 gone', 't2 gone']);
  });

  it('goes on after an outage in the middle of a split from where it was', async () => {
    const { courier, exporter, aside } = setup(names(4), new PickyExporter(['t0']));
    exporter.answers.push(down);
    expect(await courier.flush()).toBe(false);
    expect(aside).toEqual(['t0 413']);
    expect(await courier.flush()).toBe(true);
    expect(exporter.traces.map(({ id }) => id)).toEqual(['t1', 't2', 't3']);
  });

  it('waits as long as it is asked to, and a little', async () => {
    const { courier, exporter, clock } = setup(['t0']);
    exporter.answers.push({ ...down, retryAfterMs: 7_000 }, down);
    courier.wake();
    await until(() => clock.sleeps.length === 1);
    expect(clock.sleeps[0]?.ms).toBe(7_250);
    clock.advance(7_250);
    await until(() => clock.sleeps.length === 2);
    expect(clock.sleeps[1]?.ms).toBe(500);
    clock.advance(500);
    await until(() => exporter.traces.length === 1);
  });

  it('leaves a receiver alone that has failed five times, and then asks with a single trace', async () => {
    const { courier, exporter, clock, warnings, troubles } = setup(names(8));
    exporter.answers.push(down, down, down, down, down, down);
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await courier.flush()).toBe(false);
    expect(exporter.batchSizes).toEqual([8, 8, 8, 8, 8]);
    expect(await courier.flush()).toBe(false);
    expect(exporter.batchSizes).toHaveLength(5);
    expect(await courier.flush({ force: true })).toBe(false);
    expect(exporter.batchSizes).toEqual([8, 8, 8, 8, 8, 1]);
    await until(() => clock.sleeps.at(-1)?.ms === 30_000);
    clock.advance(30_000);
    await until(() => exporter.traces.length === 8);
    expect(exporter.batchSizes.slice(6)).toEqual([1, 7]);
    expect(warnings).toEqual(['Traces cannot be written to collecting: 503']);
    expect(troubles()).toBe(6);
  });

  it('keeps the traces of an exporter that throws', async () => {
    class Throwing extends CollectingExporter {
      override export(traces: readonly Trace[]): Promise<ExportResult> {
        if (this.batchSizes.push(0) === 1) throw new Error('a bug');
        return super.export(traces);
      }
    }
    const { courier, exporter, warnings } = setup(['t0'], new Throwing());
    expect(await courier.flush()).toBe(false);
    expect(await courier.flush()).toBe(true);
    expect(exporter.traces).toHaveLength(1);
    expect(warnings).toEqual(['Traces cannot be written to collecting: a bug']);
  });

  it('cuts an attempt off when it is told to, without holding it against the receiver', async () => {
    class Hanging extends CollectingExporter {
      override export(traces: readonly Trace[], options?: ExportOptions): Promise<ExportResult> {
        if (this.batchSizes.length > 0) return super.export(traces);
        this.batchSizes.push(traces.length);
        return new Promise((resolve) => {
          options?.signal?.addEventListener('abort', () => resolve(down));
        });
      }
    }
    const { courier, exporter, counters, clock } = setup(['t0'], new Hanging());
    courier.wake();
    await until(() => exporter.batchSizes.length === 1);
    courier.interrupt();
    await until(() => clock.sleeps.length === 1);
    expect(counters.snapshot()).toEqual({});
    clock.advance(30_000);
    await until(() => exporter.traces.length === 1);
  });

  it('makes no further attempt once it is stopped', async () => {
    const { courier, exporter, clock } = setup(['t0']);
    exporter.answers.push(down);
    courier.wake();
    await until(() => clock.sleeps.length === 1);
    await courier.stop();
    courier.wake();
    expect(await courier.flush({ force: true })).toBe(false);
    expect(exporter.batchSizes).toEqual([1]);
  });
});
