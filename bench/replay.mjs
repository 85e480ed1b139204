// What a replay costs: of a trace of 200 spans, how long after the command its first node starts, and how long the
// replay takes beside an untraced run of the same graph, with models and tools that take 20 ms a call (real ones take
// more) and, to be seen, with some that take no time at all. Rounds alternate, so that a change of the machine's speed
// meets both alike.
//
//   npm run build && node bench/replay.mjs [rounds]
//
// Exit code 1 when a figure is missed.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const START_LIMIT_MS = 1_000;
const RATIO_LIMIT = 1.2;
const LATENCY_MS = 20;
const [rounds = '7'] = process.argv.slice(2);
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

if (process.argv[2] === 'measure') await measure(Number(process.argv[3]));
else await main();

/** In a process of its own: the graph reads its latency when it is loaded. */
async function measure(count) {
  const { graph, input, config } = await import('./replay-graph.mjs');
  const { traceGraph, flush, shutdown } = await import('../dist/tracing/index.js');
  const { playRecorded, recordingOf } = await import('../dist/replay/index.js');
  const { openTraceStore } = await import('../dist/store/index.js');
  const { systemClock, traceStorePath } = await import('../dist/core/index.js');
  const home = process.env.SLUICE_HOME;
  const runId = crypto.randomUUID();
  await traceGraph(graph, { home, sampleRate: 1, handleSignals: false }).invoke(input, { ...config, runId });
  await flush();
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  const { trace } = await store.find(runId);
  store.close();
  const recording = recordingOf(trace);
  const replay = () =>
    playRecorded(graph.withConfig(config), {
      recording,
      input,
      configurable: {},
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      clock: systemClock(),
    });
  const times = { untraced: [], replay: [] };
  for (let round = 0; round <= count; round += 1) {
    for (const [name, run] of [
      ['untraced', () => graph.invoke(input, config)],
      ['replay', replay],
    ]) {
      const start = performance.now();
      const result = await run();
      // The first round warms up.
      if (round > 0) times[name].push(performance.now() - start);
      if (name === 'replay' && !result.calls.every(({ match }) => match === 'exact'))
        throw new Error('Not as recorded.');
    }
  }
  await shutdown();
  process.stdout.write(
    `${JSON.stringify({ traceId: trace.id, spans: trace.spans.length, untracedMs: median(times.untraced), replayMs: median(times.replay) })}\n`,
  );
}

async function main() {
  const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const run = async (latencyMs) => {
      const env = { ...process.env, SLUICE_HOME: home, REPLAY_BENCH_LATENCY_MS: String(latencyMs) };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [path('replay.mjs'), 'measure', rounds],
        { env },
      );
      return JSON.parse(stdout.trim().split('\n').at(-1));
    };
    const real = await run(LATENCY_MS);
    const none = await run(0);
    const starts = [];
    for (let round = 0; round < Number(rounds); round += 1) starts.push(await startOf(none.traceId, home));
    const line = (what, { untracedMs, replayMs, spans }) =>
      `${what.padEnd(28)}${spans} spans  untraced ${untracedMs.toFixed(0)} ms  replay ${replayMs.toFixed(0)} ms  ratio ${(replayMs / untracedMs).toFixed(2)}\n`;
    process.stdout.write(line(`calls of ${LATENCY_MS} ms`, real));
    process.stdout.write(line('calls that take no time', none));
    process.stdout.write(
      `first node after the command  ${median(starts).toFixed(0)} ms (limit ${START_LIMIT_MS} ms)\n`,
    );
    const isOk = real.replayMs / real.untracedMs <= RATIO_LIMIT && median(starts) <= START_LIMIT_MS;
    process.stdout.write(isOk ? 'within the limits\n' : `missed: ratio at most ${RATIO_LIMIT}\n`);
    process.exitCode = isOk ? 0 : 1;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function startOf(traceId, home) {
  const start = Date.now();
  const child = spawn(
    process.execPath,
    [path('../bin/sluice.js'), 'replay', traceId, '--graph', `${path('replay-graph.mjs')}#graph`],
    {
      env: { ...process.env, SLUICE_HOME: home, REPLAY_BENCH_TELL: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  const at = /first node (\d+)/.exec(text)?.[1];
  if (at === undefined) throw new Error(`The replay did not start: ${text}`);
  return Number(at) - start;
}
