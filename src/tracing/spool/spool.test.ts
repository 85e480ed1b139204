import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { makeSpan, makeTrace, runId } from '../../../test/support/traces.ts';
import type { Trace } from '../../core/index.ts';
import { Spool, type SpoolOptions, TRACE_FORMAT } from './index.ts';

const MIB = 1024 * 1024;

/** A spool that notes what it reports. */
function openSpool(folder: string | undefined, options: Partial<SpoolOptions> = {}) {
  const reports: string[] = [];
  const time = { nowMs: 1_000 };
  const done: string[] = [];
  const spool = new Spool({
    format: TRACE_FORMAT,
    folder,
    exporters: ['a'],
    maxBytes: 64 * MIB,
    clock: { now: () => time.nowMs },
    events: {
      onDamage: (kind, count) => void reports.push(`damage ${kind} ${count}`),
      onUnreadable: (_text, problem) => void reports.push(`unreadable ${problem}`),
      onProblem: (thrown) => void reports.push(`problem ${(thrown as NodeJS.ErrnoException).code}`),
      onGivenUp: (reason, count) => void reports.push(`given up ${reason} ${count}`),
      onAdopted: (count) => void reports.push(`adopted ${count}`),
    },
    ...options,
  });
  const add = (number: number, fields: { precious?: boolean; bytes?: number } = {}) => {
    const id = runId(number);
    const span = makeSpan({ id, inputs: 'x'.repeat(fields.bytes ?? 10) });
    const trace = makeTrace({ id, spans: [span] });
    spool.add({
      trace,
      timeMs: time.nowMs,
      precious: fields.precious ?? false,
      done: () => void done.push(id),
    });
  };
  return { spool, reports, time, done, add };
}

/** Takes everything that waits for an exporter; the numbers of the traces in the order they came. */
async function takeAll(spool: Spool, exporter = 'a'): Promise<number[]> {
  const taken: Trace[] = [];
  const source = spool.source(exporter);
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    taken.push(...batch.traces);
    batch.commit(batch.traces.length);
  }
  return taken.map(({ id }) => Number.parseInt(id.slice(-12), 16));
}

/** Leaves in the folder what a process that has ended leaves there. */
async function leftBy(
  work: (opened: ReturnType<typeof openSpool>) => void | Promise<void>,
  folder: string,
  options = {},
) {
  const opened = openSpool(folder, options);
  await work(opened);
  await opened.spool.close();
  return opened;
}

function segments(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(folder, name));
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe.each([
  { name: 'in memory', onDisk: false },
  { name: 'on disk', onDisk: true },
])('a spool $name', ({ onDisk }) => {
  async function setup(options: Partial<SpoolOptions> = {}) {
    const dir = await tempDir();
    const opened = openSpool(onDisk ? join(dir.path, 'spool') : undefined, options);
    return {
      ...opened,
      [Symbol.asyncDispose]: async () => {
        await opened.spool.close();
        await dir[Symbol.asyncDispose]();
      },
    };
  }

  it('gives every trace back, in order, until it is committed', async () => {
    await using it = await setup();
    for (const number of range(1, 100)) it.add(number);
    it.spool.persist();
    const source = it.spool.source('a');
    const first = await source.next();
    expect(first?.traces).toHaveLength(32);
    expect((await source.next())?.traces).toEqual(first?.traces);
    first?.commit(2);
    expect(await takeAll(it.spool)).toEqual(range(3, 100));
    expect(it.spool.pending).toBe(0);
    expect(it.spool.isEmpty).toBe(true);
    expect(it.done).toHaveLength(100);
    expect(it.reports).toEqual([]);
  });

  it('lets each exporter go at its own pace, and keeps what the slower one has not taken', async () => {
    await using it = await setup({ exporters: ['fast', 'slow'] });
    for (const number of range(1, 50)) it.add(number);
    it.spool.persist();
    expect(await takeAll(it.spool, 'fast')).toEqual(range(1, 50));
    expect(it.spool.pending).toBe(50);
    it.add(51);
    it.spool.persist();
    expect(await takeAll(it.spool, 'slow')).toEqual(range(1, 51));
    expect(await takeAll(it.spool, 'fast')).toEqual([51]);
    expect(it.spool.isEmpty).toBe(true);
  });

  it('knows since when its oldest trace waits', async () => {
    await using it = await setup();
    expect(it.spool.oldestTimeMs).toBeUndefined();
    it.add(1);
    it.time.nowMs = 5_000;
    it.add(2);
    it.spool.persist();
    expect(it.spool.oldestTimeMs).toBe(1_000);
    (await it.spool.source('a').next())?.commit(1);
    expect(it.spool.oldestTimeMs).toBe(5_000);
  });
});

describe('a spool on disk', () => {
  it('frees the disk as traces are taken, and leaves nothing behind when it is closed empty', async () => {
    await using dir = await tempDir();
    const { spool, add } = openSpool(dir.path, { maxBytes: 16 * MIB });
    for (const number of range(1, 60)) add(number, { bytes: 100_000 });
    spool.persist();
    expect(spool.diskBytes).toBeGreaterThan(6_000_000);
    expect(segments(dir.path).length).toBeGreaterThan(3);
    await takeAll(spool);
    expect(spool.diskBytes).toBe(0);
    await spool.close();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  it('lets nobody else read its files', async () => {
    await using dir = await tempDir();
    const { spool, add } = openSpool(join(dir.path, 'spool'));
    add(1);
    spool.persist();
    const [segment = ''] = segments(dir.path);
    expect(statSync(join(dir.path, 'spool')).mode & 0o777).toBe(0o700);
    expect(statSync(segment).mode & 0o777).toBe(0o600);
    await spool.close();
  });

  it('hands what waits to a later process, from where each exporter had come', async () => {
    await using dir = await tempDir();
    const exporters = ['a', 'b'];
    await leftBy(
      async ({ spool, add }) => {
        for (const number of range(1, 40)) add(number);
        spool.persist();
        (await spool.source('a').next())?.commit(10);
      },
      dir.path,
      { exporters },
    );
    const later = openSpool(dir.path, { exporters });
    await later.spool.adopt();
    expect(later.reports).toEqual(['adopted 40']);
    later.add(41);
    expect(await takeAll(later.spool, 'a')).toEqual(range(11, 41));
    expect(await takeAll(later.spool, 'b')).toEqual(range(1, 41));
    await later.spool.close();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  it('leaves a living process its own, and takes it once that has closed', async () => {
    await using dir = await tempDir();
    const living = openSpool(dir.path);
    const other = openSpool(dir.path);
    living.add(1);
    living.spool.persist();
    other.add(2);
    other.spool.persist();
    await Promise.all([living.spool.adopt(), other.spool.adopt()]);
    expect(await takeAll(other.spool)).toEqual([2]);
    await living.spool.close();
    await other.spool.adopt();
    expect(await takeAll(other.spool)).toEqual([1]);
    await other.spool.close();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  it('is adopted by one of several processes that look at the same time', async () => {
    await using dir = await tempDir();
    await leftBy(({ add }) => range(1, 20).forEach((number) => void add(number)), dir.path);
    const finders = [openSpool(dir.path), openSpool(dir.path), openSpool(dir.path)];
    await Promise.all(finders.map(({ spool }) => spool.adopt()));
    const taken = await Promise.all(finders.map(({ spool }) => takeAll(spool)));
    expect(taken.flat().sort((a, b) => a - b)).toEqual(range(1, 20));
    await Promise.all(finders.map(({ spool }) => spool.close()));
  });

  it('keeps what waits for an exporter that this process does not have', async () => {
    await using dir = await tempDir();
    await leftBy(({ add }) => add(1), dir.path, { exporters: ['a', 'b'] });
    const onlyA = openSpool(dir.path, { exporters: ['a'] });
    await onlyA.spool.adopt();
    expect(await takeAll(onlyA.spool, 'a')).toEqual([1]);
    await onlyA.spool.close();
    const both = openSpool(dir.path, { exporters: ['a', 'b'] });
    await both.spool.adopt();
    expect(await takeAll(both.spool, 'a')).toEqual([]);
    expect(await takeAll(both.spool, 'b')).toEqual([1]);
    await both.spool.close();
  });

  it('delivers again what it cannot be sure of: a damaged cursor costs no trace', async () => {
    await using dir = await tempDir();
    await leftBy(async ({ spool, add }) => {
      range(1, 5).forEach((number) => void add(number));
      spool.persist();
      (await spool.source('a').next())?.commit(3);
    }, dir.path);
    const [lane = ''] = readdirSync(dir.path);
    writeFileSync(join(dir.path, lane, 'cursors'), 'x'.repeat(5_000));
    const later = openSpool(dir.path);
    await later.spool.adopt();
    expect(await takeAll(later.spool)).toEqual(range(1, 5));
    await later.spool.close();
  });

  it('sets a record of another version aside', async () => {
    await using dir = await tempDir();
    await leftBy(({ spool, add }) => {
      add(1);
      const trace = { ...makeTrace({ id: runId(2) }), schemaVersion: 2 } as unknown as Trace;
      spool.add({ trace, timeMs: 0, precious: true, done: () => {} });
      add(3);
    }, dir.path);
    const later = openSpool(dir.path);
    await later.spool.adopt();
    expect(await takeAll(later.spool)).toEqual([1, 3]);
    expect(later.reports).toEqual(['adopted 3', expect.stringMatching(/^unreadable schemaVersion: /)]);
    await later.spool.close();
  });

  it('loses no other trace to a byte that is changed or missing, and gives none that was not put in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.boolean(),
        fc.integer({ min: 1, max: 255 }),
        async (seed, cut, change) => {
          await using dir = await tempDir();
          await leftBy(({ add }) => range(1, 8).forEach((number) => void add(number)), dir.path);
          const [path = ''] = segments(dir.path);
          const bytes = readFileSync(path);
          const at = seed % bytes.length;
          const size = bytes.length / 8;
          const hit = Math.floor(at / size) + 1;
          if (!cut) bytes.writeUInt8(bytes.readUInt8(at) ^ change, at);
          writeFileSync(path, cut ? bytes.subarray(0, at) : bytes);
          const later = openSpool(dir.path);
          await later.spool.adopt();
          expect(await takeAll(later.spool)).toEqual(range(1, 8).filter((n) => (cut ? n < hit : n !== hit)));
          const lost = later.reports.filter((line) => line.startsWith('damage'));
          if (cut) expect(lost).toEqual(at % size === 0 ? [] : ['damage torn 1']);
          else expect(lost).toEqual([hit === 8 ? 'damage torn 1' : 'damage corrupt 1']);
          await later.spool.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('notices bytes that are changed under it, and goes on', async () => {
    await using dir = await tempDir();
    const exporters = ['a', 'b'];
    await leftBy(({ add }) => range(1, 3).forEach((number) => void add(number)), dir.path, { exporters });
    const later = openSpool(dir.path, { exporters });
    await later.spool.adopt();
    const [path = ''] = segments(dir.path);
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length / 2) ^ 1, bytes.length / 2);
    writeFileSync(path, bytes);
    expect(await takeAll(later.spool, 'a')).toEqual([1, 3]);
    expect(await takeAll(later.spool, 'b')).toEqual([1, 3]);
    expect(later.reports).toEqual(['adopted 3', 'damage corrupt 1']);
    await later.spool.close();
  });

  it('reads nothing back for an exporter that keeps up, however far behind another one is', async () => {
    await using dir = await tempDir();
    const { spool, add, reports } = openSpool(dir.path, { exporters: ['prompt', 'stuck'] });
    for (const number of range(1, 12)) {
      add(number, { bytes: MIB });
      spool.persist();
      // Whatever is read from here on is damaged.
      for (const path of segments(dir.path)) writeFileSync(path, Buffer.alloc(statSync(path).size));
      expect(await takeAll(spool, 'prompt')).toEqual([number]);
    }
    expect(reports).toEqual([]);
    // The newest seven are in memory for the other one, too: eight would be more than 8 MiB.
    expect(await takeAll(spool, 'stuck')).toEqual(range(6, 12));
    expect(reports).toEqual(range(1, 5).map(() => 'damage corrupt 1'));
    await spool.close();
  });

  it('fills a batch from as many segments as it takes', async () => {
    await using dir = await tempDir();
    const options = { maxBytes: 64_000 };
    await leftBy(
      ({ spool, add }) => {
        for (const number of range(1, 20)) {
          add(number, { bytes: 1_000 });
          spool.persist();
        }
      },
      dir.path,
      options,
    );
    expect(segments(dir.path).length).toBeGreaterThan(3);
    const later = openSpool(dir.path, options);
    await later.spool.adopt();
    const batch = await later.spool.source('a').next();
    expect(batch?.traces.map(({ id }) => id)).toEqual(range(1, 20).map(runId));
    batch?.commit(7);
    expect(await takeAll(later.spool)).toEqual(range(8, 20));
    await later.spool.close();
  });

  it('has a batch whole although its segments are given up while it is read', async () => {
    await using dir = await tempDir();
    const options = { maxBytes: 64_000 };
    await leftBy(
      ({ spool, add }) => {
        for (const number of range(1, 20)) {
          add(number, { bytes: 1_000, precious: number % 2 === 0 });
          spool.persist();
        }
      },
      dir.path,
      options,
    );
    const later = openSpool(dir.path, options);
    await later.spool.adopt();
    const reading = later.spool.source('a').next();
    for (const number of [21, 22]) later.add(number, { bytes: 25_000, precious: true });
    later.spool.persist();
    expect((await reading)?.traces.map(({ id }) => id)).toEqual(range(1, 20).map(runId));
    expect(later.reports).toEqual([
      'adopted 20',
      expect.stringMatching(/^given up spool_full \d/),
      expect.stringMatching(/^given up spool_full_error \d/),
    ]);
    await later.spool.close();
  });

  it('syncs what waits, without a word about what has gone meanwhile', async () => {
    await using dir = await tempDir();
    const { spool, add, reports } = openSpool(dir.path);
    add(1);
    spool.persist();
    await spool.sync();
    add(2);
    spool.persist();
    const [path = ''] = segments(dir.path);
    renameSync(path, `${path}.away`);
    await spool.sync();
    expect(reports).toEqual([]);
    mkdirSync(path);
    await spool.sync();
    expect(reports).toEqual(['problem EISDIR']);
    rmSync(path, { recursive: true });
    renameSync(`${path}.away`, path);
    await spool.sync();
    // Nothing was written since: it is left alone.
    rmSync(path);
    mkdirSync(path);
    await spool.sync();
    expect(reports).toHaveLength(1);
    rmSync(path, { recursive: true });
    await spool.close();
  });

  it('stays within its size: sampled traces go first, the oldest of them before the others, errors last', async () => {
    await using dir = await tempDir();
    const { spool, add, reports } = openSpool(dir.path, { maxBytes: 400_000 });
    // Each is about 10.5 KB: 37 fit.
    for (const number of range(1, 60)) {
      add(number, { bytes: 10_000, precious: number % 3 === 0 });
      spool.persist();
      expect(spool.diskBytes).toBeLessThanOrEqual(400_000);
    }
    const left = await takeAll(spool);
    const errors = range(1, 60).filter((number) => number % 3 === 0);
    expect(left.filter((number) => number % 3 === 0)).toEqual(errors);
    const sampled = left.filter((number) => number % 3 !== 0);
    const newest = range(1, 60).filter((number) => number % 3 !== 0);
    expect(sampled).toEqual(newest.slice(-sampled.length));
    expect(sampled.length).toBeGreaterThan(8);
    const givenUp = reports.map((line) => Number(/^given up spool_full (\d+)$/.exec(line)?.[1]));
    expect(givenUp.reduce((sum, count) => sum + count, 0)).toBe(60 - left.length);
    await spool.close();
  });

  it('gives up a new sampled trace rather than an old error, and the oldest error for a new one', async () => {
    await using dir = await tempDir();
    const { spool, add, reports, done } = openSpool(dir.path, { maxBytes: 100_000 });
    for (const number of range(1, 9)) add(number, { bytes: 10_000, precious: true });
    spool.persist();
    add(10, { bytes: 10_000 });
    spool.persist();
    expect(reports).toEqual(['given up spool_full 1']);
    expect(done).toContain(runId(10));
    add(11, { bytes: 10_000, precious: true });
    spool.persist();
    expect(reports.at(-1)).toBe('given up spool_full_error 1');
    expect(await takeAll(spool)).toEqual([...range(2, 9), 11]);
    await spool.close();
  });

  it('never exceeds its size, and gives up no error while a sampled trace could go', async () => {
    const step = fc.record({
      precious: fc.boolean(),
      bytes: fc.integer({ min: 0, max: 6_000 }),
      taken: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        await using dir = await tempDir();
        const { spool, add, reports } = openSpool(dir.path, { maxBytes: 60_000 });
        for (const [number, { taken, ...fields }] of steps.entries()) {
          add(number, fields);
          spool.persist();
          expect(spool.diskBytes).toBeLessThanOrEqual(60_000);
          if (reports.some((line) => line.includes('spool_full_error'))) {
            expect((await takeAll(spool)).filter((left) => !steps[left]?.precious)).toEqual([]);
            break;
          }
          const batch = await spool.source('a').next();
          batch?.commit(Math.min(taken, batch.traces.length));
        }
        const left = await takeAll(spool);
        expect(left).toEqual([...new Set(left)].sort((a, b) => a - b));
        await spool.close();
      }),
      { numRuns: 60 },
    );
  });

  it('counts what other processes hold towards its size', async () => {
    await using dir = await tempDir();
    const other = openSpool(dir.path, { maxBytes: 200_000 });
    for (const number of range(1, 12)) other.add(number, { bytes: 10_000 });
    other.spool.persist();
    const { spool, add } = openSpool(dir.path, { maxBytes: 200_000 });
    await spool.adopt();
    for (const number of range(21, 40)) add(number, { bytes: 10_000 });
    spool.persist();
    expect(spool.diskBytes + other.spool.diskBytes).toBeLessThanOrEqual(200_000);
    expect(spool.diskBytes).toBeGreaterThan(50_000);
    await spool.close();
    await other.spool.close();
  });

  it('goes on delivering what is on disk when the disk refuses more', async () => {
    await using dir = await tempDir();
    const { spool, add, reports } = openSpool(dir.path, { maxBytes: MIB });
    for (const number of range(1, 8)) add(number, { bytes: 10_000 });
    spool.persist();
    for (const number of range(9, 10)) add(number, { bytes: 60_000 });
    spool.persist();
    const [lane = ''] = readdirSync(dir.path);
    // Where the next segment would go, there is a folder.
    add(11);
    mkdirSync(join(dir.path, lane, '000000000011.seg'));
    spool.persist();
    expect(reports).toEqual(['problem EEXIST']);
    expect(await takeAll(spool)).toEqual(range(1, 11));
    await spool.close();
  });

  it('gives up a trace that no room could be made for', async () => {
    await using dir = await tempDir();
    const { spool, add, reports } = openSpool(dir.path, { maxBytes: 50_000 });
    add(1, { precious: true });
    add(2, { precious: true, bytes: 60_000 });
    add(3, { precious: true });
    spool.persist();
    expect(reports).toEqual(['given up too_large 1']);
    expect(await takeAll(spool)).toEqual([1, 3]);
    await spool.close();
  });

  it('keeps in memory what the disk refuses, delivers it from there, and asks the disk again later', async () => {
    await using dir = await tempDir();
    const blocked = join(dir.path, 'spool');
    writeFileSync(blocked, 'a file where the folder should be');
    const { spool, add, reports, time, done } = openSpool(blocked);
    add(1);
    spool.persist();
    add(2);
    spool.persist();
    expect(reports).toEqual(['problem ENOTDIR']);
    expect(spool.unwritten).toBe(2);
    expect(done).toEqual([]);
    time.nowMs += 5_000;
    spool.persist();
    expect(reports).toHaveLength(2);
    expect(await takeAll(spool)).toEqual([1, 2]);
    expect(done).toEqual([runId(1), runId(2)]);
    await spool.close();
  });

  it('writes what it knows again when somebody has removed its folder, and delivers it', async () => {
    await using dir = await tempDir();
    const folder = join(dir.path, 'spool');
    const { spool, reports, add } = openSpool(folder);
    for (const number of [1, 2]) add(number);
    spool.persist();
    rmSync(folder, { recursive: true });
    add(3);
    spool.persist();
    expect(spool.unwritten).toBe(0);
    expect(spool.diskBytes).toBeGreaterThan(0);
    await spool.close();
    const later = openSpool(folder);
    await later.spool.adopt();
    expect(await takeAll(later.spool)).toEqual([1, 2, 3]);
    await later.spool.close();
    expect([reports, later.reports]).toEqual([[], ['adopted 3']]);
  });

  it('says how many traces went with a folder that somebody has removed', async () => {
    await using dir = await tempDir();
    const folder = join(dir.path, 'spool');
    const { spool, reports, add } = openSpool(folder, { exporters: ['a', 'b'] });
    // Beyond what stays in memory as well.
    for (let number = 1; number <= 10; number += 1) {
      add(number, { bytes: MIB });
      spool.persist();
    }
    rmSync(folder, { recursive: true });
    add(11);
    spool.persist();
    const taken = await takeAll(spool);
    const lost = 11 - taken.length;
    expect(lost).toBeGreaterThan(0);
    expect(reports).toEqual([`damage missing ${lost}`]);
    expect(await takeAll(spool, 'b')).toEqual(taken);
    await spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});
