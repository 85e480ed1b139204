// What a tracer adds to a run: CPU, latency and memory of a five-node graph with 4 KB messages, untraced, with a no-op
// callback handler, and with each tracer writing to a backend on the loopback interface that takes everything. Every
// measurement is a process of its own, and rounds of all alternate. Of CPU and latency the best round of each counts: whatever
// else the machine does only ever adds to them. Of memory it is the median.
// "sluicegate" writes to its embedded store, "sluicegate > LS" to LangSmith's ingest path as langsmith's own tracer does.
//
//   npm run build && npm ci --prefix bench && node bench/tracing.mjs [rounds] [runs]
//
// Exit code 1 when a figure is missed.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPackage } from './installed-package.mjs';

const [rounds = '5', runs = '1000'] = process.argv.slice(2);
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
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function measure(name, sink) {
  const { stdout } = await promisify(execFile)(process.execPath, [path('tracing-run.mjs'), name, sink, runs]);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

installPackage();
const sink = spawn(process.execPath, [path('tracing-sink.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
try {
  const [port] = await once(sink.stdout.setEncoding('utf8'), 'data');
  const results = new Map(NAMES.map((name) => [name, []]));
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const name of NAMES) results.get(name).push(await measure(name, `http://127.0.0.1:${port.trim()}`));
  }
  const all = (name, key) => results.get(name).map((result) => result[key]);
  const best = (name, key) => Math.min(...all(name, key));
  const added = (name) => best(name, 'cpuMs') - best('untraced', 'cpuMs');
  const memory = (name) => median(all(name, 'memoryMb'));
  process.stdout.write('tracer             CPU/run  (worst)    added  x no-op      p50      p99   memory\n');
  for (const name of NAMES) {
    const cells = [
      `${best(name, 'cpuMs').toFixed(2)} ms`,
      `(${Math.max(...all(name, 'cpuMs')).toFixed(2)})`,
      `${added(name).toFixed(2)} ms`,
      (added(name) / added('no-op handler')).toFixed(1),
      `${best(name, 'p50Ms').toFixed(2)} ms`,
      `${best(name, 'p99Ms').toFixed(2)} ms`,
      `${memory(name).toFixed(0)} MB`,
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
    [
      'p99 with LangSmith export, times langsmith',
      best('sluicegate > LS', 'p99Ms') / best('langsmith', 'p99Ms'),
      1,
    ],
    [
      'p99 at 10%, times langsmith at 10%',
      best('sluicegate 10%', 'p99Ms') / best('langsmith 10%', 'p99Ms'),
      1,
    ],
    [
      'peak memory with LangSmith export, times langsmith',
      memory('sluicegate > LS') / memory('langsmith'),
      1,
    ],
    ['peak memory at 10%, times langsmith at 10%', memory('sluicegate 10%') / memory('langsmith 10%'), 1],
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
  sink.stdin.end();
  await once(sink, 'exit');
}
