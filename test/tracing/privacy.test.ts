import { dispatchCustomEvent } from '@langchain/core/callbacks/dispatch';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { afterEach, describe, expect, it } from 'vitest';
import { traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { flush, shutdown, type TraceOptions, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { findTexts } from '../support/canaries.ts';
import { tempDir } from '../support/temp-dir.ts';

afterEach(() => shutdown());

const PLACES = [
  'input',
  'output',
  'thrown',
  'cause',
  'interrupt',
  'resume',
  'metadata',
  'tag',
  'thread',
  'toolargs',
  'toolresult',
  'toolerror',
  'chunk',
  'event',
  'prompt',
] as const;
type Place = (typeof PLACES)[number];

/** A text for every place that appears nowhere else. Its letters say the place, so that a failure names it. */
type Canaries = Readonly<Record<Place, string>>;
const plain = Object.fromEntries(PLACES.map((place) => [place, `canary${place}Qx7Zk2`])) as Canaries;

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  mode: Annotation<string>(),
  note: Annotation<string>(),
});

function agent(canaries: Canaries) {
  const lookup = tool(async () => canaries.toolresult, {
    name: 'lookup',
    description: 'x',
    schema: { type: 'object', properties: { query: { type: 'string' } } } as const,
  });
  const broken = tool(
    async () => {
      throw new Error(`no row for ${canaries.toolerror}`);
    },
    { name: 'broken', description: 'x', schema: { type: 'object', properties: {} } as const },
  );
  const model = new FakeListChatModel({ responses: [`I found ${canaries.chunk} for you`] });
  const call = (name: string, args: Record<string, unknown>) => ({
    messages: [new AIMessage({ content: '', tool_calls: [{ name, args, id: `call-${name}` }] })],
  });
  return new StateGraph(State)
    .addNode('begin', async (_state, config) => {
      await dispatchCustomEvent('progress', { found: canaries.event }, config);
      return call('lookup', { query: canaries.toolargs });
    })
    .addNode('tools', new ToolNode([lookup, broken]))
    .addNode('fail', () => call('broken', {}))
    .addNode('again', new ToolNode([lookup, broken]))
    .addNode('answer', async (_state, config) => ({
      messages: [await model.invoke([new HumanMessage(canaries.prompt)], config)],
      note: canaries.output,
    }))
    .addNode('ask', () => ({ note: String(interrupt({ question: canaries.interrupt })) }))
    .addNode('boom', () => {
      throw new TypeError(`bad value\n    at ${canaries.thrown} (/fake/${canaries.thrown}.ts:1:1)`, {
        cause: new RangeError(`because of ${canaries.cause}`),
      });
    })
    .addEdge(START, 'begin')
    .addEdge('begin', 'tools')
    .addEdge('tools', 'fail')
    .addEdge('fail', 'again')
    .addEdge('again', 'answer')
    .addConditionalEdges('answer', ({ mode }) => mode, ['ask', 'boom'])
    .compile({ name: 'agent', checkpointer: new MemorySaver() });
}

/** Runs the agent through every place, and gives back the places whose text is on the disk. */
async function leaks(home: string, canaries: Canaries, options: TraceOptions): Promise<string[]> {
  const graph = traceGraph(agent(canaries), { home, ...options });
  const config = (thread: string) => ({
    metadata: { customer: canaries.metadata },
    tags: [canaries.tag],
    configurable: { thread_id: `${canaries.thread}-${thread}` },
  });
  const input = (mode: string) => ({ mode, messages: [new HumanMessage(canaries.input)] });
  await graph.invoke(input('ask'), config('a'));
  await graph.invoke(new Command({ resume: canaries.resume }), config('a'));
  await expect(graph.invoke(input('boom'), config('b'))).rejects.toThrow(TypeError);
  for await (const _chunk of await graph.stream(input('ask'), { ...config('c'), streamMode: 'messages' }));
  await flush();
  const open = await findTexts(home, Object.values(canaries));
  await shutdown();
  const closed = await findTexts(home, Object.values(canaries));
  const found = [...open, ...closed];
  return PLACES.filter((place) => found.some((line) => line.endsWith(canaries[place])));
}

async function stored(home: string) {
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  try {
    const list = await store.list({ limit: 100 });
    const lookups = await Promise.all(list.map(({ id }) => store.find(id)));
    return lookups.map((lookup) => {
      if (lookup.kind !== 'found') throw new Error(lookup.kind);
      return lookup.trace;
    });
  } finally {
    await store.close();
  }
}

const hidden = { hideInputs: true, hideOutputs: true, hideMetadata: true } as const;

describe('what a traced graph leaves on the disk', () => {
  it('is every value that entered it, when nothing is hidden', async () => {
    await using dir = await tempDir();
    expect(await leaks(dir.path, plain, {})).toEqual([...PLACES]);
  });

  it('is no byte of any of them, when everything is hidden', async () => {
    await using dir = await tempDir();
    expect(await leaks(dir.path, plain, hidden)).toEqual([]);
    const traces = await stored(dir.path);
    expect(traces.map(({ outcome }) => outcome).sort()).toEqual([
      'error',
      'interrupted',
      'interrupted',
      'success',
    ]);
    const failed = traces.find(({ outcome }) => outcome === 'error');
    expect(failed?.error).toMatchObject({ name: 'TypeError', message: '[hidden]' });
    expect(failed?.error?.stack).toMatch(
      /^TypeError: \[hidden\]\n {4}at .*privacy\.test\.ts:\d+:\d+[\s\S]*\nCaused by: RangeError: \[hidden\]\n {4}at /,
    );
    expect(failed?.spans.find(({ id }) => id === failed.failingSpanId)).toMatchObject({
      name: 'boom',
      node: 'boom',
    });
    // The halves of a conversation can still be told to belong together.
    expect(new Set(traces.map(({ threadId }) => threadId)).size).toBe(3);
    for (const { threadId } of traces) expect(threadId).toMatch(/^hidden-[0-9a-f]{16}$/);
  });

  it('keeps messages of errors beside hidden values only when told to', async () => {
    await using dir = await tempDir();
    expect(await leaks(dir.path, plain, { ...hidden, keepErrorMessages: true })).toEqual([
      'thrown',
      'cause',
      'toolerror',
    ]);
  });

  it('hides by the environment as by options', async () => {
    await using dir = await tempDir();
    const names = ['SLUICE_HIDE_INPUTS', 'LANGSMITH_HIDE_OUTPUTS', 'LANGCHAIN_HIDE_METADATA'];
    for (const name of names) process.env[name] = 'true';
    try {
      expect(await leaks(dir.path, plain, {})).toEqual([]);
    } finally {
      for (const name of names) delete process.env[name];
    }
  });

  it('is no byte of what the redaction finds, wherever it stands', async () => {
    await using dir = await tempDir();
    const emails = Object.fromEntries(
      PLACES.map((place) => [place, `canary.${place}@example.com`]),
    ) as Canaries;
    expect(await leaks(dir.path, emails, {})).toEqual([...PLACES]);
    await using other = await tempDir();
    expect(await leaks(other.path, emails, { redact: ['email'] })).toEqual([]);
    const texts = JSON.stringify(await stored(other.path));
    expect(texts).toContain('[redacted:email]');
    expect(texts).toContain('no row for [redacted:email]');
  });

  it('is nothing when a rule fails, and that is counted', async () => {
    await using dir = await tempDir();
    const fail = () => {
      throw new Error('cannot');
    };
    const graph = traceGraph(agent(plain), { home: dir.path, redact: [{ name: 'mine', redact: fail }] });
    await graph.invoke(
      { mode: 'ask', messages: [new HumanMessage(plain.input)] },
      { configurable: { thread_id: plain.thread }, tags: [plain.tag] },
    );
    await flush();
    expect(tracingHealth().counters.redaction_failures?.['mine']).toBeGreaterThan(10);
    await shutdown();
    expect(await findTexts(dir.path, Object.values(plain))).toEqual([]);
    expect((await stored(dir.path))[0]?.spans[0]?.tags).toEqual(['[redaction failed]']);
  });

  it('hides by place: a tool, a node or a route, and what runs inside', async () => {
    await using dir = await tempDir();
    const found = await leaks(dir.path, plain, { hideOutputs: [{ tool: 'lookup' }] });
    // The state around the tool repeats its result: the place alone hides its own span.
    expect(found).toContain('toolresult');
    const [trace] = (await stored(dir.path)).filter(({ outcome }) => outcome === 'error');
    const spans = trace!.spans.filter(({ gaps }) => gaps.some(({ reason }) => reason === 'hidden'));
    expect(spans.map(({ name }) => name)).toEqual(['lookup']);
    // An error passes through the graph, which is around the place.
    expect(trace?.error?.message).toContain('bad value');
    expect(trace?.spans[0]?.error?.message).toBe('[hidden]');
  });

  it('hides by the name the graph was compiled with, whatever a caller names the run', async () => {
    await using dir = await tempDir();
    const graph = traceGraph(agent(plain), { home: dir.path, hideInputs: [{ graph: 'agent' }] });
    await graph.invoke(
      { mode: 'ask', messages: [new HumanMessage(plain.input)] },
      { runName: 'another name', configurable: { thread_id: 't' } },
    );
    await flush();
    const [trace] = await stored(dir.path);
    expect(trace?.name).toBe('another name');
    for (const span of trace!.spans) expect(span.gaps).toContainEqual({ field: 'inputs', reason: 'hidden' });
  });
});
