import { setImmediate as nextTurn } from 'node:timers/promises';
import { v4 as uuidV4 } from 'uuid';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { flush, shutdown, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { eventually } from '../support/eventually.ts';
import { LangSmithServer, type ReceivedRun } from '../support/langsmith-server.ts';
import { otlpServer, type ReceivedSpan } from '../support/otlp-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Call, waysToEnd } from '../support/ways-to-end.ts';

const RATE = 0.1;
const RUNS = 5_000;
const ERRORS = 500;
const KEY = 'lsv2_pt_0123456789abcdef';
/** Runs under way at a time. */
const AT_ONCE = 50;

interface Planned {
  readonly way: string;
  readonly runId: string;
  readonly call: () => Promise<unknown>;
}

/** Numbers from 0 to 255, the same for the same seed (mulberry32). */
function seededBytes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 8) & 0xff;
  };
}

const byte = seededBytes(20_261);
const nextId = () => uuidV4({ random: Uint8Array.from({ length: 16 }, byte) });

/** `count` runs, in turn by each of the ways, with numbers from `from` on. */
function plan(count: number, ways: Readonly<Record<string, Call>>, from: number): Planned[] {
  const list = Object.entries(ways);
  return Array.from({ length: count }, (_, at) => {
    const [way, call] = list[at % list.length]!;
    const runId = nextId();
    return { way, runId, call: () => call(runId, from + at) };
  });
}

/** Runs all, some at a time and in an order that mixes the ways. Gives back the ids of those that did not throw. */
async function runAll(runs: readonly Planned[]): Promise<Set<string>> {
  const returned = new Set<string>();
  // A step that shares no factor with the count visits each once.
  const order = runs.map((_, at) => runs[(at * 7_919) % runs.length]!);
  const worker = async () => {
    for (let next = order.pop(); next !== undefined; next = order.pop()) {
      const { runId, call } = next;
      await call().then(
        () => returned.add(runId),
        () => undefined,
      );
      // As every request of a server does; without it no timer fires and nothing is written until the last run.
      await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return returned;
}

/** How often each way is among the runs with these ids and should not be, or the other way round. Empty when all is right. */
function differences(ids: Iterable<string>, wanted: readonly Planned[], all: readonly Planned[]) {
  const got = new Set(ids);
  const right = new Set(wanted.map(({ runId }) => runId));
  const counts: Record<string, number> = {};
  for (const { runId, way } of all) {
    if (got.has(runId) === right.has(runId)) continue;
    const key = `${right.has(runId) ? 'missed' : 'false'}: ${way}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const sorted = (ids: Iterable<string>) => [...ids].sort();
const toRunId = (traceId: string) => traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Waits until every run has been decided and every kept one has reached each exporter. */
async function settled(runs: number) {
  await eventually(async () => {
    // Aborted runs report the end of their root after the caller has its error.
    const { traces_kept: kept = {}, traces_dropped: dropped = {} } = tracingHealth().counters;
    const decided = [kept, dropped].flatMap((reasons) => Object.values(reasons));
    expect(decided.reduce((sum, count) => sum + count, 0)).toBe(runs);
    await flush();
    expect(tracingHealth().pendingTraces).toBe(0);
  });
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('5,000 runs at a rate of 0.1, of which 500 fail in every way a run can', () => {
  it('reach the store, LangSmith and an OTLP collector alike: every error, no false one, and the share of the rest', async () => {
    await using dir = await tempDir();
    await using langsmith = await LangSmithServer.start({ apiKey: KEY });
    await using collector = await otlpServer();
    vi.stubEnv('LANGSMITH_TRACING', 'true');
    vi.stubEnv('LANGSMITH_ENDPOINT', langsmith.url);
    vi.stubEnv('LANGSMITH_API_KEY', KEY);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    // Before the folder and the servers go.
    await using _tracing = { [Symbol.asyncDispose]: () => shutdown() };
    const problems: string[] = [];
    const logger = {
      warn: (text: string) => problems.push(text),
      error: (text: string) => problems.push(text),
    };

    const ways = await waysToEnd((graph) => traceGraph(graph, { home: dir.path, sampleRate: RATE, logger }));
    const errors = plan(ERRORS, ways.errors, 0);
    const handled = plan(200, ways.handled, 1_000);
    const interrupted = plan(150, { 'a node interrupts': ways.interrupted }, 2_000);
    const resumed = plan(150, { 'a run goes on from an interrupt': ways.resumed }, 2_000);
    const stopped = plan(500, ways.stopped, 3_000);
    const succeeding = plan(3_500, ways.succeeding, 4_000);
    const first = [...errors, ...handled, ...interrupted, ...stopped, ...succeeding];
    const all = [...first, ...resumed];
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(RUNS);

    const returned = new Set([...(await runAll(first)), ...(await runAll(resumed))]);
    // Each did what it is here for: a failing run that returned would be no test of errors. Only a consumer who leaves
    // the stream gets no error for it.
    const left = stopped.filter(({ way }) => way === 'the consumer leaves the stream');
    const fine = [...handled, ...interrupted, ...resumed, ...succeeding, ...left];
    expect(differences(returned, fine, all)).toEqual({});

    await settled(RUNS);
    expect(problems).toEqual([]);
    expect(langsmith.complaints).toEqual([]);
    // Nothing was given up on the way, and nothing but the rate dropped a trace.
    expect(Object.keys(tracingHealth().counters.traces_dropped ?? {})).toEqual(['not_sampled']);
    expect(tracingHealth().counters).not.toHaveProperty('traces_expired');

    const store = await openTraceStore({ path: traceStorePath(dir.path), readOnly: true });
    const stored = await store.list({ limit: RUNS });
    await store.close();
    const roots = langsmith.runs.filter((run) => (run['parent_run_id'] ?? null) === null);
    const rootSpans = collector.spans.filter(({ parentSpanId }) => !parentSpanId);

    // These 500 and no others, and none inside another trace either.
    const withError = (runs: readonly ReceivedRun[]) => runs.filter((run) => (run['error'] ?? null) !== null);
    const withStatus = (spans: readonly ReceivedSpan[]) => spans.filter(({ status }) => status.code === 2);
    const found = {
      store: stored.filter(({ outcome }) => outcome === 'error').map(({ id }) => id),
      langsmith: withError(roots).map(({ id }) => id),
      'any run at langsmith': withError(langsmith.runs).map((run) => String(run['trace_id'])),
      otlp: withStatus(rootSpans).map(({ traceId }) => toRunId(traceId)),
      'any span at otlp': withStatus(collector.spans).map(({ traceId }) => toRunId(traceId)),
      'any exception at otlp': collector.spans
        .filter((span) => span.events.some(({ name }) => name === 'exception'))
        .map(({ traceId }) => toRunId(traceId)),
    };
    for (const [where, ids] of Object.entries(found)) {
      expect(differences(ids, errors, all), where).toEqual({});
      expect(new Set(ids).size, where).toBe(ERRORS);
    }

    // What was handled is kept as well, and the three agree on all the rest.
    const kept = new Set(stored.map(({ id }) => id));
    expect(handled.filter(({ runId }) => !kept.has(runId))).toEqual([]);
    expect(sorted(roots.map(({ id }) => id))).toEqual(sorted(kept));
    expect(sorted(rootSpans.map(({ traceId }) => toRunId(traceId)))).toEqual(sorted(kept));

    // The halves of an interrupted run share one draw, so the second is not counted among the draws.
    const keptOf = (runs: readonly Planned[]) => runs.map(({ runId }) => kept.has(runId));
    expect(keptOf(resumed)).toEqual(keptOf(interrupted));
    const drawn = [...interrupted, ...stopped, ...succeeding];
    const share = keptOf(drawn).filter(Boolean).length;
    const sigma = Math.sqrt(drawn.length * RATE * (1 - RATE));
    expect(Math.abs(share - drawn.length * RATE)).toBeLessThan(5 * sigma);
  });
});
