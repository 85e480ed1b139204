import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type TraceSummary, traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { loadSqlite } from '../../src/store/sqlite-module.ts';
import { waitingTraces } from '../../src/tracing/spool/waiting.ts';
import { eventually } from '../support/eventually.ts';
import { tempDir } from '../support/temp-dir.ts';

const PROGRAM = fileURLToPath(new URL('../support/traced-process.ts', import.meta.url));
// Node strips types by itself from 22.18 on; the flag is accepted by all that are supported.
const NODE = [
  process.execPath,
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  PROGRAM,
] as const;

function start(home: string, runs: number, end: string) {
  const [command, ...args] = [...NODE, home, String(runs), end];
  return spawn(command, args);
}

interface RunOptions {
  readonly signal?: NodeJS.Signals;
  /** Blocks of 1 KiB that a file may have at most. */
  readonly limitBlocks?: number;
  readonly graphs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function run(home: string, runs: number, end: string, options: RunOptions = {}) {
  const { signal, limitBlocks, graphs = 1 } = options;
  const env = { ...process.env, ...options.env };
  const [command, ...args] = [...NODE, home, String(runs), end, String(graphs)];
  const child =
    limitBlocks === undefined
      ? spawn(command, args, { env })
      : // With the signal ignored, a write beyond the limit fails like one to a full disk.
        spawn('bash', ['-c', `trap '' XFSZ; ulimit -f ${limitBlocks}; exec "$@"`, 'bash', command, ...args], {
          env,
        });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  if (signal !== undefined) child.kill(signal);
  const [exitCode, endedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { line, exitCode, endedBy, stderr };
}

async function stored(home: string): Promise<TraceSummary[]> {
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  try {
    return await store.list({ limit: 1_000 });
  } finally {
    await store.close();
  }
}

describe('a process that traces', () => {
  it('ends by itself when it has nothing left to do, with every run written', async () => {
    await using dir = await tempDir();
    expect(await run(dir.path, 20, 'return')).toMatchObject({ line: '20 right', exitCode: 0 });
    expect(await stored(dir.path)).toHaveLength(20);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'has every run written before it dies of %s, a run under way as cancelled',
    async (signal) => {
      await using dir = await tempDir();
      expect(await run(dir.path, 20, 'hang', { signal })).toMatchObject({
        line: '20 right',
        exitCode: null,
        endedBy: signal,
      });
      const traces = await stored(dir.path);
      expect(traces.filter((trace) => trace.outcome === 'success')).toHaveLength(20);
      expect(traces.filter((trace) => trace.outcome === 'cancelled')).toHaveLength(1);
    },
  );

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'dies of %s once every tracer has written its runs, however many there are, and nothing is warned of',
    async (signal) => {
      await using dir = await tempDir();
      expect(await run(dir.path, 2, 'hang', { signal, graphs: 12 })).toEqual({
        line: '24 right',
        exitCode: null,
        endedBy: signal,
        stderr: '',
      });
      const traces = await stored(dir.path);
      expect(traces.filter((trace) => trace.outcome === 'success')).toHaveLength(24);
      const cancelled = traces.filter((trace) => trace.outcome === 'cancelled');
      expect(new Set(cancelled.map(({ project }) => project)).size).toBe(12);
    },
  );

  it('keeps a run that a signal cuts off whatever is sampled, with the weight of one run', async () => {
    await using dir = await tempDir();
    const env = { SLUICE_SAMPLE_RATE: '0' };
    expect(await run(dir.path, 20, 'hang', { signal: 'SIGTERM', env })).toMatchObject({ endedBy: 'SIGTERM' });
    expect(await stored(dir.path)).toMatchObject([
      { outcome: 'cancelled', decision: { reason: 'process_ended', weight: 1 } },
    ]);
  });

  it('loses nothing to process.exit: the next start has every run', async () => {
    await using dir = await tempDir();
    expect(await run(dir.path, 20, 'exit')).toMatchObject({ line: '20 right', exitCode: 0 });
    expect(await waitingTraces(dir.path, 'store')).toBe(20);
    expect(await run(dir.path, 0, 'return')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await stored(dir.path)).toHaveLength(20);
    expect(readdirSync(`${dir.path}/spool`)).toEqual([]);
    expect(await waitingTraces(dir.path, 'store')).toBe(0);
  });

  it('loses nothing to SIGKILL a turn after the last run, nor while the store is locked', async () => {
    await using dir = await tempDir();
    expect(await run(dir.path, 20, 'wait', { signal: 'SIGKILL' })).toMatchObject({ endedBy: 'SIGKILL' });
    expect(await stored(dir.path)).toHaveLength(20);
    const db = new (loadSqlite().DatabaseSync)(traceStorePath(dir.path));
    db.exec('BEGIN IMMEDIATE');
    const child = start(dir.path, 20, 'wait');
    // The tracer turns to the spool when the store takes too long.
    await eventually(async () => expect(await waitingTraces(dir.path, 'store')).toBe(20));
    child.kill('SIGKILL');
    await once(child, 'close');
    db.exec('ROLLBACK');
    db.close();
    expect(await stored(dir.path)).toHaveLength(20);
    await run(dir.path, 0, 'return');
    expect(await stored(dir.path)).toHaveLength(40);
  });

  it('gives every result when the disk fills up, and says what it could not write', async () => {
    await using dir = await tempDir();
    const ended = await run(dir.path, 60, 'return', { limitBlocks: 200 });
    expect(ended).toMatchObject({ line: '60 right', exitCode: 0 });
    expect(ended.stderr).toMatch(/Traces cannot be written to store/);
    expect((await stored(dir.path)).length).toBeLessThan(60);
  });
});
