import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CollectingExporter } from '../../../test/support/collecting-exporter.ts';
import { ManualClock, turn, until } from '../../../test/support/manual-clock.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { makeTrace, runId } from '../../../test/support/traces.ts';
import type { Trace } from '../../core/index.ts';
import { Counters } from '../counters.ts';
import type { TraceExporter } from '../exporters/index.ts';
import { TRACE_FORMAT } from '../spool/index.ts';
import { Delivery, type DeliveryDisk, type Parcel } from './delivery.ts';

function setup(maxQueued = 100) {
  const exporter = new CollectingExporter();
  const counters = new Counters();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const logger = { warn: (text: string) => void warnings.push(text), error: () => {} };
  const done: string[] = [];
  const delivery = new Delivery({
    format: TRACE_FORMAT,
    exporters: [exporter],
    counters,
    logger,
    clock,
    random: () => 0.5,
    maxQueued,
  });
  const parcel = (id: string, precious = false): Parcel => ({
    precious,
    open: () => ({ id }) as Trace,
    done: () => void done.push(id),
  });
  return { exporter, counters, clock, warnings, done, delivery, parcel };
}

const retryable = { kind: 'retryable', error: new Error('disk full') } as const;

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
    expect(clock.sleeps.map(({ ms }) => ms)).toEqual([250, 500, 1_000]);
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

/** A delivery over a spool in a folder, and the exporters it has. */
function onDisk(
  folder: string,
  use: DeliveryDisk['use'],
  exporters: readonly TraceExporter[],
  { lingerMs = 0 }: { lingerMs?: number } = {},
) {
  const counters = new Counters();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const done: string[] = [];
  const delivery = new Delivery({
    format: TRACE_FORMAT,
    exporters,
    counters,
    logger: { warn: (text) => void warnings.push(text), error: () => {} },
    clock,
    random: () => 0.5,
    maxQueued: 100,
    lingerMs,
    disk: {
      spoolFolder: `${folder}/spool`,
      deadLetterFolder: `${folder}/dead-letter`,
      use,
      maxSpoolBytes: 1024 * 1024,
    },
  });
  const add = (number: number) =>
    delivery.add({
      precious: false,
      open: () => makeTrace({ id: runId(number) }),
      done: () => void done.push(runId(number)),
    });
  return { delivery, counters, clock, warnings, done, add };
}

class NamedExporter extends CollectingExporter {
  override readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  get ids() {
    return this.traces.map(({ id }) => id);
  }
}

class SlowExporter extends NamedExporter {
  override async export(traces: readonly Trace[]) {
    for (let turns = 0; turns < 5; turns += 1) await turn();
    return super.export(traces);
  }
}

describe('Delivery by way of the disk', () => {
  it('flushes to the exporter that keeps up what is taken in while another one is waited for', async () => {
    await using dir = await tempDir();
    const [fast, slow] = [new NamedExporter('fast'), new SlowExporter('slow')];
    // Nobody wakes the pause for more, so that only what the flush asks for is delivered.
    const { delivery, add } = onDisk(dir.path, 'always', [fast, slow], { lingerMs: 200 });
    for (let number = 1; number <= 60; number += 1) add(number);
    await delivery.flush();
    expect([fast.ids.length, slow.ids.length, delivery.pending]).toEqual([60, 60, 0]);
    await delivery.close();
  });

  it('flushes to the exporter that works all there is, also when another one fails', async () => {
    await using dir = await tempDir();
    const [healthy, broken] = [new NamedExporter('healthy'), new NamedExporter('broken')];
    broken.answers.push(...Array.from({ length: 9 }, () => retryable));
    const { delivery, add } = onDisk(dir.path, 'always', [healthy, broken], { lingerMs: 200 });
    for (let number = 1; number <= 60; number += 1) add(number);
    await delivery.flush();
    expect([healthy.ids.length, broken.ids.length]).toEqual([60, 0]);
    await delivery.close();
  });

  it('has a trace on disk one turn after it was kept, before any exporter has it', async () => {
    await using dir = await tempDir();
    const exporter = new NamedExporter('a');
    exporter.answers.push(retryable);
    const { delivery, add, done } = onDisk(dir.path, 'always', [exporter]);
    add(1);
    await turn();
    expect(done).toEqual([runId(1)]);
    expect(delivery.health).toMatchObject({ pendingTraces: 1, spooledBytes: expect.any(Number) });
    expect(delivery.health.spooledBytes).toBeGreaterThan(200);
    await delivery.flush();
    await delivery.flush();
    expect(exporter.ids).toEqual([runId(1)]);
    expect(delivery.health).toEqual({ pendingTraces: 0, spooledBytes: 0, lagMs: 0 });
    await delivery.close();
  });

  it('lets no exporter wait for another, and says how far behind the slowest is', async () => {
    await using dir = await tempDir();
    const [healthy, broken] = [new NamedExporter('healthy'), new NamedExporter('broken')];
    broken.answers.push(retryable, retryable, retryable);
    const { delivery, add, clock } = onDisk(dir.path, 'always', [healthy, broken]);
    add(1);
    await until(() => healthy.ids.length === 1);
    add(2);
    await until(() => healthy.ids.length === 2);
    expect(broken.ids).toEqual([]);
    clock.advance(100);
    expect(delivery.health).toMatchObject({ pendingTraces: 2, lagMs: 100 });
    await until(() => {
      clock.advance(1_000);
      return broken.ids.length === 2;
    });
    expect(delivery.pending).toBe(0);
    await delivery.close();
  });

  it('leaves what could not be delivered to the next process', async () => {
    await using dir = await tempDir();
    const first = new NamedExporter('a');
    first.answers.push(retryable, retryable);
    const { delivery, add } = onDisk(dir.path, 'always', [first]);
    add(1);
    await delivery.flush();
    await delivery.close();
    const second = new NamedExporter('a');
    const next = onDisk(dir.path, 'always', [second]);
    await until(() => second.ids.length === 1);
    expect(second.ids).toEqual([runId(1)]);
    expect(next.counters.snapshot()).toMatchObject({ traces_adopted: { process_ended: 1 } });
    await next.delivery.close();
  });

  it('looks again now and then for what other processes have left', async () => {
    await using dir = await tempDir();
    const second = new NamedExporter('a');
    const next = onDisk(dir.path, 'always', [second]);
    await until(() => next.clock.sleeps.some(({ ms }) => ms === 30_000));
    const first = new NamedExporter('a');
    first.answers.push(retryable, retryable);
    const ending = onDisk(dir.path, 'always', [first]);
    ending.add(1);
    await ending.delivery.close();
    next.clock.advance(30_000);
    await until(() => second.ids.length === 1);
    await next.delivery.close();
  });

  it('syncs what still waits now and then', async () => {
    await using dir = await tempDir();
    const exporter = new NamedExporter('a');
    exporter.answers.push(...Array.from({ length: 50 }, () => retryable));
    const { delivery, add, clock, counters } = onDisk(dir.path, 'always', [exporter]);
    await until(() => clock.sleeps.some(({ ms }) => ms === 30_000));
    add(1);
    await turn();
    const [segment = ''] = readdirSync(dir.path, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.seg'),
    );
    const path = `${dir.path}/${segment}`;
    renameSync(path, `${path}.away`);
    // Where it is looked for, there is what cannot be synced.
    mkdirSync(path);
    expect(counters.snapshot().spool_failures).toBeUndefined();
    clock.advance(30_000);
    await until(() => counters.snapshot().spool_failures?.['disk'] === 1);
    rmSync(path, { recursive: true });
    renameSync(`${path}.away`, path);
    await delivery.close();
  });

  it('sets refused traces aside in a file that nobody else may read', async () => {
    await using dir = await tempDir();
    const exporter = new NamedExporter('a');
    exporter.answers.push({ kind: 'refused', error: new Error('HTTP 400') });
    const { delivery, add, counters } = onDisk(dir.path, 'always', [exporter]);
    add(1);
    await delivery.flush();
    const path = `${dir.path}/dead-letter/a.jsonl`;
    expect(
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { schemaVersion: 1, timeMs: 0, exporter: 'a', reason: 'HTTP 400', trace: makeTrace({ id: runId(1) }) },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(counters.snapshot()).toMatchObject({ dead_letters: { a: 1 } });
    expect(delivery.pending).toBe(0);
    await delivery.close();
  });
});

describe('Delivery to an exporter that is a disk itself', () => {
  it('writes nothing beside it while it works', async () => {
    await using dir = await tempDir();
    const exporter = new NamedExporter('store');
    const { delivery, add } = onDisk(dir.path, 'on_trouble', [exporter]);
    for (let number = 1; number <= 50; number += 1) add(number);
    await delivery.flush();
    expect(exporter.ids).toHaveLength(50);
    await delivery.close();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  it('spools everything while it fails, and goes back when all has arrived', async () => {
    await using dir = await tempDir();
    const exporter = new NamedExporter('store');
    exporter.answers.push(retryable);
    const { delivery, add, done } = onDisk(dir.path, 'on_trouble', [exporter]);
    for (let number = 1; number <= 50; number += 1) add(number);
    await until(() => done.length === 50);
    expect(exporter.ids).toEqual([]);
    expect(delivery.health.spooledBytes).toBeGreaterThan(10_000);
    await delivery.flush();
    expect(exporter.ids).toHaveLength(50);
    add(51);
    await turn();
    expect(delivery.health.spooledBytes).toBe(0);
    await delivery.flush();
    expect(exporter.ids).toHaveLength(51);
    await delivery.close();
  });

  it('spools what is in memory when it takes long to answer', async () => {
    await using dir = await tempDir();
    let answer: () => void = () => {};
    const exporter: TraceExporter = {
      name: 'store',
      export: () =>
        new Promise((resolve) => {
          answer = () => resolve({ kind: 'success' });
        }),
      close: async () => {},
    };
    const { delivery, add, clock, done } = onDisk(dir.path, 'on_trouble', [exporter]);
    add(1);
    await until(() => clock.sleeps.some(({ ms }) => ms === 250));
    add(2);
    await turn();
    expect(done).toEqual([]);
    clock.advance(250);
    await until(() => done.length === 2);
    answer();
    await turn();
    answer();
    await until(() => delivery.pending === 0);
    await delivery.close();
  });

  it('brings everything to the disk at once when the process exits', async () => {
    await using dir = await tempDir();
    const { delivery, add, done } = onDisk(dir.path, 'on_trouble', [new NamedExporter('store')]);
    for (let number = 1; number <= 40; number += 1) add(number);
    delivery.persist();
    expect(done).toHaveLength(40);
    expect(delivery.health.spooledBytes).toBeGreaterThan(8_000);
    await delivery.close();
  });
});
