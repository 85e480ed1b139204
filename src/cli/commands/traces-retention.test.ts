import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeContextOptions, fakeContext } from '../../../test/support/fake-context.ts';
import { makeSpan, makeTrace, runId } from '../../../test/support/traces.ts';
import { type Trace, traceSchema } from '../../core/index.ts';
import { openTraceStore } from '../../store/index.ts';
import { main } from '../main.ts';
import { tracesExport } from './traces-export.ts';
import { tracesList } from './traces-list.ts';
import { tracesPin } from './traces-pin.ts';
import { tracesPrune } from './traces-prune.ts';
import { tracesShow } from './traces-show.ts';
import { tracesUnpin } from './traces-unpin.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const DAY = 86_400_000;
const COMMANDS = [tracesList, tracesShow, tracesExport, tracesPin, tracesUnpin, tracesPrune];

let cwd: string;
let path: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-retention-'));
  path = join(cwd, '.sluice', 'traces.db');
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function record(...traces: Trace[]): Promise<void> {
  const store = await openTraceStore({ path });
  await store.write(traces);
  await store.close();
}

/** Traces 1, 2, 3... that many days old. */
const daysOld = (...days: number[]) =>
  days.map((day) =>
    makeTrace({ id: runId(day), startTimeMs: NOW - day * DAY, outcome: day % 2 ? 'error' : 'success' }),
  );

async function sluice(argv: string[], options: Partial<FakeContextOptions> & { signal?: AbortSignal } = {}) {
  const { signal, ...rest } = options;
  const context = fakeContext({ cwd, nowMs: NOW, ...rest });
  const exitCode = await main(
    ['traces', ...argv],
    COMMANDS,
    signal === undefined ? context : { ...context, signal },
    '0.0.0',
  );
  return { exitCode, out: context.stdout.text, err: context.stderr.text };
}

async function left(): Promise<number[]> {
  const { out } = await sluice(['list', '--json', '--limit', '1000']);
  return (JSON.parse(out) as { id: string }[]).map(({ id }) => Number.parseInt(id.slice(-12), 16));
}

describe('sluice traces prune', () => {
  it('removes what is older, but for pinned traces, and says so', async () => {
    await record(...daysOld(1, 13, 15, 20, 30));
    await sluice(['pin', runId(20)]);
    expect(await sluice(['prune', '--older-than', '14d'])).toEqual({
      exitCode: 0,
      out: 'Removed 2 traces that started before 2026-11-08 12:00:00 UTC. 1 pinned trace of that age kept.\n',
      err: '',
    });
    expect(await left()).toEqual([1, 13, 20]);
  });

  it('leaves every other project alone when one is named', async () => {
    const [old] = daysOld(20);
    await record(...daysOld(15), { ...old!, project: 'shop' });
    const shop = ['prune', '--older-than', '14d', '--project', 'shop'];
    expect((await sluice([...shop, '--dry-run'])).out).toMatch(
      /^Would remove 1 trace of project shop that started/,
    );
    expect(JSON.parse((await sluice([...shop, '--json'])).out)).toMatchObject({
      removed: 1,
      project: 'shop',
    });
    expect(await left()).toEqual([15]);
  });

  it('says in a dry run what it would remove, and removes nothing', async () => {
    await record(...daysOld(1, 15));
    const { out } = await sluice(['prune', '--older-than', '14d', '--dry-run']);
    expect(out).toBe('Would remove 1 trace that started before 2026-11-08 12:00:00 UTC.\n');
    expect(await left()).toEqual([1, 15]);
  });

  it('prints JSON for another program', async () => {
    await record(...daysOld(1, 15, 16));
    const { out } = await sluice(['prune', '--older-than', '14d', '--json']);
    expect(JSON.parse(out)).toEqual({ removed: 2, pinned: 0, beforeMs: NOW - 14 * DAY, dryRun: false });
  });

  it('makes no store where there is none', async () => {
    for (const flags of [[], ['--dry-run']]) {
      expect((await sluice(['prune', '--older-than', '1d', '--json', ...flags])).exitCode).toBe(0);
    }
    expect(existsSync(join(cwd, '.sluice'))).toBe(false);
  });

  it('stops between two steps when it is interrupted, and keeps what it did', async () => {
    const spans = Array.from({ length: 300 }, (_, at) => makeSpan({ id: `s${at}` }));
    await record(...daysOld(20, 21).map((trace) => ({ ...trace, spans })));
    const stop = new AbortController();
    const context = fakeContext({ cwd, nowMs: NOW });
    const clock = {
      ...context.clock,
      sleep: async () => stop.abort(),
    };
    const exitCode = await main(
      ['traces', 'prune', '--older-than', '1d'],
      COMMANDS,
      { ...context, clock, signal: stop.signal },
      '0.0.0',
    );
    expect(exitCode).toBe(130);
    expect(context.stdout.text).toMatch(/^Removed 1 trace /);
    expect(await left()).toEqual([20]);
  });

  it.each([
    [[], '--older-than is missing.'],
    [['--older-than', 'soon'], '--older-than must be a duration'],
    [['--older-than', '1d', '--older-than', '2d'], '--older-than is given more than once'],
  ])('refuses %j', async (flags, message) => {
    await record(...daysOld(30));
    const { exitCode, err } = await sluice(['prune', ...flags]);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(await left()).toEqual([30]);
  });
});

describe('sluice traces pin and unpin', () => {
  it('pin a trace by the beginning of its id, which list and show then tell', async () => {
    await record(...daysOld(1, 2));
    const pinned = await sluice(['pin', runId(1), '--reason', 'incident of 3 May']);
    expect(pinned).toEqual({ exitCode: 0, out: `Pinned ${runId(1)}: incident of 3 May\n`, err: '' });
    expect((await sluice(['list'])).out.split('\n').filter((line) => line.includes(', pinned'))).toEqual([
      expect.stringContaining(runId(1)),
    ]);
    const narrow = await sluice(['list'], { stdout: { isTerminal: true, columns: 60 } });
    expect(narrow.out).toContain(`${runId(1)}  ✗ error  pinned\n`);
    expect(narrow.out.match(/pinned/g)).toHaveLength(1);
    expect((await sluice(['show', runId(1)])).out).toMatch(/^pinned +incident of 3 May \(0s ago\)$/m);
    expect((await sluice(['show', runId(2)])).out).not.toContain('pinned');
    const json = JSON.parse((await sluice(['list', '--json', '--pinned'])).out) as unknown[];
    expect(json).toMatchObject([{ id: runId(1), pin: { reason: 'incident of 3 May', pinnedAtMs: NOW } }]);
    expect(json).toHaveLength(1);
  });

  it('unpin lets it go, also when it was not pinned', async () => {
    await record(...daysOld(1));
    await sluice(['pin', runId(1)]);
    expect((await sluice(['unpin', runId(1)])).out).toBe(`Unpinned ${runId(1)}.\n`);
    expect(await sluice(['unpin', runId(1)])).toEqual({
      exitCode: 0,
      out: `${runId(1)} was not pinned.\n`,
      err: '',
    });
  });

  it('refuse an id that names no trace, or several, and make no store', async () => {
    for (const command of ['pin', 'unpin']) {
      expect(await sluice([command, 'abcd'])).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining('No trace or span "abcd"') as string,
      });
    }
    expect(existsSync(join(cwd, '.sluice'))).toBe(false);
    await record(...daysOld(1, 2));
    expect((await sluice(['pin', '0199'])).err).toContain('fits several traces');
  });
});

describe('sluice traces export', () => {
  const out = () => join(cwd, 'out.jsonl');
  const exported = () =>
    readFileSync(out(), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => traceSchema.parse(JSON.parse(line)));

  it('writes the traces that are named, each once, as records in lines that only the owner can read', async () => {
    const traces = daysOld(1, 2, 3);
    await record(...traces);
    const { exitCode, out: text } = await sluice([
      'export',
      runId(3),
      runId(1),
      runId(3),
      '--out',
      'out.jsonl',
    ]);
    expect([exitCode, text]).toEqual([0, 'Wrote 2 traces to out.jsonl.\n']);
    expect(exported()).toEqual([traces[2], traces[0]]);
    if (process.platform !== 'win32') expect(statSync(out()).mode & 0o777).toBe(0o600);
    expect(await readdir(cwd)).toEqual(['.sluice', 'out.jsonl']);
  });

  it('writes the traces that match, or all', async () => {
    await record(...daysOld(1, 2, 3));
    await sluice(['export', '--status', 'error', '--since', '2d', '--out', 'out.jsonl']);
    expect(exported().map(({ id }) => id)).toEqual([runId(1)]);
    const all = await sluice(['export', '--all', '--out', 'out.jsonl', '--force', '--json']);
    expect(JSON.parse(all.out)).toEqual({ path: out(), traces: 3, damaged: 0 });
    expect(exported()).toHaveLength(3);
    const none = await sluice(['export', '--name', 'nobody', '--out', 'none.jsonl']);
    expect(none.out).toBe('Wrote 0 traces to none.jsonl.\n');
    expect(readFileSync(join(cwd, 'none.jsonl'), 'utf8')).toBe('');
  });

  it('overwrites nothing unless it is told to', async () => {
    await record(...daysOld(1));
    await writeFile(out(), 'mine', { mode: 0o644 });
    const refused = await sluice(['export', '--all', '--out', 'out.jsonl']);
    expect(refused).toMatchObject({ exitCode: 2, err: expect.stringContaining('--force') as string });
    expect(readFileSync(out(), 'utf8')).toBe('mine');
    expect((await sluice(['export', '--all', '--out', 'out.jsonl', '--force'])).exitCode).toBe(0);
    expect(exported()).toHaveLength(1);
    if (process.platform !== 'win32') expect(statSync(out()).mode & 0o777).toBe(0o600);
  });

  it('takes the place of no folder and no link, even when it is told to overwrite', async () => {
    await record(...daysOld(1));
    await mkdir(join(cwd, 'folder'));
    await writeFile(join(cwd, 'target'), 'mine');
    await symlink(join(cwd, 'target'), join(cwd, 'link'));
    for (const name of ['folder', 'link']) {
      const { exitCode, err } = await sluice(['export', '--all', '--out', name, '--force']);
      expect(exitCode).toBe(2);
      expect(err).toContain(`Cannot write ${join(cwd, name)}: it is there and is no file.`);
    }
    expect((await sluice(['export', '--all', '--out', 'target/x.jsonl'])).err).toContain('Cannot write');
    expect((await readdir(cwd)).sort()).toEqual(['.sluice', 'folder', 'link', 'target']);
  });

  it('leaves no file behind when an id is wrong', async () => {
    await record(...daysOld(1));
    expect((await sluice(['export', runId(1), 'abcdef', '--out', 'out.jsonl'])).exitCode).toBe(2);
    expect(await readdir(cwd)).toEqual(['.sluice']);
  });

  it('leaves the old file in place when it is interrupted', async () => {
    await record(...daysOld(1));
    await writeFile(out(), 'mine');
    const argv = ['export', '--all', '--out', 'out.jsonl', '--force'];
    expect((await sluice(argv, { signal: AbortSignal.abort() })).exitCode).toBe(130);
    expect(readFileSync(out(), 'utf8')).toBe('mine');
    expect((await readdir(cwd)).sort()).toEqual(['.sluice', 'out.jsonl']);
  });

  it('writes the others when a record is damaged, names it, and does not pass', async () => {
    await record(...daysOld(1, 2));
    const db = new DatabaseSync(path);
    db.exec(`UPDATE spans SET record = '{}' WHERE trace_id = '${runId(2)}'`);
    db.close();
    const { exitCode, out: text, err } = await sluice(['export', '--all', '--out', 'out.jsonl']);
    expect([exitCode, text]).toEqual([3, 'Wrote 1 trace to out.jsonl.\n']);
    expect(err).toContain(`Left out: Trace ${runId(2)}`);
    expect(exported().map(({ id }) => id)).toEqual([runId(1)]);
  });

  it.each([
    [['--out', 'x'], 'Which traces?'],
    [
      ['abcd', '--status', 'error', '--all', '--out', 'x'],
      'ids and --status and --all contradict each other.',
    ],
    [['--all'], '--out is missing.'],
    [['--all', '--out', ''], '--out needs a value.'],
  ])('refuses %j', async (argv, message) => {
    const { exitCode, err } = await sluice(['export', ...argv]);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(await readdir(cwd)).toEqual([]);
  });

  it('takes ids behind a bare -- too', async () => {
    await record(...daysOld(1, 2));
    await sluice(['export', runId(1), '--out', 'out.jsonl', '--', runId(2)]);
    expect(exported().map(({ id }) => id)).toEqual([runId(1), runId(2)]);
  });
});

describe('help', () => {
  it.each(['export', 'pin', 'unpin', 'prune'])('of sluice traces %s has an example', async (command) => {
    const { exitCode, out } = await sluice([command, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`Usage: sluice traces ${command}`);
    expect(out).toMatch(new RegExp(`Examples:\\n +sluice traces ${command} `));
    if (command === 'export') expect(out).toContain('sluice traces export [ids...] [options]');
  });
});
