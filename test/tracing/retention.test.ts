import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { afterEach, describe, expect, it } from 'vitest';
import { traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { flush, shutdown, type TraceOptions, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options/options.ts';
import { eventually } from '../support/eventually.ts';
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
  if (options.retentionDays !== 0 && options.baselineProjects === undefined) {
    await eventually(async () => expect(tracingHealth().counters.traces_removed).toBeDefined());
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

  it('is 90 days for a project that is marked as a baseline', async () => {
    await using dir = await tempDir();
    expect(await agesAfterRun(dir.path, { baselineProjects: ['default', 'golden'] })).toHaveLength(30);
    const store = await openTraceStore({ path: traceStorePath(dir.path), readOnly: true });
    expect(await store.projects()).toEqual([
      { project: 'default', maxAgeMs: 90 * DAY },
      { project: 'golden', maxAgeMs: 90 * DAY },
    ]);
    await store.close();
  });

  it('is that of each project, also where another process has set it', async () => {
    await using dir = await tempDir();
    const path = traceStorePath(dir.path);
    const store = await openTraceStore({ path });
    const aged = (number: number, project: string, days: number) =>
      makeTrace({ id: runId(100 + number), project, startTimeMs: Date.now() - days * DAY });
    await store.write([
      aged(1, 'golden', 80),
      aged(2, 'golden', 100),
      aged(3, 'other', 13),
      aged(4, 'other', 15),
    ]);
    await store.setMaxAge('golden', 90 * DAY);
    expect(await agesAfterRun(dir.path, { project: 'shop', retentionDays: 1 })).toHaveLength(14);
    await eventually(async () => expect(await store.list({ project: 'other' })).toHaveLength(1));
    expect(await store.list({ project: 'golden' })).toMatchObject([{ id: runId(101) }]);
    expect(await store.list({ project: 'other' })).toMatchObject([{ id: runId(103) }]);
    expect(await store.list({ project: 'shop' })).toMatchObject([{ name: 'shop', project: 'shop' }]);
    await store.close();
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

  it('name the project by option, SLUICE_PROJECT and LangSmith variables, in this order, for LangSmith too', () => {
    const langsmith = { LANGSMITH_TRACING: 'true', LANGSMITH_API_KEY: 'k', LANGSMITH_PROJECT: 'theirs' };
    const projects = (options: TraceOptions, env: Record<string, string>) => {
      const resolved = resolve(options, env);
      return [resolved.project, resolved.langsmith?.project];
    };
    expect(projects({}, {})).toEqual(['default', undefined]);
    expect(projects({}, { LANGCHAIN_PROJECT: '"theirs"' })).toEqual(['theirs', undefined]);
    expect(projects({}, langsmith)).toEqual(['theirs', 'theirs']);
    expect(projects({}, { ...langsmith, SLUICE_PROJECT: 'ours' })).toEqual(['ours', 'ours']);
    expect(projects({ project: 'mine' }, { ...langsmith, SLUICE_PROJECT: 'ours' })).toEqual(['mine', 'mine']);
    expect(projects({ project: 'mine', langsmith: { project: 'there' } }, langsmith)).toEqual([
      'mine',
      'there',
    ]);
    expect(projects({ langsmith: { project: 'there' } }, langsmith)).toEqual(['there', 'there']);
  });

  it('set the limits of the own project and of baselines, and none that nobody asked for', () => {
    expect(resolve({}).projectRetentionDays).toEqual([]);
    expect(resolve({}, { SLUICE_RETENTION_DAYS: '3' }).projectRetentionDays).toEqual([['default', 3]]);
    expect(
      resolve({ project: 'main' }, { SLUICE_BASELINE_PROJECTS: 'main, golden,', SLUICE_RETENTION_DAYS: '3' }),
    ).toMatchObject({
      retentionDays: 90,
      projectRetentionDays: [
        ['main', 90],
        ['golden', 90],
      ],
    });
    expect(
      resolve({ baselineProjects: ['golden'] }, { SLUICE_BASELINE_RETENTION_DAYS: '0' }).projectRetentionDays,
    ).toEqual([['golden', 0]]);
  });

  it.each([
    [{}, { SLUICE_BASELINE_RETENTION_DAYS: 'long' }, /SLUICE_BASELINE_RETENTION_DAYS/],
    [{ project: '' }, {}, /project/],
    [{ baselineProjects: [''] }, {}, /baselineProjects/],
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
