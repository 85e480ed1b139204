// What a tracer adds to a run: CPU, latency and memory of a five-node graph with 4 KB messages, untraced, with a no-op
// callback handler, and with each tracer writing to a backend on the loopback interface that takes everything. Each has a
// process of its own, and they take short turns, so that a change of the machine's speed meets all alike.
// "sluicegate" writes to its embedded store, "sluicegate > LS" to LangSmith's ingest path as langsmith's own tracer does.
//
//   npm run build && npm ci --prefix bench && node bench/tracing.mjs [turns] [runs a turn]
//
// Exit code 1 when a figure is missed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { installPackage } from './installed-package.mjs';

const [turns = '30', runs = '100'] = process.argv.slice(2);
const NAMES = [
  'untraced',
  'no-op handler',
  'langsmith 10%',
  'langsmith',
  'openinference',
  'langfuse',
  'sluicegate 10%',
  'sluicegate',
  'sluicegate > LS',
];
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const sorted = (values) => values.toSorted((a, b) => a - b);
const share = (values, part) => sorted(values)[Math.floor(values.length * part)];
const median = (values) => share(values, 0.5);

/** Starts a tracer's process. `measure` is one turn of it. */
async function start(name, sink) {
  const child = spawn(process.execPath, [path('tracing-run.mjs'), name, sink], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The process of ${name} has ended.`);
    return value;
  };
  await next();
  return {
    async measure() {
      child.stdin.write(`${runs}\n`);
      return JSON.parse(await next());
    },
    async end() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

installPackage();
const sink = spawn(process.execPath, [path('tracing-sink.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
const tracers = new Map();
try {
  const [port] = await once(sink.stdout.setEncoding('utf8'), 'data');
  for (const name of NAMES) tracers.set(name, await start(name, `http://127.0.0.1:${port.trim()}`));
  const results = new Map(NAMES.map((name) => [name, []]));
  for (let turn = 0; turn < Number(turns); turn += 1) {
    for (const name of NAMES) results.get(name).push(await tracers.get(name).measure());
  }
  const figures = {
    cpuMs: (name) => median(results.get(name).map(({ cpuMs }) => cpuMs)),
    p50Ms: (name) => median(results.get(name).flatMap(({ latenciesMs }) => latenciesMs)),
    p99Ms: (name) =>
      share(
        results.get(name).flatMap(({ latenciesMs }) => latenciesMs),
        0.99,
      ),
    memoryMb: (name) => results.get(name).at(-1).memoryMb,
  };
  const figure = (name, key) => figures[key](name);
  const ratio = (name, other, key) => figure(name, key) / figure(other, key);
  // Paired within a turn: what this tracer took beyond the untraced graph just before.
  const added = (name) =>
    median(results.get(name).map(({ cpuMs }, turn) => cpuMs - results.get('untraced')[turn].cpuMs));
  process.stdout.write('tracer             CPU/run    added  x no-op      p50      p99   memory\n');
  for (const name of NAMES) {
    const cells = [
      `${figure(name, 'cpuMs').toFixed(2)} ms`,
      `${added(name).toFixed(2)} ms`,
      (added(name) / added('no-op handler')).toFixed(1),
      `${figure(name, 'p50Ms').toFixed(2)} ms`,
      `${figure(name, 'p99Ms').toFixed(2)} ms`,
      `${figure(name, 'memoryMb').toFixed(0)} MB`,
    ];
    process.stdout.write(`${name.padEnd(16)}${cells.map((cell) => cell.padStart(9)).join('')}\n`);
  }
  const limits = [
    ['added CPU at 10%, times a no-op handler', added('sluicegate 10%') / added('no-op handler'), 1.5],
    ['added CPU at 10%, times langsmith at 10%', added('sluicegate 10%') / added('langsmith 10%'), 0.25],
    [
      'added CPU at 100% with LangSmith export, times langsmith',
      added('sluicegate > LS') / added('langsmith'),
      0.5,
    ],
    ['p99 with LangSmith export, times langsmith', ratio('sluicegate > LS', 'langsmith', 'p99Ms'), 1],
    ['p99 at 10%, times langsmith at 10%', ratio('sluicegate 10%', 'langsmith 10%', 'p99Ms'), 1],
    [
      'peak memory with LangSmith export, times langsmith',
      ratio('sluicegate > LS', 'langsmith', 'memoryMb'),
      1,
    ],
    ['peak memory at 10%, times langsmith at 10%', ratio('sluicegate 10%', 'langsmith 10%', 'memoryMb'), 1],
  ];
  process.stdout.write('\n');
  for (const [what, reached, limit] of limits) {
    const missed = !(reached <= limit);
    if (missed) process.exitCode = 1;
    process.stdout.write(
      `${missed ? 'MISSED' : 'ok    '}  ${what}: ${reached.toFixed(2)} (at most ${limit})\n`,
    );
  }
} finally {
  await Promise.all([...tracers.values()].map((tracer) => tracer.end()));
  sink.stdin.end();
  await once(sink, 'exit');
}
