import { setTimeout as delay } from 'node:timers/promises';
import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  END,
  interrupt,
  MemorySaver,
  messagesStateReducer,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { afterEach, describe, expect, it } from 'vitest';
import { flush, shutdown, traceGraph, tracingHealth } from '../../src/tracing/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  mode: Annotation<string>(),
  messages: Annotation<BaseMessage[]>({ reducer: messagesStateReducer, default: () => [] }),
});

/** One graph with everything a caller can meet: a subgraph, a model, branches, an interrupt, a throwing and a slow node. */
function build() {
  const model = new FakeListChatModel({ responses: ['certainly'] });
  const inner = new StateGraph(State)
    .addNode('think', async ({ messages }, config) => ({
      messages: [await model.invoke(messages, config)],
      log: ['think'],
    }))
    .addEdge(START, 'think')
    .compile({ name: 'inner' });
  return new StateGraph(State)
    .addNode('begin', () => ({ log: ['begin'] }))
    .addNode('talk', inner)
    .addNode('left', () => ({ log: ['left'] }))
    .addNode('right', () => ({ log: ['right'] }))
    .addNode('ask', () => ({ log: [`told ${String(interrupt({ question: 'sure?' }))}`] }))
    .addNode('boom', () => {
      throw new TypeError('boom');
    })
    .addNode('slow', async (_state, config) => {
      await delay(60_000, undefined, config.signal ? { signal: config.signal } : {});
      return {};
    })
    .addEdge(START, 'begin')
    .addConditionalEdges('begin', ({ mode }) => (mode === 'fork' ? ['left', 'right'] : mode), [
      'talk',
      'ask',
      'boom',
      'slow',
      'left',
      'right',
    ])
    .addEdge('talk', END)
    .compile({ checkpointer: new MemorySaver(), name: 'everything' });
}

type Graph = ReturnType<typeof build>;

const OUR_HANDLERS = new Set(['sluicegate_tracer', 'langchain_tracer']);

/**
 * What may differ. Ids and times do from run to run; LangChain names a message after its run as soon as anything listens.
 * LangGraph's own `debug` and `checkpoints` streams list the callbacks of a run: the tracer's handlers stand there like any other.
 */
function normalized(value: unknown): unknown {
  const json = JSON.stringify(value, (key, member) => {
    if (member instanceof Error) return { name: member.name, message: member.message };
    if (key !== 'callbacks' || !Array.isArray(member)) return member;
    const others = member.filter((handler) => !OUR_HANDLERS.has(handler?.name));
    return others.length === 0 ? undefined : others;
  });
  return JSON.parse(
    (json ?? 'null')
      .replace(/(run-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
      .replace(/[0-9a-f]{32}/g, '<hash>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'),
  );
}

async function attempt(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { returned: normalized(await work()) };
  } catch (thrown) {
    const error = thrown as Error;
    return { threw: { name: error.name, message: error.message, type: error.constructor.name } };
  }
}

async function collect(stream: Promise<AsyncIterable<unknown>> | AsyncIterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of await stream) chunks.push(chunk);
  return chunks;
}

const thread = (id: string) => ({ configurable: { thread_id: id } });
const hi = { messages: [new HumanMessage('hi')] };
const STREAM_MODES = ['values', 'updates', 'messages', 'debug', 'custom', 'checkpoints', 'tasks'] as const;

/** Every call of the suite by name; each graph instance gets the same ones in the same order. */
const calls: Record<string, (graph: Graph) => Promise<unknown>> = {
  invoke: (graph) => graph.invoke({ ...hi, mode: 'talk' }, thread('invoke')),
  'invoke with branches': (graph) => graph.invoke({ mode: 'fork' }, thread('fork')),
  ...Object.fromEntries(
    STREAM_MODES.map((mode) => [
      `stream ${mode}`,
      (graph: Graph) =>
        collect(graph.stream({ ...hi, mode: 'talk' }, { ...thread(`stream-${mode}`), streamMode: mode })),
    ]),
  ),
  'stream several modes with subgraphs': (graph) =>
    collect(
      graph.stream(
        { ...hi, mode: 'talk' },
        { ...thread('multi'), streamMode: ['updates', 'messages'], subgraphs: true },
      ),
    ),
  streamEvents: async (graph) => {
    const events = await collect(
      graph.streamEvents({ ...hi, mode: 'talk' }, { ...thread('events'), version: 'v2' }),
    );
    return events.map((event) => {
      const { event: kind, name } = event as { event: string; name: string };
      return { kind, name };
    });
  },
  batch: (graph) =>
    graph.batch([{ ...hi, mode: 'talk' }, { mode: 'fork' }], [thread('batch-1'), thread('batch-2')]),
  'interrupt, getState, updateState and resume': async (graph) => {
    const interrupted = await graph.invoke({ mode: 'ask' }, thread('ask'));
    const before = await graph.getState(thread('ask'));
    await graph.updateState(thread('ask'), { log: ['edited'] });
    const resumed = await graph.invoke(new Command({ resume: 'yes' }), thread('ask'));
    const history = await collect(graph.getStateHistory(thread('ask')));
    return {
      interrupted,
      before: { values: before.values, next: before.next, tasks: before.tasks },
      resumed,
      steps: history.length,
    };
  },
  'a throwing node': (graph) => graph.invoke({ mode: 'boom' }, thread('boom')),
  'a throwing node while streaming': (graph) =>
    collect(graph.stream({ mode: 'boom' }, thread('boom-stream'))),
  'an unknown branch': (graph) => graph.invoke({ mode: 'nowhere' }, thread('nowhere')),
  'a missing thread id': (graph) => graph.invoke({ mode: 'talk' }),
  'the recursion limit': (graph) => graph.invoke({ mode: 'fork' }, { ...thread('limit'), recursionLimit: 1 }),
  abort: (graph) => {
    const controller = new AbortController();
    const run = graph.invoke({ mode: 'slow' }, { ...thread('abort'), signal: controller.signal });
    setTimeout(() => controller.abort(new Error('gone')), 5);
    return run;
  },
  'leaving a stream': async (graph) => {
    for await (const chunk of await graph.stream(
      { mode: 'slow' },
      { ...thread('leave'), streamMode: 'updates' },
    ))
      return chunk;
    return undefined;
  },
  'the shape of the graph': async (graph) => ({
    name: graph.getName(),
    nodes: Object.keys(graph.nodes),
    type: graph.constructor.name,
    mermaid: (await graph.getGraphAsync()).drawMermaid(),
  }),
};

async function outcomes(graph: Graph): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) results[name] = await attempt(() => call(graph));
  return results;
}

describe('a traced graph behaves like the bare one', () => {
  afterEach(() => shutdown());

  it('when traces are written', async () => {
    await using dir = await tempDir();
    const bare = await outcomes(build());
    const traced = await outcomes(traceGraph(build(), { home: dir.path }));
    expect(traced).toEqual(bare);
    // The suite itself must have done something: each kind of end is in it.
    expect(bare['a throwing node']).toEqual({
      threw: { name: 'TypeError', message: 'boom', type: 'TypeError' },
    });
    expect(JSON.stringify(bare['interrupt, getState, updateState and resume'])).toContain('told yes');
  });

  it('when nothing is sampled', async () => {
    await using dir = await tempDir();
    expect(await outcomes(traceGraph(build(), { home: dir.path, sampleRate: 0 }))).toEqual(
      await outcomes(build()),
    );
  });

  it('when the store cannot be written', async () => {
    const warnings: string[] = [];
    const logger = {
      warn: (text: string) => void warnings.push(text),
      error: (text: string) => void warnings.push(text),
    };
    // No folder can be made inside a device, whoever asks.
    const traced = traceGraph(build(), { home: '/dev/null/sluice', logger });
    expect(await outcomes(traced)).toEqual(await outcomes(build()));
    await shutdown();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^Traces cannot be written to store: .*\/dev\/null\/sluice/);
  });

  it('when the logger of the application throws', async () => {
    const logger = {
      warn: () => {
        throw new Error('the log is closed');
      },
      error: () => {
        throw new Error('the log is closed');
      },
    };
    const traced = traceGraph(build(), { home: '/dev/null/sluice', logger });
    expect(await outcomes(traced)).toEqual(await outcomes(build()));
    await flush();
    expect(tracingHealth().counters.internal_errors).toEqual({ logger: 1 });
  });
});
