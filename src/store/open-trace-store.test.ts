import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSpan, makeTrace, runId } from '../../test/support/traces.ts';
import { type Logger, systemClock } from '../core/index.ts';
import { type OpenTraceStoreOptions, openTraceStore, pruneAll, type TraceStore } from './index.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let folder: string;
let path: string;
const stores: TraceStore[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  path = join(folder, 'home', 'traces.db');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const store of stores.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(options: Partial<OpenTraceStoreOptions> = {}): Promise<TraceStore> {
  const store = await openTraceStore({ path, ...options });
  stores.push(store);
  return store;
}

async function ids(store: TraceStore, limit = 10_000): Promise<string[]> {
  return (await store.list({ limit })).map((trace) => trace.id);
}

/** A database that is complete in one file, as the last process to close it leaves it. */
async function closedStore(count = 1): Promise<void> {
  const store = await open();
  await store.write(Array.from({ length: count }, (_, n) => makeTrace({ id: runId(n), startTimeMs: n })));
  await store.close();
}

function changeDatabase(sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

/** Starts the trace process; `shell` is run before it in the same process, `uid` is who it runs as. */
function start(
  args: readonly (string | number)[],
  { shell = '', uid }: { shell?: string; uid?: number } = {},
) {
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      `${shell} exec "$@"`,
      'sh',
      process.execPath,
      '--import',
      'tsx',
      'test/support/trace-process.ts',
      ...args.map(String),
    ],
    {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] ?? '' },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    },
  );
  children.push(child);
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { child, lines, ended: once(child, 'close') };
}

describe('opening a trace store', () => {
  it.skipIf(process.platform === 'win32')('keeps the traces from other users of the machine', async () => {
    const store = await open();
    await store.write([makeTrace({ id: runId(1) })]);
    const mode = (file: string) => statSync(file).mode & 0o777;
    expect(mode(join(folder, 'home'))).toBe(0o700);
    const files = await readdir(join(folder, 'home'));
    expect(files).toContain('traces.db-wal');
    for (const file of files) expect([file, mode(join(folder, 'home', file))]).toEqual([file, 0o600]);
  });

  it('keeps what was written for the next process', async () => {
    await closedStore(3);
    expect(await readdir(join(folder, 'home'))).toEqual(['traces.db']);
    expect(await ids(await open())).toEqual([runId(2), runId(1), runId(0)]);
  });

  it('opens a missing store for reading as an empty one and makes no file', async () => {
    const store = await open({ readOnly: true });
    expect(await store.list({})).toEqual([]);
    expect(await store.find(runId(1))).toEqual({ kind: 'missing' });
    await expect(store.write([makeTrace({ id: runId(1) })])).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
    });
    expect(existsSync(join(folder, 'home'))).toBe(false);
  });

  it('opens a database without tables for reading as an empty store', async () => {
    await mkdir(join(folder, 'home'));
    await writeFile(path, '');
    expect(await ids(await open({ readOnly: true }))).toEqual([]);
    expect(statSync(path).size).toBe(0);
  });

  it('reads while another connection writes, and writes nothing itself', async () => {
    const writer = await open();
    await writer.write([makeTrace({ id: runId(1) })]);
    const reader = await open({ readOnly: true });
    expect(await ids(reader)).toEqual([runId(1)]);
    await writer.write([makeTrace({ id: runId(2), startTimeMs: 5_000 })]);
    expect(await ids(reader)).toEqual([runId(2), runId(1)]);
    await expect(reader.write([makeTrace({ id: runId(3) })])).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
    });
  });

  it('refuses a store of a newer version, says which, and does not touch it', async () => {
    await closedStore();
    changeDatabase('PRAGMA user_version = 99');
    const before = readFileSync(path);
    for (const readOnly of [true, false]) {
      await expect(open({ readOnly })).rejects.toMatchObject({
        code: 'STORE_TOO_NEW',
        exitCode: 2,
        message: `The trace store ${path} has format 99; this version of sluicegate knows formats up to 4.`,
      });
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a file that is no database and leaves it as it is', async () => {
    await mkdir(join(folder, 'home'));
    const notes = 'Notes of mine, which are not a database.\n'.repeat(50);
    await writeFile(path, notes);
    for (const readOnly of [true, false]) {
      await expect(open({ readOnly })).rejects.toMatchObject({
        code: 'STORE_NOT_A_DATABASE',
        exitCode: 2,
        message: expect.stringContaining(path),
      });
    }
    expect(readFileSync(path, 'utf8')).toBe(notes);
  });

  it("refuses another program's database and leaves it as it is", async () => {
    await mkdir(join(folder, 'home'));
    changeDatabase('CREATE TABLE recipes (name TEXT)');
    const before = readFileSync(path);
    for (const readOnly of [true, false]) {
      await expect(open({ readOnly })).rejects.toMatchObject({ code: 'STORE_FOREIGN', exitCode: 2 });
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('says so when the path is a folder or goes through a file', async () => {
    await mkdir(path, { recursive: true });
    await expect(open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(path),
    });
    await expect(open({ readOnly: true })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const file = join(folder, 'file');
    await writeFile(file, '');
    const through = join(file, 'traces.db');
    await expect(openTraceStore({ path: through })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(openTraceStore({ path: through, readOnly: true })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('says so when the database was cut off', async () => {
    await closedStore(200);
    truncateSync(path, Math.floor(statSync(path).size / 2));
    const read = async () => {
      const store = await open({ readOnly: true });
      await ids(store);
      for (let n = 0; n < 200; n += 1) await store.find(runId(n));
    };
    await expect(read()).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining(path),
    });
  });
});

describe('retention in the embedded store', () => {
  const bigTrace = (n: number) =>
    makeTrace({
      id: runId(n),
      startTimeMs: n,
      spans: [makeSpan({ id: runId(n), inputs: 'x'.repeat(50_000) })],
    });

  it('gives the space of removed traces back to the disk', async () => {
    const store = await open();
    await store.write(Array.from({ length: 200 }, (_, n) => bigTrace(n)));
    await store.close();
    const fullSize = statSync(path).size;
    const again = await open();
    await pruneAll(again, { beforeMs: 190, clock: systemClock(), pauseMs: 0 });
    expect(await ids(again)).toHaveLength(10);
    await again.close();
    expect(fullSize).toBeGreaterThan(10_000_000);
    expect(statSync(path).size).toBeLessThan(1_000_000);
  });

  it('goes in steps, the oldest first, and lets other writers in between', async () => {
    const store = await open();
    await store.write(Array.from({ length: 100 }, (_, n) => bigTrace(n)));
    const first = await store.prune({ beforeMs: 100 });
    expect(first).toEqual({ removed: 10, hasMore: true });
    expect((await ids(store)).at(-1)).toBe(runId(10));
    const other = await open({ busyTimeoutMs: 0 });
    await other.write([bigTrace(500)]);
    expect(await ids(store)).toContain(runId(500));
  });

  it('removes a trace that is over the limits of a step by itself', async () => {
    const store = await open();
    const spans = Array.from({ length: 1_000 }, (_, at) =>
      makeSpan({ id: `s${at}`, inputs: 'x'.repeat(3_000) }),
    );
    await store.write([makeTrace({ id: runId(1), startTimeMs: 1, spans }), bigTrace(2)]);
    expect(await store.prune({ beforeMs: 100 })).toEqual({ removed: 1, hasMore: true });
    expect(await ids(store)).toEqual([runId(2)]);
  });

  it('counts in a store that is opened for reading, and changes nothing there', async () => {
    await closedStore(3);
    const store = await open({ readOnly: true });
    expect(await store.prune({ beforeMs: 100, isDryRun: true })).toEqual({ removed: 3, hasMore: false });
    const refused = { code: 'STORE_READ_ONLY' };
    await expect(store.prune({ beforeMs: 100 })).rejects.toMatchObject(refused);
    await expect(store.pin(runId(1), { reason: 'r', pinnedAtMs: 1 })).rejects.toMatchObject(refused);
    await expect(store.unpin(runId(1))).rejects.toMatchObject(refused);
  });

  it('makes no file to remove traces from', async () => {
    const store = await open({ create: false });
    expect(await store.prune({ beforeMs: 100 })).toEqual({ removed: 0, hasMore: false });
    expect(existsSync(join(folder, 'home'))).toBe(false);
    await closedStore(2);
    expect(await ids(await open({ create: false }))).toHaveLength(2);
  });
});

/** A trace whose spans repeat a message. */
function conversation(n: number) {
  const message = { content: 'a long message '.repeat(100) };
  const spans = [1, 2, 3].map((at) =>
    makeSpan({ id: runId(100 * n + at), parentId: runId(n), inputs: { messages: [message] } }),
  );
  const root = makeSpan({ id: runId(n), inputs: { messages: [message] } });
  return makeTrace({ id: runId(n), startTimeMs: n, spans: [root, ...spans] });
}

/** Takes away what the fourth format added. */
const TO_THIRD_FORMAT = 'DROP TABLE shared_parts; PRAGMA user_version = 3;';

describe('a store of the third format', () => {
  it('is read as it is, and brought up to date by the first writer', async () => {
    const old = makeTrace({
      id: runId(1),
      startTimeMs: 1,
      spans: [makeSpan({ id: runId(1), inputs: { $shared: 0 } })],
    });
    const store = await open();
    await store.write([makeTrace({ id: runId(1) })]);
    await store.close();
    // What looks like a reference is none where nothing was shared.
    const [span] = old.spans;
    const db = new DatabaseSync(path);
    db.exec(TO_THIRD_FORMAT);
    db.prepare('UPDATE spans SET record = ?').run(JSON.stringify(span));
    db.close();
    const before = readFileSync(path);
    const reader = await open({ readOnly: true });
    expect(await reader.find(runId(1))).toMatchObject({ kind: 'found', trace: { spans: [span] } });
    await reader.close();
    expect(readFileSync(path).equals(before)).toBe(true);
    const writer = await open();
    await writer.write([conversation(2)]);
    expect(await writer.find(runId(1))).toMatchObject({ trace: { spans: [span] } });
    expect(await writer.find(runId(2))).toMatchObject({ trace: { spans: conversation(2).spans } });
  });
});

describe('what stands in several places of a trace', () => {
  it('is stored once, and removed with its trace', async () => {
    const store = await open();
    await store.write([conversation(1), conversation(2)]);
    await store.write([conversation(1)]);
    const db = new DatabaseSync(path);
    const stored = () =>
      db.prepare('SELECT trace_id, record FROM shared_parts ORDER BY trace_id').all() as { record: string }[];
    const size = db.prepare('SELECT sum(length(record)) AS size FROM spans WHERE trace_id = ?').get(runId(1));
    expect(stored()).toMatchObject([{ trace_id: runId(1) }, { trace_id: runId(2) }]);
    expect(stored()[0]?.record).toBe(JSON.stringify([{ content: 'a long message '.repeat(100) }]));
    expect(Number(size?.['size'])).toBeLessThan('a long message '.length * 100);
    await store.prune({ beforeMs: 2 });
    expect(stored()).toMatchObject([{ trace_id: runId(2) }]);
    db.close();
  });

  it.each([
    ['is not JSON', "UPDATE shared_parts SET record = '{'", 'its shared parts are not a list'],
    ['is too short', "UPDATE shared_parts SET record = '[]'", 'it refers to a shared part that is not there'],
  ])('makes the trace a damaged one when it %s', async (_what, sql, problem) => {
    const store = await open();
    await store.write([conversation(1)]);
    changeDatabase(sql);
    await expect(store.find(runId(1))).rejects.toMatchObject({
      code: 'TRACE_DAMAGED',
      message: expect.stringContaining(problem),
    });
  });
});

/** Takes away what the third format added. */
const TO_SECOND_FORMAT = `
  DROP TABLE shared_parts;
  DROP TABLE projects;
  DROP INDEX traces_by_project;
  DROP INDEX traces_by_checkpoint;
  ALTER TABLE traces DROP COLUMN project;
  ALTER TABLE traces DROP COLUMN checkpoint_id;
  PRAGMA user_version = 2;`;

describe('a store of the second format', () => {
  async function secondFormat(): Promise<void> {
    const store = await open();
    await store.write([
      makeTrace({ id: runId(1), outcome: 'interrupted', checkpointId: 'c-1', startTimeMs: 1 }),
      makeTrace({ id: runId(2), outcome: 'success', checkpointId: 'c-1', startTimeMs: 2 }),
      makeTrace({ id: runId(3), outcome: 'interrupted', startTimeMs: 3 }),
    ]);
    await store.pin(runId(3), { reason: 'r', pinnedAtMs: 1 });
    await store.close();
    changeDatabase(`${TO_SECOND_FORMAT} UPDATE traces SET record = 'gone' WHERE id = '${runId(3)}';`);
  }

  it('is read as it is: every trace is of the default project', async () => {
    await secondFormat();
    const before = readFileSync(path);
    const store = await open({ readOnly: true });
    expect((await store.list({ project: 'default' })).map(({ id }) => id)).toEqual([runId(2), runId(1)]);
    expect(await store.list({ project: 'shop' })).toEqual([]);
    expect(await store.list({ interruptedAt: 'c-1' })).toMatchObject([{ id: runId(1) }]);
    expect(await store.projects()).toEqual([{ project: 'default' }]);
    expect(await store.prune({ beforeMs: 9, project: 'default', isDryRun: true })).toMatchObject({
      removed: 2,
    });
    await store.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is brought up to date by the first writer, with its traces and pins', async () => {
    await secondFormat();
    const store = await open();
    await store.write([makeTrace({ id: runId(4), project: 'shop', startTimeMs: 4 })]);
    await store.setMaxAge('shop', 5);
    expect(await store.projects()).toEqual([{ project: 'default' }, { project: 'shop', maxAgeMs: 5 }]);
    expect(await store.list({ interruptedAt: 'c-1' })).toMatchObject([{ id: runId(1) }]);
    expect((await store.list({ project: 'default' })).map(({ id }) => id)).toEqual([runId(2), runId(1)]);
    expect((await store.prune({ beforeMs: 9, project: 'default' })).removed).toBe(2);
    expect((await store.list({})).map(({ id }) => id)).toEqual([runId(4)]);
  });
});

describe('a store of the first format', () => {
  /** Takes away what the second format added too, as the first version of this program left it. */
  async function firstFormat(): Promise<void> {
    await closedStore(2);
    changeDatabase(`${TO_SECOND_FORMAT} DROP TABLE pins; PRAGMA user_version = 1;`);
  }

  it('is read as it is', async () => {
    await firstFormat();
    const before = readFileSync(path);
    const store = await open({ readOnly: true });
    expect(await ids(store)).toEqual([runId(1), runId(0)]);
    expect(await store.list({ isPinned: true })).toEqual([]);
    expect(await store.find(runId(1))).toMatchObject({ kind: 'found' });
    expect(await store.prune({ beforeMs: 1, isDryRun: true })).toMatchObject({ removed: 1 });
    await store.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is brought up to date by the first writer, with its traces', async () => {
    await firstFormat();
    const store = await open();
    expect(await store.pin(runId(0), { reason: 'r', pinnedAtMs: 1 })).toBe(true);
    expect(await ids(store)).toEqual([runId(1), runId(0)]);
    await store.close();
    expect(await (await open({ readOnly: true })).list({ isPinned: true })).toHaveLength(1);
  });
});

describe('a damaged record', () => {
  it('is left out of the list, is counted, and takes no place in it', async () => {
    await closedStore(5);
    changeDatabase(`
      UPDATE traces SET record = '{"id": ' WHERE id = '${runId(4)}';
      UPDATE traces SET record = json_set(record, '$.outcome', 'exploded') WHERE id = '${runId(2)}';`);
    const warnings: string[] = [];
    const logger: Logger = { warn: (message) => warnings.push(message), error: () => {} };
    const store = await open({ logger });
    expect(await ids(store, 2)).toEqual([runId(3), runId(1)]);
    expect(warnings).toEqual([`${path}: left out 2 damaged traces (${runId(4)}, ...)`]);
  });

  it('is an error that names trace and field when it is looked up', async () => {
    await closedStore(4);
    changeDatabase(`
      UPDATE traces SET record = 'gone' WHERE id = '${runId(0)}';
      UPDATE traces SET record = json_remove(record, '$.decision.weight') WHERE id = '${runId(1)}';
      UPDATE spans SET record = json_set(record, '$.type', 'robot') WHERE id = '${runId(2)}';
      DELETE FROM spans WHERE id = '${runId(3)}';`);
    const store = await open({ readOnly: true });
    const message = (n: number) => store.find(runId(n)).then(String, (error: Error) => error.message);
    expect(await message(0)).toBe(`Trace ${runId(0)} in ${path} cannot be read: its record is not JSON.`);
    expect(await message(1)).toMatch(/cannot be read: decision\.weight: /);
    expect(await message(2)).toMatch(/cannot be read: span 1 of 1: type: /);
    expect(await message(3)).toMatch(/cannot be read: 0 of its 1 spans are there\.$/);
    await expect(store.find(runId(0))).rejects.toMatchObject({ code: 'TRACE_DAMAGED', exitCode: 3 });
  });
});

describe('a store that another connection has locked', () => {
  it('waits without blocking and writes once the lock is released', async () => {
    const store = await open();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const written = store.write([makeTrace({ id: runId(1) })]);
    // The write has met the lock by now; had it blocked, this line would not have been reached before its time was up.
    other.exec('COMMIT');
    other.close();
    await written;
    expect(await ids(store)).toEqual([runId(1)]);
  });

  it('rejects with a typed error once the time is up, and writes again later', async () => {
    let nowMs = 0;
    const pauses: number[] = [];
    const clock = {
      ...systemClock(),
      now: () => nowMs,
      sleep: async (ms: number) => {
        pauses.push(ms);
        nowMs += ms;
      },
    };
    const store = await open({ clock, busyTimeoutMs: 500, random: () => 1 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.write([makeTrace({ id: runId(1) })])).rejects.toMatchObject({
      code: 'STORE_BUSY',
      exitCode: 3,
    });
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 100, 100, 100, 100]);
    expect(await ids(store)).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    await store.write([makeTrace({ id: runId(1) })]);
    expect(await ids(store)).toEqual([runId(1)]);
  });

  it('stops waiting when it is closed', async () => {
    const store = await open();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const written = store.write([makeTrace({ id: runId(1) })]);
    await store.close();
    await expect(written).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    other.close();
  });
});

describe.skipIf(process.platform === 'win32')('a store used by several processes', () => {
  it('takes the traces of all of them, from the first moment on', async () => {
    const writers = [0, 1, 2].map((writer) => start(['write', path, writer * 1_000, 60]));
    await Promise.all(writers.map((writer) => writer.ended));
    expect(writers.map((writer) => writer.child.exitCode)).toEqual([0, 0, 0]);
    const listed = await ids(await open());
    expect(listed).toHaveLength(180);
    for (const writer of writers) expect(listed).toEqual(expect.arrayContaining(writer.lines));
  });

  it('keeps a process alive that has nothing to do but to wait for the lock', async () => {
    await closedStore();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const writer = start(['write', path, 100, 1, 200]);
    await writer.ended;
    other.close();
    // It waited until its time was up and said so, instead of ending in silence.
    expect([writer.lines, writer.child.exitCode]).toEqual([['STORE_BUSY'], 1]);
  });

  it('keeps every trace that was written before a process was killed, whole', async () => {
    const writer = start(['write', path, 0, 1_000_000]);
    while (writer.lines.length < 40) await once(writer.child.stdout, 'data');
    writer.child.kill('SIGKILL');
    await writer.ended;
    const store = await open();
    const listed = await ids(store);
    expect(listed.length).toBeGreaterThanOrEqual(40);
    expect(listed).toEqual(expect.arrayContaining(writer.lines));
    for (const id of listed) {
      const lookup = await store.find(`${id}-node`);
      expect(lookup.kind === 'found' && lookup.trace.spans.map((span) => span.id)).toEqual([
        id,
        `${id}-node`,
      ]);
    }
    await store.write([makeTrace({ id: 'after', spans: [makeSpan({ id: 'after' })] })]);
    expect(await ids(store)).toContain('after');
  });

  it('rejects with a typed error when the disk takes no more, and keeps what it has', async () => {
    await closedStore(2);
    // A limit on the size of files stands in for a full disk: the write fails in the middle of a transaction.
    const writer = start(['write', path, 100, 1_000], { shell: "trap '' XFSZ; ulimit -f 4000;" });
    await writer.ended;
    expect(writer.lines.at(-1)).toMatch(/^STORE_(IO|FULL)$/);
    const written = writer.lines.slice(0, -1);
    expect(written.length).toBeGreaterThan(10);
    const listed = await ids(await open());
    expect(listed).toEqual(expect.arrayContaining([...written, runId(0), runId(1)]));
  });
});

describe.skipIf(process.platform === 'win32')('a store in a folder that cannot be written', () => {
  // Root may write everywhere, so the test runs as somebody else then.
  const user = isRoot ? { uid: NOBODY } : {};

  async function readOnlyStore(): Promise<void> {
    await closedStore(2);
    await chmod(folder, 0o755);
    await chmod(path, 0o444);
    await chmod(join(folder, 'home'), 0o555);
  }
  afterEach(async () => {
    if (existsSync(join(folder, 'home'))) await chmod(join(folder, 'home'), 0o700);
  });

  it('is read', async () => {
    await readOnlyStore();
    const reader = start(['read', path], user);
    await reader.ended;
    expect(reader.lines).toEqual([runId(1), runId(0)]);
  });

  it('is not read without the log beside it that holds its newest traces', async () => {
    const store = await open();
    await store.write([makeTrace({ id: runId(1) })]);
    const copies = join(folder, 'copies');
    await mkdir(copies);
    await copyFile(path, join(copies, 'traces.db'));
    await copyFile(`${path}-wal`, join(copies, 'traces.db-wal'));
    for (const file of await readdir(copies)) await chmod(join(copies, file), 0o444);
    await chmod(copies, 0o555);
    await chmod(folder, 0o755);
    const reader = start(['read', join(copies, 'traces.db')], user);
    await reader.ended;
    await chmod(copies, 0o700);
    expect(reader.lines).toEqual(['STORE_UNAVAILABLE']);
  });

  it('rejects a writer with a typed error', async () => {
    await readOnlyStore();
    const writer = start(['write', path, 0, 1], user);
    await writer.ended;
    expect(writer.lines).toEqual(['STORE_UNAVAILABLE']);
    const elsewhere = start(['write', join(folder, 'home', 'new', 'traces.db'), 0, 1], user);
    await elsewhere.ended;
    expect(elsewhere.lines).toEqual(['STORE_UNAVAILABLE']);
  });
});
