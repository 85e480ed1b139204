import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { flush, shutdown, type TraceOptions, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTrace, runId } from '../support/traces.ts';

const State = Annotation.Root({ n: Annotation<number>() });
const graph = new StateGraph(State)
  .addNode('work', ({ n }) => ({ n }))
  .addEdge(START, 'work')
  .compile({ name: 'shop' });

const DAY = 86_400_000;

afterEach(() => shutdown());

/** A home whose store has traces of 1 to 30 days, the 20th pinned, after a run of a graph that is traced with these options. */
async function agesAfterRun(home: string, options: TraceOptions): Promise<number[]> {
  const path = traceStorePath(home);
  const startMs = Date.now();
  const ids = new Map(Array.from({ length: 30 }, (_, at) => [runId(at + 1), at + 1]));
  const before = await openTraceStore({ path });
  await before.write([...ids].map(([id, days]) => makeTrace({ id, startTimeMs: startMs - days * DAY })));
  await before.pin(runId(20), { reason: 'golden dataset', pinnedAtMs: startMs });
  await before.close();
  const traced = traceGraph(graph, { ...options, home });
  await traced.invoke({ n: 1 });
  await flush();
  const after = await openTraceStore({ path, readOnly: true });
  const ages = async () => (await after.list({ limit: 100 })).flatMap(({ id }) => ids.get(id) ?? []);
  // It goes on beside the writes: where something is to be removed, wait until it has been.
  if (options.retentionDays !== 0) {
    await vi.waitFor(async () => expect(tracingHealth().counters.traces_removed).toBeDefined(), {
      timeout: 5_000,
    });
  }
  const left = await ages();
  await after.close();
  return left;
}

describe('the age of traces in the embedded store', () => {
  it('is 14 days unless a trace is pinned, and what is removed is counted', async () => {
    await using dir = await tempDir();
    const left = await agesAfterRun(dir.path, {});
    expect(left).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20]);
    expect(tracingHealth().counters.traces_removed).toEqual({ age: 16 });
  });

  it('is what the option says', async () => {
    await using dir = await tempDir();
    expect(await agesAfterRun(dir.path, { retentionDays: 2.5 })).toEqual([1, 2, 20]);
  });

  it('has no end at 0', async () => {
    await using dir = await tempDir();
    expect(await agesAfterRun(dir.path, { retentionDays: 0 })).toHaveLength(30);
    await shutdown();
    const store = await openTraceStore({ path: traceStorePath(dir.path), readOnly: true });
    expect(await store.list({ limit: 100 })).toHaveLength(31);
    await store.close();
  });
});

describe('the options of retention and prices', () => {
  const resolve = (options: TraceOptions, env: Record<string, string> = {}) =>
    resolveTraceOptions(options, env, '/app');

  it('take the option over the environment over the default', () => {
    expect(resolve({}).retentionDays).toBe(14);
    expect(resolve({}, { SLUICE_RETENTION_DAYS: '90' }).retentionDays).toBe(90);
    expect(resolve({}, { SLUICE_RETENTION_DAYS: '0' }).retentionDays).toBe(0);
    expect(resolve({ retentionDays: 3 }, { SLUICE_RETENTION_DAYS: '90' }).retentionDays).toBe(3);
    const prices = { fast: { inputPerMillion: 1, outputPerMillion: 2 } };
    expect(resolve({ prices }).prices).toEqual(prices);
    expect(resolve({}).prices).toEqual({});
  });

  it.each([
    [
      {},
      { SLUICE_RETENTION_DAYS: 'two weeks' },
      /SLUICE_RETENTION_DAYS must be a number of days, 0 for never, not "two weeks"/,
    ],
    [{}, { SLUICE_RETENTION_DAYS: '-1' }, /SLUICE_RETENTION_DAYS/],
    [{ retentionDays: -1 }, {}, /retentionDays/],
    [{ retentionDays: Number.POSITIVE_INFINITY }, {}, /retentionDays/],
    [{ prices: { fast: { inputPerMillion: -1, outputPerMillion: 2 } } }, {}, /prices\.fast\.inputPerMillion/],
    [
      { prices: { fast: { inputPerMillion: 1 } } } as unknown as TraceOptions,
      {},
      /prices\.fast\.outputPerMillion/,
    ],
  ])('refuse %j with %j by name', (options, env, message) => {
    expect(() => resolve(options, env as Record<string, string>)).toThrow(message);
  });
});
