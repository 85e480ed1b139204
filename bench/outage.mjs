// What an outage of the trace backend costs: 205 runs while it answers 503, then hangs, then refuses connections, a third
// of the time each. Counts the root runs that have arrived within a minute of its return, from a process that goes on
// running and is not told to flush, and compares the latency of a request with that under the same load before.
//
//   npm run build && npm ci --prefix bench && node bench/outage.mjs [seconds]
//
// Exit code 1 when sluicegate loses a run or when its requests are slowed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installPackage } from './installed-package.mjs';

const seconds = Number(process.argv[2] ?? 45);
if (!(seconds > 0)) throw new Error(`seconds must be a number above 0, not ${process.argv[2]}`);
const RUNS = 205;
const WARM_UP = 200;
const WARM_UP_SECONDS = 3;
const RECOVERY_MS = 60_000;
const MAX_SLOWER_MS = 5;
const UNTRACED = 'untraced';

/** A process that answers each message with one, and says what went wrong when it ends instead. */
class Child {
  constructor(file, args = []) {
    // Settings of whoever runs this are not part of the measurement.
    const env = Object.entries(process.env).filter(
      ([name]) => !/^(LANGSMITH|LANGCHAIN|SLUICE|OTEL)_/.test(name),
    );
    this.process = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      env: Object.fromEntries(env),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.exit = once(this.process, 'exit');
    // Tracers report an outage at length; only the end of it matters, and only when a process fails.
    this.complaints = '';
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.complaints = (this.complaints + text).slice(-4_000);
    });
  }

  /** The next message. */
  async answer() {
    const ended = this.exit.then(([code]) => {
      throw new Error(`a process ended with ${code}:\n${this.complaints}`);
    });
    const [answer] = await Promise.race([once(this.process, 'message'), ended]);
    return answer;
  }

  ask(message) {
    const answer = this.answer();
    this.process.send(message);
    return answer;
  }

  async end() {
    if (this.process.connected) this.process.disconnect();
    await this.exit;
  }
}

async function outage(sink) {
  for (const mode of ['unavailable', 'hang', 'refuse']) {
    await sink.ask({ become: mode });
    await sleep((seconds * 1_000) / 3);
  }
}

async function recovery(sink) {
  await sink.ask({ become: 'ok' });
  const startMs = performance.now();
  for (;;) {
    const count = await sink.ask({});
    const tookMs = performance.now() - startMs;
    if (count.unreadable > 0) throw new Error(`the sink could not read a request:\n${sink.complaints}`);
    if (count.finished >= RUNS || tookMs > RECOVERY_MS) return { ...count, tookMs };
    await sleep(100);
  }
}

async function measure(tracer) {
  const sink = new Child('outage-sink.mjs');
  let service;
  try {
    const { url } = await sink.ask({});
    service = new Child('outage-run.mjs', [tracer, url]);
    await service.answer();
    await service.ask({ warmUp: WARM_UP });
    // A first load that does not count: what runs for the first time would make the healthy backend look slow.
    await service.ask({ runs: RUNS, seconds: WARM_UP_SECONDS });
    await service.ask({ settle: true });
    const healthy = await service.ask({ runs: RUNS, seconds });
    await service.ask({ settle: true });
    const { unreadable } = await sink.ask({ clear: true });
    if (unreadable > 0) throw new Error(`the sink could not read a request:\n${sink.complaints}`);
    const [down] = await Promise.all([service.ask({ runs: RUNS, seconds }), outage(sink)]);
    return { healthy, down, ...(tracer === UNTRACED ? {} : await recovery(sink)) };
  } finally {
    await service?.end();
    await sink.end();
  }
}

const ms = (value) => `${value.toFixed(2)} ms`;
const row = (cells) =>
  `${cells[0].padEnd(12)}${cells
    .slice(1)
    .map((cell) => cell.padStart(12))
    .join('')}\n`;
process.stdout.write(
  row([
    'tracer',
    'arrived',
    'finished',
    'all after',
    'p50',
    'p50 down',
    'p99',
    'p99 down',
    'max',
    'max down',
  ]),
);
const results = new Map();
installPackage();
for (const tracer of [UNTRACED, 'langsmith', 'otel batch', 'sluicegate']) {
  const result = await measure(tracer);
  results.set(tracer, result);
  const { healthy, down, seen, finished, tookMs } = result;
  process.stdout.write(
    row([
      tracer,
      seen === undefined ? '-' : `${seen} of ${RUNS}`,
      finished === undefined ? '-' : `${finished} of ${RUNS}`,
      finished >= RUNS ? `${(tookMs / 1_000).toFixed(1)} s` : '-',
      ...['p50Ms', 'p99Ms', 'maxMs'].flatMap((key) => [ms(healthy[key]), ms(down[key])]),
    ]),
  );
}

const slowerMs = (tracer) => results.get(tracer).down.p99Ms - results.get(tracer).healthy.p99Ms;
const { finished } = results.get('sluicegate');
// What the machine did meanwhile: the same load, the same two periods, and nothing that could notice an outage.
const noiseMs = Math.abs(slowerMs(UNTRACED));
const limits = [
  [finished >= RUNS, `runs delivered: ${finished} (at least ${RUNS})`],
  [
    slowerMs('sluicegate') <= MAX_SLOWER_MS,
    `p99 slower in the outage by: ${ms(slowerMs('sluicegate'))} (at most ${MAX_SLOWER_MS} ms; the untraced graph's moved by ${ms(noiseMs)})`,
  ],
];
process.stdout.write('\n');
for (const [met, text] of limits) {
  if (!met) process.exitCode = 1;
  process.stdout.write(`${met ? 'ok    ' : 'MISSED'}  ${text}\n`);
}
