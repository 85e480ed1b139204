// What a run costs beside its calls: 1,000 examples at concurrency 16 against a zero-latency agent on the loopback
// interface, by the real runner (HTTP target, journal, three evaluators) and by a bare fetch loop over the same
// requests. Rounds of both alternate, so that a change of the machine's speed meets both alike.
//
//   npm run build && node bench/runner.mjs
//
// Exit code 1 when the median run takes more than 1.6 times the median loop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../dist/core/index.js';
import {
  createTarget,
  datasetFingerprint,
  hasResolution,
  latency,
  noError,
  runExperiment,
} from '../dist/evals/index.js';

const EXAMPLES = 1_000;
const CONCURRENCY = 16;
const ROUNDS = 7;
const LIMIT = 1.6;

const examples = Array.from({ length: EXAMPLES }, (_, index) => ({
  id: `example-${index}`,
  inputs: { messages: [{ role: 'user', content: `Where is my refund for order A-${1_000 + index}?` }] },
}));
const evaluators = [hasResolution(), noError(), latency()];
const clock = systemClock();

/** The same requests with nothing around them. */
async function fetchLoop(url) {
  let next = 0;
  const work = async () => {
    while (next < EXAMPLES) {
      const { inputs } = examples[next];
      next += 1;
      const response = await fetch(`${url}/invoke`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ input: inputs, config: {}, kwargs: {} }),
      });
      const answer = await response.json();
      if (answer.output.messages.length !== 4) throw new Error('The agent answered something else.');
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

async function experiment(url, home, round) {
  const spec = `langserve:${url}`;
  const target = await createTarget(spec, { cwd: home, clock, env: {} });
  const { calls } = await runExperiment({
    head: {
      schemaVersion: 1,
      runId: `round-${round}`,
      suite: 'bench',
      dataset: 'bench.jsonl',
      datasetFingerprint: datasetFingerprint(examples),
      target: spec,
      repeats: 1,
      timeoutMs: 60_000,
      evaluators: evaluators.map(({ key, direction, range, gate, fingerprint }) => ({
        key,
        direction,
        range,
        gate,
        fingerprint,
      })),
      startedAt: new Date(clock.now()).toISOString(),
    },
    examples,
    target,
    evaluators,
    runFolder: join(home, `round-${round}`),
    concurrency: CONCURRENCY,
    clock,
    random: Math.random,
    signal: new AbortController().signal,
  });
  await target.close();
  const resolved = calls.filter(({ scores }) => scores.has_resolution?.score === 1);
  if (resolved.length !== EXAMPLES)
    throw new Error(`${resolved.length} of ${EXAMPLES} answers were scored 1.`);
}

async function timed(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

const server = spawn(process.execPath, [fileURLToPath(new URL('runner-server.mjs', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
try {
  const [port] = await once(server.stdout.setEncoding('utf8'), 'data');
  const url = `http://127.0.0.1:${port.trim()}/agent`;
  // Compiles both paths before anything is timed.
  await fetchLoop(url);
  await experiment(url, home, 'warm-up');
  const loops = [];
  const runs = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    loops.push(await timed(() => fetchLoop(url)));
    runs.push(await timed(() => experiment(url, home, round)));
  }
  const ratio = median(runs) / median(loops);
  const shown = (values) => `${Math.round(median(values))} ms (${values.map(Math.round).join(', ')})`;
  process.stdout.write(`fetch loop  ${shown(loops)}\nrunner      ${shown(runs)}\n`);
  process.stdout.write(`ratio       ${ratio.toFixed(2)} (limit ${LIMIT})\n`);
  if (ratio > LIMIT) process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
  server.stdin.end();
  await once(server, 'exit');
}
