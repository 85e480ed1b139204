import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type OtlpServer, otlpServer } from '../support/otlp-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const PROGRAM = fileURLToPath(new URL('../support/spanning-process.ts', import.meta.url));
const NODE_FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

interface Ending {
  readonly home: string;
  readonly runs: number;
  readonly end: string;
  readonly signal?: NodeJS.Signals;
}

/** Runs the program to its end; the signal is sent once it has printed its line. */
async function run(server: OtlpServer, { home, runs, end, signal }: Ending) {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, home, String(runs), end], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_METRICS_EXPORTER: 'none' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  await once(createInterface({ input: child.stdout }), 'line');
  if (signal !== undefined) child.kill(signal);
  const [exitCode, endedBy] = await closed;
  return endedBy ?? exitCode;
}

/** What has arrived, without repetitions: delivery is at least once. */
function arrived(server: OtlpServer) {
  const count = (name: string) =>
    new Set(server.spans.flatMap((span) => (span.name === name ? [span.spanId] : []))).size;
  return {
    kept: count('query kept'),
    dropped: count('query dropped'),
    roots: count('invoke_agent shop'),
  };
}

/** Files that wait in a home. */
function waiting(home: string): readonly string[] {
  return ['spool', 'span-spool'].flatMap((name) => {
    const folder = `${home}/${name}`;
    return existsSync(folder) ? readdirSync(folder) : [];
  });
}

/** More answers than a process of these tests asks for. */
function outage() {
  return Array.from({ length: 50 }, () => ({ status: 503 }));
}

describe('spans that a node records through the SDK of this package', () => {
  it.each<Omit<Ending, 'home' | 'runs'> & { ended: unknown }>([
    { end: 'return', ended: 0 },
    { end: 'wait', signal: 'SIGTERM', ended: 'SIGTERM' },
    { end: 'wait', signal: 'SIGINT', ended: 'SIGINT' },
    { end: 'flush', signal: 'SIGKILL', ended: 'SIGKILL' },
    { end: 'shutdown', signal: 'SIGKILL', ended: 'SIGKILL' },
  ])('arrive with their trace before the process ends: $end $signal', async ({ ended, ...ending }) => {
    await using server = await otlpServer();
    await using dir = await tempDir();
    expect(await run(server, { home: dir.path, runs: 3, ...ending })).toBe(ended);
    expect(arrived(server)).toEqual({ kept: 3, dropped: 0, roots: 3 });
  });

  it.each<Omit<Ending, 'home' | 'runs'>>([{ end: 'exit' }, { end: 'wait', signal: 'SIGKILL' }])(
    'are delivered by the next process: $end $signal',
    async (ending) => {
      await using server = await otlpServer();
      await using dir = await tempDir();
      // So that none of them is there before the process has ended.
      server.answers.push(...outage());
      await run(server, { home: dir.path, runs: 3, ...ending });
      expect(arrived(server)).toEqual({ kept: 0, dropped: 0, roots: 0 });
      server.answers.length = 0;
      await run(server, { home: dir.path, runs: 0, end: 'return' });
      expect(arrived(server)).toEqual({ kept: 3, dropped: 0, roots: 3 });
      expect(waiting(dir.path)).toEqual([]);
    },
  );

  it('outlive an outage of the endpoint that is longer than the process', async () => {
    await using server = await otlpServer();
    await using dir = await tempDir();
    server.answers.push(...outage());
    expect(await run(server, { home: dir.path, runs: 3, end: 'return' })).toBe(0);
    expect(arrived(server)).toEqual({ kept: 0, dropped: 0, roots: 0 });
    server.answers.length = 0;
    await run(server, { home: dir.path, runs: 0, end: 'return' });
    expect(arrived(server)).toEqual({ kept: 3, dropped: 0, roots: 3 });
    expect(waiting(dir.path)).toEqual([]);
  });
});
