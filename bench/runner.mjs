// What a run costs beside its calls: 1,000 examples at concurrency 16 against a zero-latency agent on the loopback
// interface, by the real runner (HTTP target, journal, three evaluators), by a bare fetch loop over the same requests, by
// langsmith's evaluate with the same fetch as its target and nothing uploaded, and by promptfoo with its HTTP provider,
// where it is installed (`npm i --no-save promptfoo` in bench/; with what it depends on it has 2.4 GB, so that it is no
// dependency). Rounds of all alternate, so that a change of the machine's speed meets them alike.
//
//   npm run build && (cd bench && npm ci) && node bench/runner.mjs
//
// Exit code 1 when the median run takes more than 1.5 times the median loop.
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
const LIMIT = 1.5;
/** Rounds of the others: they are to be seen, not to be measured to the percent. */
const PEER_ROUNDS = 3;

const examples = Array.from({ length: EXAMPLES }, (_, index) => ({
  id: `example-${index}`,
  inputs: { messages: [{ role: 'user', content: `Where is my refund for order A-${1_000 + index}?` }] },
}));
// Nothing is sent to anybody, by the others neither.
Object.assign(process.env, {
  PROMPTFOO_DISABLE_TELEMETRY: '1',
  PROMPTFOO_DISABLE_UPDATE: '1',
  PROMPTFOO_CACHE_ENABLED: 'false',
  LOG_LEVEL: 'error',
});
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
      schemaVersion: 2,
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
  const resolved = [...calls].filter(({ scores }) => scores.has_resolution?.score === 1);
  if (resolved.length !== EXAMPLES)
    throw new Error(`${resolved.length} of ${EXAMPLES} answers were scored 1.`);
}

async function ask(url, inputs) {
  const response = await fetch(`${url}/invoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ input: inputs, config: {}, kwargs: {} }),
  });
  return (await response.json()).output;
}

/** `evaluate` of langsmith; undefined where it is not installed. */
async function langsmithRun() {
  const { evaluate } = await import('langsmith/evaluation').catch(notInstalled);
  if (evaluate === undefined) return undefined;
  const createdAt = new Date(0).toISOString();
  const data = examples.map(({ inputs }, index) => ({
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    dataset_id: '00000000-0000-4000-8000-000000000000',
    created_at: createdAt,
    modified_at: createdAt,
    runs: [],
    inputs,
    outputs: {},
  }));
  const resolved = ({ outputs }) => ({ key: 'resolved', score: outputs.messages.length === 4 });
  // With nothing to upload to it complains of that once a call.
  console.warn = () => {};
  return async (url) => {
    const { results } = await evaluate((inputs) => ask(url, inputs), {
      data,
      evaluators: [resolved, resolved, resolved],
      maxConcurrency: CONCURRENCY,
      uploadRuns: false,
    });
    if (results.length !== EXAMPLES) throw new Error(`langsmith made ${results.length} calls.`);
  };
}

/** `evaluate` of promptfoo; undefined where it is not installed. */
async function promptfooRun() {
  const { default: promptfoo } = await import('promptfoo').catch(notInstalled);
  if (promptfoo === undefined) return undefined;
  return async (url) => {
    const { results } = await promptfoo.evaluate(
      {
        prompts: ['{{question}}'],
        providers: [
          {
            id: `${url}/invoke`,
            config: {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: { input: { messages: [{ role: 'user', content: '{{prompt}}' }] } },
              transformResponse: 'json.output.messages[3].content',
            },
          },
        ],
        tests: examples.map(({ inputs }) => ({
          vars: { question: inputs.messages[0].content },
          assert: [1, 2, 3].map(() => ({ type: 'contains', value: 'refund' })),
        })),
        writeLatestResults: false,
      },
      { maxConcurrency: CONCURRENCY, showProgressBar: false, cache: false },
    );
    if (results.length !== EXAMPLES) throw new Error(`promptfoo made ${results.length} calls.`);
  };
}

function notInstalled(error) {
  if (error.code === 'ERR_MODULE_NOT_FOUND') return {};
  throw error;
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
  const peers = [
    { name: 'langsmith', run: await langsmithRun(), times: [] },
    { name: 'promptfoo', run: await promptfooRun(), times: [] },
  ];
  for (let round = 1; round <= ROUNDS; round += 1) {
    loops.push(await timed(() => fetchLoop(url)));
    runs.push(await timed(() => experiment(url, home, round)));
    if (round > PEER_ROUNDS) continue;
    for (const { run, times } of peers) if (run !== undefined) times.push(await timed(() => run(url)));
  }
  const ratio = median(runs) / median(loops);
  const shown = (values) => `${Math.round(median(values))} ms (${values.map(Math.round).join(', ')})`;
  process.stdout.write(`fetch loop  ${shown(loops)}\nrunner      ${shown(runs)}\n`);
  for (const { name, times } of peers)
    process.stdout.write(
      `${name.padEnd(12)}${times.length === 0 ? 'not installed in bench/' : shown(times)}\n`,
    );
  process.stdout.write(`ratio       ${ratio.toFixed(2)} (limit ${LIMIT})\n`);
  if (ratio > LIMIT) process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
  server.stdin.end();
  await once(server, 'exit');
}
