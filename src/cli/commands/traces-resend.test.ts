import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { LangSmithServer } from '../../../test/support/langsmith-server.ts';
import { type OtlpServer, otlpServer } from '../../../test/support/otlp-server.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { makeTrace, runId } from '../../../test/support/traces.ts';
import { DeadLetters } from '../../tracing/dead-letters/index.ts';
import { main } from '../main.ts';
import { tracesResend } from './traces-resend.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

let dir: Awaited<ReturnType<typeof tempDir>>;
let langsmith: LangSmithServer;
let otlp: OtlpServer;
let folder: string;
beforeEach(async () => {
  [dir, langsmith, otlp] = await Promise.all([tempDir(), LangSmithServer.start(), otlpServer()]);
  folder = join(dir.path, '.sluice', 'dead-letter');
  // OpenTelemetry's own code reads where to from the environment of the process.
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', otlp.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const used of [langsmith, otlp, dir]) await used[Symbol.asyncDispose]();
});

const toLangSmith = () => ({
  LANGSMITH_TRACING: 'true',
  LANGSMITH_API_KEY: 'key',
  LANGSMITH_ENDPOINT: langsmith.url,
});
const toOtlp = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });

async function resend(flags: readonly string[] = [], env: Record<string, string> = {}, signal?: AbortSignal) {
  const made = fakeContext({ cwd: dir.path, nowMs: NOW, env });
  const context = signal === undefined ? made : { ...made, signal };
  const exitCode = await main(['traces', 'resend', ...flags], [tracesResend], context, '0.0.0');
  return { exitCode, out: made.stdout.text, err: made.stderr.text };
}

function setAside(exporter: string, numbers: readonly number[], reason = 'HTTP 400'): void {
  const letters = new DeadLetters({ folder, maxBytes: 1e6, clock: { now: () => NOW - 60_000 } });
  for (const number of numbers) letters.add(exporter, reason, { trace: makeTrace({ id: runId(number) }) });
}

const files = () => readdirSync(folder).filter((name) => name.includes('.jsonl'));
const pathOf = (exporter: string) => join(folder, `${exporter}.jsonl`);
const linesOf = (exporter: string) => readFileSync(pathOf(exporter), 'utf8').trim().split('\n');

describe('sluice traces resend', () => {
  it('sends what is set aside through the exporters that are configured now, and removes it', async () => {
    setAside('langsmith', [1, 2]);
    setAside('otlp', [3]);
    expect(await resend([], { ...toLangSmith(), ...toOtlp() })).toEqual({
      exitCode: 0,
      out: 'langsmith  2 traces resent\notlp  1 trace resent\n',
      err: '',
    });
    expect(langsmith.runs.map(({ id }) => id).toSorted()).toEqual([runId(1), runId(2)]);
    expect(langsmith.complaints).toEqual([]);
    expect(otlp.spans.map(({ name }) => name)).toEqual(['invoke_agent support']);
    expect(files()).toEqual([]);
  });

  it('writes what was set aside for the store into it', async () => {
    setAside('store', [1]);
    expect((await resend()).out).toBe('store  1 trace resent\n');
    expect(existsSync(join(dir.path, '.sluice', 'traces.db'))).toBe(true);
    expect(files()).toEqual([]);
  });

  it('sends to one exporter alone when it is named', async () => {
    setAside('langsmith', [1]);
    setAside('otlp', [2]);
    const { exitCode, out } = await resend(['--exporter', 'otlp'], { ...toLangSmith(), ...toOtlp() });
    expect([exitCode, out]).toEqual([0, 'otlp  1 trace resent\n']);
    expect(langsmith.runs).toEqual([]);
    expect(files()).toEqual(['langsmith.jsonl']);
  });

  it('says that there is nothing to resend, and makes no folder', async () => {
    expect(await resend([], toOtlp())).toEqual({ exitCode: 0, out: 'Nothing to resend.\n', err: '' });
    expect(await resend(['--dry-run'])).toEqual({ exitCode: 0, out: 'Nothing is set aside.\n', err: '' });
    expect(JSON.parse((await resend(['--json'], toOtlp())).out)).toEqual({ exporters: [], problems: [] });
    expect(existsSync(join(dir.path, '.sluice'))).toBe(false);
  });

  it('lists in a dry run what is set aside and why, and changes nothing', async () => {
    setAside('langsmith', [1, 2], 'LangSmith answered 422\u001b[2J');
    setAside('langsmith', [3], 'HTTP 400');
    setAside('otlp', [4]);
    writeFileSync(pathOf('otlp'), '{"torn', { flag: 'a' });
    const before = [...linesOf('langsmith'), ...linesOf('otlp')];
    const { exitCode, out, err } = await resend(['--dry-run'], toOtlp());
    expect([exitCode, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'langsmith  3 traces set aside, 2026-11-22 11:59:00 UTC; not configured now',
      '  2 × LangSmith answered 422\\u001b[2J',
      '  1 × HTTP 400',
      'otlp  1 trace set aside, 2026-11-22 11:59:00 UTC',
      '  1 × HTTP 400',
      `  damaged: ${pathOf('otlp')}:2: it is not JSON`,
      '',
    ]);
    expect([...linesOf('langsmith'), ...linesOf('otlp')]).toEqual(before);
    expect(otlp.requests).toEqual([]);
    const json = JSON.parse((await resend(['--dry-run', '--json', '--exporter', 'otlp'])).out);
    expect(json).toEqual({
      exporters: [
        {
          exporter: 'otlp',
          path: pathOf('otlp'),
          isConfigured: false,
          letters: 1,
          reasons: [{ reason: 'HTTP 400', count: 1 }],
          oldestMs: NOW - 60_000,
          newestMs: NOW - 60_000,
          damaged: [{ path: pathOf('otlp'), line: 2, problem: 'it is not JSON' }],
        },
      ],
    });
  });

  it('keeps what is refused again, with the new reason, and exits 3', async () => {
    setAside('otlp', [1]);
    otlp.answers.push({ status: 413 });
    const { exitCode, out, err } = await resend([], toOtlp());
    expect([exitCode, out]).toEqual([3, 'otlp  0 traces resent, 1 refused again\n']);
    expect(err).toMatch(
      `sluice: otlp has refused again: HTTP 413 Payload Too Large; 1 trace stays in ${pathOf('otlp')}.\n`,
    );
    expect(linesOf('otlp').map((line) => JSON.parse(line))).toEqual([
      {
        schemaVersion: 1,
        timeMs: NOW,
        exporter: 'otlp',
        reason: 'HTTP 413 Payload Too Large',
        trace: makeTrace({ id: runId(1) }),
      },
    ]);
    expect((await resend([], toOtlp())).exitCode).toBe(0);
  });

  it('keeps all when the receiver is down, says so in one line, and exits 3', async () => {
    setAside('langsmith', [1, 2]);
    await langsmith.stop();
    const { exitCode, out, err } = await resend([], toLangSmith());
    expect([exitCode, out]).toEqual([3, 'langsmith  0 traces resent, 2 not sent\n']);
    expect(err.split('\n')[0]).toBe(
      `sluice: langsmith does not take traces now: LangSmith cannot be reached at ${langsmith.url}: ECONNREFUSED; 2 traces stay in ${pathOf('langsmith')}.`,
    );
    expect(linesOf('langsmith')).toHaveLength(2);
    await langsmith.listen();
    expect((await resend([], toLangSmith())).exitCode).toBe(0);
    expect(langsmith.runs).toHaveLength(2);
  });

  it('goes on with the other exporters when one does not take traces', async () => {
    setAside('langsmith', [1]);
    setAside('otlp', [2]);
    langsmith.behaviour.outage = { status: 401 };
    const { exitCode, out, err } = await resend([], { ...toLangSmith(), ...toOtlp() });
    expect([exitCode, out]).toEqual([3, 'langsmith  0 traces resent, 1 not sent\notlp  1 trace resent\n']);
    expect(err).toContain('LangSmith answered 401; check LANGSMITH_API_KEY');
  });

  it('names an exporter that is not configured, sends to the others, and exits 2', async () => {
    setAside('langsmith', [1]);
    setAside('otlp', [2]);
    expect(await resend([], toOtlp())).toEqual({
      exitCode: 2,
      out: 'otlp  1 trace resent\n',
      err:
        `sluice: langsmith is not configured: 1 trace stays in ${pathOf('langsmith')}.\n` +
        '  Set LANGSMITH_TRACING=true and LANGSMITH_API_KEY.\n',
    });
    const named = await resend(['--exporter', 'otlp']);
    expect(named).toMatchObject({ exitCode: 2, out: '' });
    expect(named.err).toMatch(/^sluice: otlp is not configured\.\n {2}Set OTEL_EXPORTER_OTLP_ENDPOINT/);
    expect(files()).toEqual(['langsmith.jsonl']);
  });

  it('names file and line of what is damaged or holds no trace, keeps it, and sends the others', async () => {
    setAside('otlp', [1]);
    const damaged = [
      '{"schemaVersion":1',
      JSON.stringify({ schemaVersion: 2, timeMs: 0, exporter: 'otlp', reason: 'x', trace: {} }),
    ];
    writeFileSync(pathOf('otlp'), `${damaged.join('\n')}\n`, { flag: 'a' });
    setAside('otlp', [2]);
    const unreadable = new DeadLetters({ folder, maxBytes: 1e6, clock: { now: () => NOW } });
    unreadable.add('unreadable', 'spans: Required', { text: '{}' });
    const { exitCode, out, err } = await resend([], toOtlp());
    expect([exitCode, out]).toEqual([3, 'otlp  2 traces resent\n']);
    expect(err.trim().split('\n')).toEqual([
      `sluice: ${pathOf('otlp')}:1 cannot be resent: it is not JSON; the line stays there.`,
      expect.stringMatching(/otlp\.jsonl:2 cannot be resent: schemaVersion: /),
      `sluice: ${pathOf('unreadable')}:1 cannot be resent: it holds no trace: spans: Required; the line stays there.`,
    ]);
    expect(linesOf('otlp')).toEqual(damaged);
    expect(linesOf('unreadable')).toHaveLength(1);
    const { problems } = JSON.parse((await resend(['--json'], toOtlp())).out);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatchObject({ code: 'DEAD_LETTER_DAMAGED' });
  });

  it('finishes what a resend that was killed has left, in the order it was taken', async () => {
    mkdirSync(folder, { recursive: true });
    for (const [number, name] of [
      [1, 'otlp.jsonl.9.resending'],
      [2, 'otlp.jsonl.10.resending'],
    ] as const) {
      setAside('left', [number]);
      writeFileSync(join(folder, name), `${linesOf('left').at(-1)}\n`);
    }
    setAside('otlp', [3]);
    expect(JSON.parse((await resend(['--dry-run', '--json', '--exporter', 'otlp'])).out)).toMatchObject({
      exporters: [{ letters: 3 }],
    });
    const { out } = await resend(['--exporter', 'otlp'], toOtlp());
    expect(out).toBe('otlp  3 traces resent\n');
    expect(files()).toEqual(['left.jsonl']);
  });

  it('stops when it is interrupted, keeps the letters, and goes on the next time', async () => {
    setAside('langsmith', [1, 2]);
    langsmith.behaviour.outage = 'hang';
    const stop = new AbortController();
    const ended = resend([], toLangSmith(), stop.signal);
    await eventually(() => expect(langsmith.ingests.length).toBe(1));
    stop.abort();
    expect(await ended).toEqual({
      exitCode: 130,
      out: 'langsmith  0 traces resent, 2 not sent\n',
      err: 'Interrupted: the same command goes on where it stopped.\n',
    });
    langsmith.behaviour.outage = undefined;
    expect((await resend([], toLangSmith())).out).toBe('langsmith  2 traces resent\n');
  });

  it('says when the folder cannot be used, and leaves the letters where they are', async () => {
    setAside('otlp', [1]);
    mkdirSync(join(folder, 'resend.lock'));
    const { exitCode, err } = await resend([], toOtlp());
    expect(exitCode).toBe(2);
    expect(err).toContain(`sluice: The letters in ${folder} cannot be read or changed: unable to open`);
    expect(linesOf('otlp')).toHaveLength(1);
  });

  it('says when what should be the folder is none', async () => {
    mkdirSync(join(dir.path, '.sluice'));
    writeFileSync(folder, '');
    const { exitCode, err } = await resend([], toOtlp());
    expect(exitCode).toBe(2);
    expect(err).toMatch(`sluice: The letters in ${folder} cannot be read or changed: ENOTDIR`);
  });

  it('has an example in its help', async () => {
    const { exitCode, out } = await resend(['--help']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Examples:\n +sluice traces resend --dry-run/);
  });
});
