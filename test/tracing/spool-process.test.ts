import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { seededRandom, silentLogger, systemClock, traceSchema } from '../../src/core/index.ts';
import { Counters } from '../../src/tracing/counters.ts';
import { Delivery } from '../../src/tracing/delivery/delivery.ts';
import { TRACE_FORMAT } from '../../src/tracing/spool/index.ts';
import { eventually, PATIENCE_MS } from '../support/eventually.ts';
import { HttpExporter } from '../support/http-exporter.ts';
import { numberedTrace } from '../support/numbered-trace.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TraceSink } from '../support/trace-sink.ts';

const PROGRAM = fileURLToPath(new URL('../support/spooling-process.ts', import.meta.url));
const NODE_FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

/** Killed with its scope, also when an assertion fails: a child left behind would keep the test run open. */
interface Spooling extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Numbers of the traces it has said are on disk. */
  readonly printed: number[];
  /** Resolves once it has printed so many. */
  readonly reached: (count: number) => Promise<void>;
  readonly kill: () => Promise<void>;
}

function startProcess(home: string, url: string, first: number, count: number): Spooling {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, home, url, String(first), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: number[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => printed.push(Number(line)));
  const closed = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    // 'close' comes after the last of its output.
    await closed;
    await delay(0);
  };
  return {
    child,
    printed,
    async reached(wanted) {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      while (printed.length < wanted) await once(lines, 'line', { signal });
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** A process's next start, in this one: adopts what is left and delivers it. */
async function deliverRest(home: string, url: string): Promise<Counters> {
  const counters = new Counters();
  const delivery = new Delivery({
    format: TRACE_FORMAT,
    exporters: [new HttpExporter(url)],
    counters,
    logger: silentLogger,
    clock: systemClock({ unref: true }),
    random: () => 0,
    maxQueued: 1_000,
    disk: {
      spoolFolder: `${home}/spool`,
      deadLetterFolder: `${home}/dead-letter`,
      use: 'always',
      maxSpoolBytes: 256 * 1024 * 1024,
    },
  });
  await delivery.flush();
  expect(delivery.pending).toBe(0);
  await delivery.close();
  return counters;
}

function expectIntact(sink: TraceSink): void {
  for (const trace of sink.traces) {
    expect(traceSchema.parse(trace)).toEqual(numberedTrace(Number.parseInt(trace.id.slice(-12), 16)));
  }
}

describe('a process killed with SIGKILL under load', () => {
  it('has all that was decided delivered at its next start, at 20 moments, with the backend up and down', async () => {
    const random = seededRandom(20_261_123);
    let decided = 0;
    for (let moment = 0; moment < 20; moment += 1) {
      await using dir = await tempDir();
      await using sink = await TraceSink.start(moment % 2 === 0 ? 'ok' : 'unavailable');
      await using running = startProcess(dir.path, sink.url, 1, 20_000);
      await running.reached(1 + Math.floor(random() * 1_500));
      await delay(random() * 20);
      await running.kill();
      await sink.become('ok');
      const counters = await deliverRest(dir.path, sink.url);
      const arrived = new Set([...sink.ids].map((id) => Number.parseInt(id.slice(-12), 16)));
      expect(running.printed.filter((number) => !arrived.has(number))).toEqual([]);
      expectIntact(sink);
      expect(counters.snapshot().spool_damaged?.['corrupt'] ?? 0).toBe(0);
      expect(readdirSync(`${dir.path}/spool`)).toEqual([]);
      decided += running.printed.length;
    }
    expect(decided).toBeGreaterThan(5_000);
  });
});

describe('two processes that share a home', () => {
  it('each deliver their own, and the living one what the dead one has left, none twice at once', async () => {
    await using dir = await tempDir();
    await using sink = await TraceSink.start('unavailable');
    await using first = startProcess(dir.path, sink.url, 1, 500);
    await using second = startProcess(dir.path, sink.url, 10_001, 500);
    await Promise.all([first.reached(500), second.reached(500)]);
    await first.kill();
    await sink.become('ok');
    // The second one is alive and holds its own: this start takes the first one's alone.
    await deliverRest(dir.path, sink.url);
    const counts = new Map<string, number>();
    const count = () => {
      counts.clear();
      for (const { id } of sink.traces) counts.set(id, (counts.get(id) ?? 0) + 1);
      return counts.size;
    };
    await eventually(() => expect(count()).toBe(1_000));
    expect([...counts.values()].filter((times) => times !== 1)).toEqual([]);
    expectIntact(sink);
  });
});
