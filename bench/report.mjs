// How long the report of a run takes to open: 2,000 examples with their answers, in a real headless Chromium, from the
// start of the navigation to the end of its load event, by the browser's own clock; and what it asks for beside itself.
// A page of nothing is opened in the same run, for what the browser itself takes.
//
//   npm run build && node bench/report.mjs
//
// Needs Chromium (Debian's package `chromium`, or CHROMIUM_PATH). Exit code 1 when the median is 1 s or more, or when the
// page asks for anything.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { gate, toScoreSet } from '../dist/evals/gate/index.js';
import { payloadView, renderHtmlReport, toResults } from '../dist/evals/reports/index.js';

const EXAMPLES = 2_000;
const ROUNDS = 9;
const LIMIT_MS = 1_000;
const ANSWER =
  'The parcel left our warehouse on Monday and will reach you by Thursday at the latest. '.repeat(20);

function experiment(wrongEvery) {
  const calls = Array.from({ length: EXAMPLES }, (_, index) => {
    const score = (index * 7) % wrongEvery === 0 ? 0 : 1;
    return {
      exampleId: `example-${index}`,
      contentHash: 'h',
      repeat: 0,
      critical: false,
      status: 'answered',
      runId: `0199a3c4-0000-7000-8000-${String(index).padStart(12, '0')}`,
      startTimeMs: 0,
      latencyMs: 200 + ((index * 37) % 900),
      attempts: 1,
      scores: {
        has_resolution: {
          status: 'scored',
          score,
          ...(score === 0 ? { comment: 'No next step is named.' } : {}),
        },
        contains: { status: 'scored', score: score === 0 ? 0.5 : 1 },
      },
    };
  });
  const evaluator = (key) => ({
    key,
    direction: 'higher',
    range: [0, 1],
    gate: true,
    fingerprint: 'f',
  });
  const head = {
    schemaVersion: 2,
    runId: '0199a3c4-0000-7000-8000-000000000000',
    suite: 'bench',
    dataset: 'bench.jsonl',
    datasetFingerprint: 'f',
    target: 'langserve:http://127.0.0.1:8000/agent',
    repeats: 1,
    timeoutMs: 1_000,
    evaluators: [evaluator('has_resolution'), evaluator('contains')],
    startedAt: '2026-01-01T00:00:00.000Z',
  };
  return { head, finishedAt: '2026-01-01T00:01:00.000Z', calls };
}

function page() {
  const candidate = experiment(6);
  const baseline = toScoreSet(experiment(20));
  const policy = { threshold: 0.05, min: {}, evaluators: {} };
  const verdict = gate({
    candidate: toScoreSet(candidate),
    baseline,
    policy,
    suite: 'bench',
  });
  const evidence = new Map(
    candidate.calls.map(({ exampleId }, index) => {
      const question = {
        role: 'user',
        content: `Where is my parcel for order A-${1_000 + index}?`,
      };
      const messages = [question, { role: 'assistant', content: ANSWER }];
      const view = (value, after) => payloadView(value, { maxChars: 5_000, after });
      const inputs = { messages: [question] };
      return [
        exampleId,
        {
          inputs: view(inputs),
          answers: new Map([[0, view({ messages }, inputs)]]),
          line: index + 1,
        },
      ];
    }),
  );
  return renderHtmlReport({
    results: toResults(candidate, verdict),
    verdict,
    baseline,
    evidence,
  });
}

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
if (executablePath === undefined) throw new Error('There is no Chromium: install it, or set CHROMIUM_PATH.');

const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const browser = await puppeteer.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  const startedMs = performance.now();
  const text = page();
  const renderedMs = performance.now() - startedMs;
  const files = {
    report: join(dir, 'report.html'),
    nothing: join(dir, 'nothing.html'),
  };
  writeFileSync(files.report, text);
  writeFileSync(files.nothing, '<!doctype html><title>nothing</title>');
  const asked = new Set();
  const open = async (file) => {
    const tab = await browser.newPage();
    tab.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href && request.url() !== 'data:,') asked.add(request.url());
    });
    await tab.goto(pathToFileURL(file).href, { waitUntil: 'load' });
    const openedMs = await tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd");
    await tab.close();
    return openedMs;
  };
  const times = { report: [], nothing: [] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of ['report', 'nothing']) times[name].push(await open(files[name]));
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const worst = (values) => Math.max(...values);
  const size = (statSync(files.report).size / 1e6).toFixed(1);
  console.log(`report.html of ${EXAMPLES} examples: ${size} MB, rendered in ${renderedMs.toFixed(0)} ms`);
  for (const name of ['report', 'nothing'])
    console.log(
      `${name.padEnd(8)} median ${median(times[name]).toFixed(0)} ms, worst ${worst(times[name]).toFixed(0)} ms of ${ROUNDS}`,
    );
  console.log(`requests beside the page itself: ${asked.size}`);
  const passed = median(times.report) < LIMIT_MS && asked.size === 0;
  console.log(passed ? `Opens in under ${LIMIT_MS} ms.` : `Missed: at most ${LIMIT_MS} ms and no request.`);
  process.exitCode = passed ? 0 : 1;
} finally {
  await browser.close();
  rmSync(dir, { recursive: true, force: true });
}
