import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeContextOptions, fakeContext } from '../../../test/support/fake-context.ts';
import { leaveInSpool } from '../../../test/support/left-in-spool.ts';
import { makeSpan, makeTrace, runId } from '../../../test/support/traces.ts';
import { OUTCOMES, type Trace, traceSchema, traceSummarySchema } from '../../core/index.ts';
import { openTraceStore } from '../../store/index.ts';
import { main } from '../main.ts';
import { tracesList } from './traces-list.ts';
import { tracesShow } from './traces-show.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;

let cwd: string;
let path: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-traces-'));
  path = join(cwd, '.sluice', 'traces.db');
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function record(...traces: Trace[]): Promise<void> {
  const store = await openTraceStore({ path });
  await store.write(traces);
  await store.close();
}

async function sluice(argv: string[], options: Partial<FakeContextOptions> = {}) {
  const context = fakeContext({ cwd, nowMs: NOW, ...options });
  const exitCode = await main(argv, [tracesList, tracesShow], context, '0.0.0');
  return { exitCode, out: context.stdout.text, err: context.stderr.text };
}

async function listedIds(...flags: string[]): Promise<string[]> {
  const { exitCode, out } = await sluice(['traces', 'list', '--json', ...flags]);
  expect(exitCode).toBe(0);
  return traceSummarySchema
    .array()
    .parse(JSON.parse(out))
    .map((trace) => trace.id);
}

const error = {
  name: 'TypeError',
  message: 'no order',
  stack: 'TypeError: no order\n    at lookup (lookup.ts:3:1)',
};
const human = (content: string) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', 'HumanMessage'],
  kwargs: { content },
});

function failed(): Trace {
  const startTimeMs = NOW - 5 * MINUTE;
  return makeTrace({
    id: runId(1),
    name: 'support',
    threadId: 'thread-7',
    outcome: 'error',
    startTimeMs,
    endTimeMs: startTimeMs + 1_240,
    error,
    failingSpanId: runId(3),
    decision: { reason: 'error', weight: 1 },
    usage: { inputTokens: 300, outputTokens: 40, totalTokens: 340 },
    spans: [
      makeSpan({ id: runId(1), outcome: 'error', error, inputs: { messages: [human('Where is A-17?')] } }),
      makeSpan({ id: runId(2), parentId: runId(1), name: 'lookup', type: 'node', outcome: 'error', error }),
      makeSpan({
        id: runId(3),
        parentId: runId(2),
        name: 'lookup_order',
        type: 'tool',
        outcome: 'error',
        error,
        inputs: { order: 'A-17' },
      }),
    ],
  });
}

describe('sluice traces list', () => {
  it.each([[[]], [['--status', 'error']]])(
    'says how to record traces when there is no store (%j)',
    async (flags) => {
      const { exitCode, out, err } = await sluice(['traces', 'list', ...flags]);
      expect([exitCode, err]).toEqual([0, '']);
      expect(out).toBe(`No traces in ${path} yet. Wrap a graph with traceGraph() or run \`sluice serve\`.\n`);
      expect(existsSync(join(cwd, '.sluice'))).toBe(false);
    },
  );

  it.each([
    [1, '1 trace waits'],
    [2, '2 traces wait'],
  ])('says that %d of a process that has ended is still to be written', async (count, says) => {
    await leaveInSpool(join(cwd, '.sluice'), count);
    const empty = await sluice(['traces', 'list']);
    expect([empty.exitCode, empty.err]).toEqual([0, '']);
    expect(empty.out).toBe(
      `No traces in ${path} yet. ${says} in ${join(cwd, '.sluice', 'spool')} for the next process that traces into this home.\n`,
    );
    await record(failed());
    const { err } = await sluice(['traces', 'list']);
    expect(err).toBe(
      `${says} in ${join(cwd, '.sluice', 'spool')} for the next process that traces into this home.\n`,
    );
    expect((await sluice(['traces', 'list', '--json'])).err).toBe(err);
  });

  it('prints an empty array as JSON when there is no store', async () => {
    expect(await listedIds()).toEqual([]);
  });

  it('says that nothing matches when there are traces', async () => {
    await record(failed());
    const { exitCode, out } = await sluice(['traces', 'list', '--name', 'other']);
    expect([exitCode, out]).toEqual([0, `No trace in ${path} matches.\n`]);
  });

  it('prints one line for each trace into a pipe, without colour', async () => {
    await record(
      failed(),
      makeTrace({ id: runId(9), startTimeMs: NOW - MINUTE, decision: { reason: 'sampled', weight: 10 } }),
    );
    const { out } = await sluice(['traces', 'list']);
    expect(out).toBe(
      [
        'id                                    started  name     outcome    duration  spans  tokens  kept because  error',
        `${runId(9)}  1m ago   support  ✓ success      1.0s      1       -  sampled ×10`,
        `${runId(1)}  5m ago   support  ✗ error        1.2s      3     340  error ×1      TypeError: no order`,
        '',
      ].join('\n'),
    );
  });

  it('fits a terminal of any width and colours it only when colour is wanted', async () => {
    const long = { name: 'Error', message: 'It went wrong. '.repeat(40) };
    await record(
      failed(),
      makeTrace({
        id: runId(9),
        name: 'n'.repeat(90),
        startTimeMs: NOW,
        outcome: 'handled_error',
        error: long,
      }),
    );
    for (const columns of [60, 80, 120, 140, 200]) {
      const { out } = await sluice(['traces', 'list'], { stdout: { isTerminal: true, columns } });
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
      expect(out).toContain(runId(9));
      expect(out).toContain('Error: It');
      expect(out).not.toContain('\u001b');
    }
    const { out } = await sluice(['traces', 'list'], {
      stdout: { isTerminal: true, columns: 140, color: true },
    });
    expect(out).toContain('\u001b[31m✗ error\u001b[39m');
    // The codes take no columns, so the table still fits.
    expect(out).toContain('kept because');
  });

  it('uses two or three lines for each trace on a narrow terminal', async () => {
    await record(failed());
    const { out } = await sluice(['traces', 'list'], { stdout: { isTerminal: true, columns: 80 } });
    expect(out).toBe(
      `${runId(1)}  ✗ error\n  5m ago · support · 1.2s · 3 spans · 340 tokens · kept: error ×1\n  TypeError: no order\n`,
    );
  });

  it.each(OUTCOMES)('--status %s lists the traces of exactly this outcome', async (outcome) => {
    await record(...OUTCOMES.map((each, n) => makeTrace({ id: runId(n), outcome: each })));
    expect(await listedIds('--status', outcome)).toEqual([runId(OUTCOMES.indexOf(outcome))]);
  });

  it('--since, --name, --project and --thread narrow the list, together if need be', async () => {
    await record(
      makeTrace({ id: runId(1), startTimeMs: NOW - 10 * MINUTE, name: 'a', threadId: 't' }),
      makeTrace({ id: runId(2), startTimeMs: NOW - 30 * MINUTE, name: 'a', threadId: 'u', project: 'shop' }),
      makeTrace({ id: runId(3), startTimeMs: NOW - 90 * MINUTE, name: 'b', threadId: 't' }),
    );
    expect(await listedIds('--since', '30m')).toEqual([runId(1), runId(2)]);
    expect(await listedIds('--name', 'a')).toEqual([runId(1), runId(2)]);
    expect(await listedIds('--project', 'default')).toEqual([runId(1), runId(3)]);
    expect(await listedIds('--project', 'shop')).toEqual([runId(2)]);
    expect(await listedIds('--thread', 't')).toEqual([runId(1), runId(3)]);
    expect(await listedIds('--thread', 't', '--since', '1h', '--name', 'a')).toEqual([runId(1)]);
  });

  it('--limit cuts the list and says so beside it; without it the newest 50 are shown', async () => {
    await record(...Array.from({ length: 51 }, (_, n) => makeTrace({ id: runId(n), startTimeMs: n })));
    const { out, err } = await sluice(['traces', 'list', '--limit', '2', '--json']);
    expect(JSON.parse(out)).toHaveLength(2);
    expect(err).toBe('Showing the newest 2; --limit shows more.\n');
    expect(await listedIds()).toHaveLength(50);
    expect((await sluice(['traces', 'list', '--limit', '51'])).err).toBe('');
  });

  it.each([
    [['--status', 'failed'], /--status must be one of success, error/],
    [['--since', 'yesterday'], /--since must be a duration/],
    [['--limit', '0'], /--limit must be a whole number of at least 1/],
    [['--limit', 'abc'], /--limit must be a whole number/],
    [['--nmae', 'a'], /nmae/],
  ])('%j is wrong usage', async (flags, message) => {
    const { exitCode, out, err } = await sluice(['traces', 'list', ...flags]);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('lists the readable traces of a store with a damaged one and warns', async () => {
    await record(failed(), makeTrace({ id: runId(9) }));
    const db = new DatabaseSync(path);
    db.exec(`UPDATE traces SET record = 'x' WHERE id = '${runId(9)}'`);
    db.close();
    const { exitCode, out, err } = await sluice(['traces', 'list', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject([{ id: runId(1) }]);
    expect(err).toContain('left out 1 damaged trace');
  });

  it('reads the store under SLUICE_HOME', async () => {
    path = join(cwd, 'elsewhere', 'traces.db');
    await record(failed());
    const { out } = await sluice(['traces', 'list'], { env: { SLUICE_HOME: 'elsewhere' } });
    expect(out).toContain(runId(1));
  });
});

describe('sluice traces show', () => {
  it('shows the head, the tree, the failing span with its error and input, and what to do next', async () => {
    await record(failed());
    const { exitCode, out, err } = await sluice(['traces', 'show', runId(1)]);
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toBe(`id            ${runId(1)}
name          support
outcome       ✗ error
thread        thread-7
started       2026-11-22 11:55:00 UTC (5m ago)
duration      1.2s
tokens        340 (300 in, 40 out)
kept because  error ×1

✗ support  graph  1.0s  error
└─ ✗ lookup  node  1.0s  error
   └─ ✗ lookup_order  tool  1.0s  error  ◀ failed here
        TypeError: no order
          at lookup (lookup.ts:3:1)
        input
          order: A-17

Input
  messages:
    human: Where is A-17?

Replay it: sluice replay ${runId(1)} --graph <file.ts#export>
`);
  });

  it('finds the trace by the run id of a span and by the beginning of its id', async () => {
    await record(failed(), makeTrace({ id: 'ffff0000-0000-7000-8000-000000000000' }));
    const whole = await sluice(['traces', 'show', runId(1)]);
    expect(await sluice(['traces', 'show', runId(3)])).toEqual(whole);
    expect(await sluice(['traces', 'show', runId(1).slice(0, 4)])).toEqual(whole);
  });

  it('--json prints the whole record', async () => {
    await record(failed());
    const { out } = await sluice(['traces', 'show', runId(1), '--json']);
    expect(traceSchema.parse(JSON.parse(out))).toEqual(failed());
  });

  it('--full shows what is cut otherwise', async () => {
    const stack = `Error: x\n${Array.from({ length: 9 }, (_, n) => `    at f${n} (f.ts:${n}:1)`).join('\n')}`;
    const inputs = { long: `${'word '.repeat(200)}end`, list: Array.from({ length: 60 }, (_, n) => n) };
    await record(
      makeTrace({
        id: runId(1),
        outcome: 'error',
        error: { name: 'Error', message: 'x', stack },
        spans: [makeSpan({ id: runId(1), outcome: 'error', inputs })],
      }),
    );
    const short = await sluice(['traces', 'show', runId(1)]);
    expect(short.out).toContain('at f3');
    expect(short.out).not.toContain('at f4');
    expect(short.out).toContain('… 5 more; --full shows all');
    expect(short.out).toContain('… 38 more lines; --full shows all');
    expect(short.out).not.toContain('word end');
    const full = await sluice(['traces', 'show', runId(1), '--full']);
    expect(full.out).toContain('at f8');
    expect(full.out).toContain('word end');
    expect(full.out).toContain('- 59');
    expect(full.out).not.toContain('--full');
  });

  it('says that a payload is hidden, and that the run cannot be replayed then', async () => {
    const gaps = [{ field: 'inputs' as const, reason: 'hidden' as const }];
    await record(makeTrace({ id: runId(1), spans: [makeSpan({ id: runId(1), gaps })] }));
    const { out } = await sluice(['traces', 'show', runId(1)]);
    expect(out).toContain('Input\n  (hidden: the tracing options keep it out of the record)\n');
    expect(out).toContain('It cannot be replayed: its input was hidden.\n');
    expect(out).not.toContain('Replay it');
  });

  it('says where to look when there is no such trace', async () => {
    for (const prepare of [async () => {}, () => record(failed())]) {
      await prepare();
      const { exitCode, out, err } = await sluice(['traces', 'show', 'abcd']);
      expect([exitCode, out]).toEqual([2, '']);
      expect(err).toContain(`No trace or span "abcd" in ${path}.`);
      expect(err).toContain('sluice traces list');
    }
  });

  it('names the candidates when a beginning fits several', async () => {
    await record(makeTrace({ id: runId(1) }), makeTrace({ id: runId(2), startTimeMs: 2_000 }));
    const { exitCode, err } = await sluice(['traces', 'show', '0199']);
    expect(exitCode).toBe(2);
    expect(err).toContain(`\n  ${runId(2)}\n  ${runId(1)}\n`);
  });

  it('needs an id', async () => {
    expect((await sluice(['traces', 'show'])).exitCode).toBe(2);
  });
});

describe('sluice traces, whatever a trace holds', () => {
  const hostile = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202egnp\r\u0008\nforged ✓ success';

  it('prints nothing a terminal would act on', async () => {
    const fields = { name: hostile, threadId: hostile, checkpointId: hostile, outcome: 'error' as const };
    const bad = { name: hostile, message: hostile, stack: `${hostile}\n    at ${hostile}` };
    await record(
      makeTrace({
        ...fields,
        id: 'hostile',
        error: bad,
        decision: { reason: hostile, weight: 1 },
        spans: [
          makeSpan({
            id: 'hostile',
            name: hostile,
            outcome: 'error',
            error: bad,
            inputs: { [hostile]: [hostile, human(hostile)] },
            outputs: hostile,
            model: hostile,
          }),
          makeSpan({
            id: 'inner',
            parentId: 'hostile',
            name: hostile,
            outcome: 'error',
            error: { ...bad, message: 'other' },
          }),
        ],
      }),
    );
    for (const argv of [
      ['list'],
      ['list', '--json'],
      ['show', 'hostile'],
      ['show', 'hostile', '--full'],
      ['show', 'hostile', '--json'],
    ]) {
      for (const columns of [80, 160]) {
        const { exitCode, out } = await sluice(['traces', ...argv], {
          stdout: { isTerminal: true, columns },
        });
        expect(exitCode).toBe(0);
        expect(out).toContain('\\u001b');
        expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
        expect(out).not.toMatch(/^forged/m);
      }
    }
  });
});

describe('sluice traces as a program', () => {
  it('lists and shows through a pipe, with nothing on stderr', async () => {
    await record(failed());
    const bin = fileURLToPath(new URL('../bin.ts', import.meta.url));
    const run = (...argv: string[]) =>
      promisify(execFile)(
        process.execPath,
        ['--import', import.meta.resolve('tsx'), bin, 'traces', ...argv],
        {
          cwd,
          env: { PATH: process.env['PATH'] ?? '' },
        },
      );
    const list = await run('list', '--status', 'error', '--thread', 'thread-7');
    expect(list.stderr).toBe('');
    expect(list.stdout).toContain(runId(1));
    const show = await run('show', runId(1));
    expect(show.stderr).toBe('');
    expect(show.stdout).toContain('◀ failed here');
  });
});
