import { readdir } from 'node:fs/promises';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { afterEach, describe, expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp-dir.ts';
import { silentLogger, traceStorePath } from '../core/index.ts';
import { openTraceStore } from '../store/index.ts';
import { shutdown, traceGraph } from './index.ts';
import type { TraceOptions } from './options/options-schema.ts';
import { isTraced, rehearse, rehearsedOptions, wrappedOptions } from './rehearsal.ts';

afterEach(() => shutdown());

const State = Annotation.Root({ text: Annotation<string>() });
const build = () =>
  new StateGraph(State)
    .addNode('shout', ({ text }) => ({ text: text.toUpperCase() }))
    .addEdge(START, 'shout')
    .compile({ name: 'agent' });

const none = { options: {}, env: {}, cwd: '/nowhere' };

async function tracesIn(home: string) {
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  try {
    const [first, ...more] = await store.list({ limit: 10 });
    const found = first && (await store.find(first.id));
    return { count: more.length + (first ? 1 : 0), trace: found?.kind === 'found' ? found.trace : undefined };
  } finally {
    await store.close();
  }
}

describe('a rehearsal', () => {
  it('records a run that the options of the graph would drop, and only in its own folder', async () => {
    await using real = await tempDir();
    await using dir = await tempDir();
    const graph = traceGraph(build(), { home: real.path, sampleRate: 0, hideInputs: true });
    const rehearsal = rehearse(graph, { ...none, home: dir.path, logger: silentLogger });
    expect(await rehearsal.graph.invoke({ text: 'a' })).toEqual({ text: 'A' });
    await rehearsal.end();
    await shutdown();
    const { count, trace } = await tracesIn(dir.path);
    expect([count, trace?.name, trace?.spans[0]?.gaps]).toEqual([
      1,
      'agent',
      [{ field: 'inputs', reason: 'hidden' }],
    ]);
    expect(trace?.spans[0]?.outputs).toEqual({ text: 'A' });
    expect(await readdir(real.path)).toEqual([]);
  });

  it('leaves the graph it was given as it was', async () => {
    await using dir = await tempDir();
    const graph = build();
    const rehearsal = rehearse(graph, { ...none, home: dir.path, logger: silentLogger });
    await graph.invoke({ text: 'a' });
    await rehearsal.end();
    expect((await tracesIn(dir.path).catch(() => ({ count: 0 }))).count).toBe(0);
    expect([isTraced(graph), isTraced(rehearsal.graph)]).toEqual([false, true]);
  });

  it('refuses a bad option', () => {
    const bad = { ...none, options: { sampleRate: 2 }, home: '/nowhere', logger: silentLogger };
    expect(() => rehearse(build(), bad)).toThrow(expect.objectContaining({ code: 'TRACE_OPTIONS_INVALID' }));
  });
});

describe('the options of a rehearsal', () => {
  it('are the given ones above those of the graph above those of the environment', async () => {
    await using dir = await tempDir();
    const own: TraceOptions = { home: dir.path, hideInputs: [{ node: 'shout' }], redact: ['email'] };
    const graph = traceGraph(build(), own).withConfig({ tags: ['a'] });
    const env = { SLUICE_HIDE_INPUTS: 'true', SLUICE_HIDE_METADATA: 'true' };
    const of = (options: TraceOptions) => rehearsedOptions(graph, { ...none, options, env });
    expect(of({})).toMatchObject({ hideInputs: [{ node: 'shout' }], redact: ['email'], hideOutputs: false });
    expect(of({ hideInputs: true, hideOutputs: true })).toMatchObject({
      hideInputs: true,
      hideOutputs: true,
      redact: ['email'],
    });
    expect(rehearsedOptions(build(), { ...none, env })).toMatchObject({
      hideInputs: true,
      hideMetadata: true,
    });
  });

  it('are not known of a graph that another copy of the package has wrapped', () => {
    const foreign = { config: { callbacks: [{ name: 'sluicegate_tracer' }] } };
    expect([isTraced(foreign), wrappedOptions(foreign)]).toEqual([true, undefined]);
    expect([isTraced({}), isTraced({ config: { callbacks: [{ name: 'other' }] } })]).toEqual([false, false]);
  });
});
