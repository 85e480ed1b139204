// Whether the tracer's memory stays flat: a million spans through one process at a sample rate of 1%, into an embedded
// store in a temporary folder. Memory is read after a garbage collection, with nothing waiting, at each tenth.
//
//   npm run build && npm ci --prefix bench && node bench/spans.mjs [spans]
//
// Exit code 1 when the heap after the last tenth is more than 1.2 times the heap after the first, plus 10 MB.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { RunnableLambda } from '@langchain/core/runnables';
import { Annotation, START, StateGraph } from '@langchain/langgraph';

const spans = Number(process.argv[2] ?? 1_000_000);
if (!(spans >= 10_000)) throw new Error(`spans must be a number from 10000, not ${process.argv[2]}`);
const SAMPLE_RATE = 0.01;
const NODES = 10;
const CALLS_PER_NODE = 20;
const TENTHS = 10;
const MAX_GROWTH = 1.2;
const SLACK_MB = 10;

// Settings of whoever runs this are not part of the measurement.
for (const name of Object.keys(process.env)) {
  if (/^(LANGSMITH|LANGCHAIN|SLUICE|OTEL)_/.test(name)) delete process.env[name];
}
// As --expose-gc does.
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const { flush, shutdown, traceGraph, tracingHealth } = await import('sluicegate/tracing');

/** Ten nodes side by side, each with twenty calls in it: a span costs little else than being traced. */
function build() {
  const step = RunnableLambda.from(({ n }) => n + 1).withConfig({ runName: 'step' });
  const graph = new StateGraph(
    Annotation.Root({ n: Annotation({ reducer: (a, b) => a + b, default: () => 0 }) }),
  );
  for (let node = 0; node < NODES; node += 1) {
    graph.addNode(`work_${node}`, async (state, config) => {
      let n = 0;
      for (let call = 0; call < CALLS_PER_NODE; call += 1) n += await step.invoke(state, config);
      return { n };
    });
    graph.addEdge(START, `work_${node}`);
  }
  return graph.compile({ name: 'spans' });
}

/** Spans of one run, as a handler beside the tracer sees them. */
async function spansPerRun(graph) {
  let count = 0;
  class Counter extends BaseCallbackHandler {
    name = 'counter';
    awaitHandlers = true;
    handleChainStart() {
      count += 1;
    }
  }
  await graph.invoke({ n: 1 }, { callbacks: [new Counter()] });
  return count;
}

/** What is left once nothing waits; the second collection takes what the first one's finalizers let go of. */
async function memoryMb() {
  await flush({ timeoutMs: 60_000 });
  for (let round = 0; round < 2; round += 1) {
    await turn();
    gc();
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 1024 ** 2, heapUsed: heapUsed / 1024 ** 2 };
}

const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
try {
  const graph = traceGraph(build(), { home, sampleRate: SAMPLE_RATE });
  const perRun = await spansPerRun(graph);
  const runs = Math.ceil(spans / perRun);
  const startMs = performance.now();
  const heaps = [];
  process.stdout.write('     spans     heap       rss\n');
  const report = (done, { heapUsed, rss }) =>
    process.stdout.write(
      `${String(done * perRun).padStart(10)}${`${heapUsed.toFixed(1)} MB`.padStart(9)}${`${rss.toFixed(0)} MB`.padStart(10)}\n`,
    );
  report(1, await memoryMb());
  let done = 1;
  for (let tenth = 1; tenth <= TENTHS; tenth += 1) {
    for (; done < (runs * tenth) / TENTHS; done += 1) await graph.invoke({ n: 1 });
    const memory = await memoryMb();
    heaps.push(memory.heapUsed);
    report(done, memory);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const { traces_kept: kept, traces_dropped: dropped, internal_errors: defects } = tracingHealth().counters;
  const sum = (counts = {}) => Object.values(counts).reduce((total, count) => total + count, 0);
  process.stdout.write(
    `\n${done} runs of ${perRun} spans in ${seconds.toFixed(0)} s; ${sum(kept)} kept, ${sum(dropped)} not kept\n\n`,
  );
  const [first] = heaps;
  const last = heaps.at(-1);
  const limit = first * MAX_GROWTH + SLACK_MB;
  const limits = [
    // Memory is flat too when nothing is traced.
    [
      sum(kept) + sum(dropped) === done && sum(defects) === 0,
      `runs decided: ${sum(kept) + sum(dropped)} (${done})`,
    ],
    [last <= limit, `heap after the last tenth: ${last.toFixed(1)} MB (at most ${limit.toFixed(1)} MB)`],
  ];
  for (const [met, text] of limits) {
    if (!met) process.exitCode = 1;
    process.stdout.write(`${met ? 'ok    ' : 'MISSED'}  ${text}\n`);
  }
} finally {
  await shutdown();
  rmSync(home, { recursive: true, force: true });
}
