// How long `sluice --version` takes beside `node -e 0`. Node's own start is the floor that no command can go below, so the
// figure is a ratio; both alternate, so that a slow moment of the machine hits both.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROUNDS = 20;
const LIMIT = 2.5;
const sluice = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));

const programs = [
  { name: 'node -e 0', args: ['-e', '0'], limit: undefined },
  { name: 'sluice --version', args: [sluice, '--version'], limit: LIMIT },
  { name: 'sluice --help', args: [sluice, '--help'], limit: undefined },
];

/** Milliseconds of one run. A program that fails is not fast, it is broken. */
function time(args) {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const durationMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return durationMs;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

// The first run of each fills the file cache.
for (const { args } of programs) time(args);
const durations = programs.map(() => []);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [index, { args }] of programs.entries()) durations[index].push(time(args));
}

const floorMs = median(durations[0]);
let isMissed = false;
console.log(`${'program'.padEnd(20)}${'median'.padStart(10)}${'ratio'.padStart(8)}${'at most'.padStart(9)}`);
for (const [index, { name, limit }] of programs.entries()) {
  const ratio = median(durations[index]) / floorMs;
  isMissed ||= limit !== undefined && ratio > limit;
  console.log(
    name.padEnd(20) +
      `${median(durations[index]).toFixed(1)} ms`.padStart(10) +
      ratio.toFixed(2).padStart(8) +
      (limit === undefined ? '' : limit.toFixed(2)).padStart(9),
  );
}
console.log(`Node ${process.versions.node}, ${ROUNDS} rounds, interleaved.`);
if (isMissed) {
  console.error('A figure is missed.');
  process.exitCode = 1;
}
