import { CallbackManager } from '@langchain/core/callbacks/manager';
import { RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { createAgent } from 'langchain';
import { Client } from 'langsmith';
import { traceable } from 'langsmith/traceable';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { flush, shutdown, type TraceOptions, traceGraph } from '../../src/tracing/index.ts';
import { eventually } from '../support/eventually.ts';
import { allSent, arrived } from '../support/langsmith-clients.ts';
import { LangSmithServer } from '../support/langsmith-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const KEY = 'lsv2_pt_0123456789abcdef';
const HIDDEN = { hideInputs: true, hideOutputs: true, hideMetadata: true } as const;
/** Stands in every value and name that exists inside the graph only. */
const INSIDE = 'INSIDE';

let server: LangSmithServer;
/** Of the application's own, for the same destination. */
let client: Client;
beforeAll(async () => {
  // One for all tests: langsmith's shared clients keep the address they saw first.
  server = await LangSmithServer.start();
  vi.stubEnv('LANGSMITH_ENDPOINT', server.url);
  vi.stubEnv('LANGSMITH_API_KEY', KEY);
  vi.stubEnv('LANGSMITH_PROJECT', 'orders');
  client = new Client({ apiUrl: server.url, apiKey: KEY });
  await allSent(server);
});
beforeEach(() => {
  vi.stubEnv('LANGSMITH_TRACING', 'true');
  vi.stubEnv('LANGSMITH_API_KEY', KEY);
  server.clear();
});
afterEach(() => shutdown());
afterAll(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

const State = Annotation.Root({ text: Annotation<string>() });
type Input = typeof State.State;

const look = tool(async ({ query }) => `${INSIDE} result of ${query}`, {
  name: 'look',
  schema: z.object({ query: z.string() }),
});
const check = traceable(async (text: string) => `${INSIDE} checked ${text}`, { name: `${INSIDE} check` });
const model = new FakeListChatModel({ responses: [`${INSIDE} answer`] });

/** A graph with everything in it that LangSmith's tracers hear of. */
const build = () =>
  new StateGraph(State)
    .addNode('work', async (_state, config) => {
      await look.invoke({ query: `${INSIDE} with a configuration` }, config);
      await look.invoke({ query: `${INSIDE} without one` });
      await check(`${INSIDE} value`);
      return {};
    })
    .addNode(
      'sub',
      new StateGraph(State)
        .addNode('deep', async (_state, config) => {
          await model.invoke(`${INSIDE} prompt`, config);
          await check(`${INSIDE} deep value`);
          return { text: 'done' };
        })
        .addEdge(START, 'deep')
        .compile({ name: 'below' }),
    )
    .addEdge(START, 'work')
    .addEdge('work', 'sub')
    .compile({ name: 'agent' });
type Graph = ReturnType<typeof build>;
/** A graph's type says more than that of a step in a chain may. */
const step = (graph: Graph) => graph as unknown as RunnableLambda<Input, Input>;

const input = { text: 'x' };
const same = RunnableLambda.from((value: Input) => value);
/** Hands its configuration on, or not. */
const lambda = (graph: Graph) => RunnableLambda.from((value: Input, config) => graph.invoke(value, config));
const silent = (graph: Graph) => RunnableLambda.from((value: Input) => graph.invoke(value));
const outer = (graph: Graph) =>
  new StateGraph(State).addNode('call', graph).addEdge(START, 'call').compile({ name: 'outer' });
const inTraceable = (work: () => Promise<unknown>) =>
  traceable(
    async () => {
      await work();
    },
    { name: 'request' },
  )();
async function drain(chunks: Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const _chunk of await chunks);
}

/** Ways to call a graph while LangSmith's own tracer is switched on. */
const WAYS: Readonly<Record<string, (graph: Graph) => Promise<unknown>>> = {
  'by itself': (graph) => graph.invoke(input),
  'as a stream': (graph) => drain(graph.stream(input, { streamMode: 'messages' })),
  'as events': (graph) => drain(Promise.resolve(graph.streamEvents(input, { version: 'v2' }))),
  'as a batch': (graph) => graph.batch([input, input]),
  'in a chain': (graph) => RunnableSequence.from([same, step(graph)]).invoke(input),
  'in a chain that is streamed': (graph) =>
    drain(RunnableSequence.from([same, step(graph), same]).stream(input)),
  'in a chain in a chain': (graph) =>
    RunnableSequence.from([same, RunnableSequence.from([same, step(graph)])]).invoke(input),
  'in a lambda': (graph) => lambda(graph).invoke(input),
  'in a lambda that hands nothing on': (graph) => silent(graph).invoke(input),
  'in a graph': (graph) => outer(graph).invoke(input),
  'in a traceable': (graph) => inTraceable(() => graph.invoke(input)),
  'as a stream in a traceable': (graph) => inTraceable(() => drain(graph.stream(input))),
  'twice in a traceable': (graph) => inTraceable(() => graph.invoke(input).then(() => graph.invoke(input))),
  'in a chain in a traceable': (graph) =>
    inTraceable(() => RunnableSequence.from([same, step(graph)]).invoke(input)),
  'in a streamed chain in a traceable': (graph) =>
    inTraceable(() => drain(RunnableSequence.from([same, step(graph)]).stream(input))),
  'in a lambda in a traceable': (graph) => inTraceable(() => lambda(graph).invoke(input)),
  'in a silent lambda in a traceable': (graph) => inTraceable(() => silent(graph).invoke(input)),
  'in a graph in a traceable': (graph) => inTraceable(() => outer(graph).invoke(input)),
  'in a traceable in a chain': (graph) =>
    RunnableSequence.from([
      same,
      RunnableLambda.from((value: Input) =>
        traceable(async () => graph.invoke(value), { name: 'request' })(),
      ),
    ]).invoke(input),
  'in a traceable with a client of its own': (graph) =>
    traceable(() => RunnableSequence.from([same, step(graph)]).invoke(input), { name: 'request', client })(),
  'with a tracer in its callbacks': (graph) =>
    graph.invoke(input, { callbacks: [new LangChainTracer({ projectName: 'orders' })] }),
  'with a tracer that has a client of its own': (graph) =>
    graph.invoke(input, { callbacks: [new LangChainTracer({ client, projectName: 'elsewhere' })] }),
  'with a tracer in a callback manager': (graph) =>
    graph.invoke(input, { callbacks: CallbackManager.configure([new LangChainTracer()]) as CallbackManager }),
  'as a stream with a tracer': (graph) =>
    drain(graph.stream(input, { callbacks: [new LangChainTracer()], streamMode: 'messages' })),
  'with a tracer in a traceable': (graph) =>
    inTraceable(() => graph.invoke(input, { callbacks: [new LangChainTracer()] })),
  'with a tracer bound to a copy': (graph) =>
    (graph.withConfig({ callbacks: [new LangChainTracer()] }) as Graph).invoke(input),
};

/** What LangSmith has been sent since the last time, each run as the names and types on its way from the root. */
async function received() {
  await flush();
  await allSent(server, [client]);
  const runs = new Map(arrived(server).map((run) => [run.id, run]));
  const path = (id: string): string => {
    const run = runs.get(id);
    if (run === undefined) return '?';
    const parent = run['parent_run_id'];
    const own = `${String(run['name'])}:${String(run['run_type'])}@${String(run['session_name'])}`;
    return typeof parent === 'string' ? `${path(parent)} > ${own}` : own;
  };
  const posts = server.ingests.flatMap((request) => request.posts).filter((id) => runs.has(id));
  const result = {
    runs: [...runs.keys()].map(path).sort(),
    unfinished: [...runs.values()].filter((run) => typeof run['end_time'] === 'undefined'),
    posted: posts.length,
    complaints: [...server.complaints],
    text: JSON.stringify([...runs.values()]),
  };
  server.clear();
  return result;
}

/** What each way of calling sends for a graph that is not wrapped: the same each time, and half a second of waiting. */
const bareRuns = new Map<string, ReturnType<typeof received>>();

/** What a way of calling sends for a graph that is not wrapped, and for one that is. */
async function compare(way: string, call: (graph: Graph) => Promise<unknown>, options: TraceOptions) {
  await using dir = await tempDir();
  const known = `${way}, tracing ${process.env['LANGSMITH_TRACING']}, key ${process.env['LANGSMITH_API_KEY']}`;
  if (!bareRuns.has(known)) bareRuns.set(known, call(build()).then(received));
  const bare = (await bareRuns.get(known)) as Awaited<ReturnType<typeof received>>;
  await call(
    traceGraph(build(), { home: dir.path, logger: { warn: () => {}, error: () => {} }, ...options }),
  );
  const traced = await received();
  await shutdown();
  return { bare, traced };
}

describe.each(Object.entries(WAYS))('a wrapped graph that is called %s', (way, call) => {
  it('is sent to LangSmith as without the wrapper, each run once', async () => {
    const { bare, traced } = await compare(way, call, {});
    expect(traced.runs).toEqual(bare.runs);
    expect(bare.text).toContain(INSIDE);
    expect(traced).toMatchObject({ posted: bare.runs.length, unfinished: [], complaints: [] });
  });

  it('keeps its inside from LangSmith where that is hidden, and is sent once', async () => {
    const { bare, traced } = await compare(way, call, HIDDEN);
    expect(traced.text).not.toContain(INSIDE);
    expect(traced.runs).toHaveLength(bare.runs.length);
    expect(traced).toMatchObject({ posted: bare.runs.length, unfinished: [], complaints: [] });
  });

  it.each([
    ['there is no API key', { ...HIDDEN }, ''],
    ['the export is off', { ...HIDDEN, langsmith: false }, KEY],
  ] as const)('is not sent at all where it is hidden and %s', async (_why, options, key) => {
    vi.stubEnv('LANGSMITH_API_KEY', key);
    const { bare, traced } = await compare(way, call, options);
    expect(traced.text).not.toContain(INSIDE);
    // What is outside of the graph goes where it went.
    expect(traced.runs).toEqual(bare.runs.filter((path) => !path.includes('agent:')));
    expect(traced).toMatchObject({ posted: traced.runs.length, unfinished: [], complaints: [] });
  });
});

/** Ways by which a tracer comes to a graph while nothing in the environment switches it on. */
const OFF_WAYS: Readonly<Record<string, (graph: Graph) => Promise<unknown>>> = {
  'with a tracer in its callbacks': (graph) =>
    graph.invoke(input, { callbacks: [new LangChainTracer({ client })] }),
  'in a chain with a tracer': (graph) =>
    RunnableSequence.from([same, step(graph)]).invoke(input, {
      callbacks: [new LangChainTracer({ client })],
    }),
  'in a streamed chain with a tracer': (graph) =>
    drain(
      RunnableSequence.from([same, step(graph)]).stream(input, {
        callbacks: [new LangChainTracer({ client })],
      }),
    ),
  'with a tracer bound to a copy': (graph) =>
    (graph.withConfig({ callbacks: [new LangChainTracer({ client })] }) as Graph).invoke(input),
  'in a traceable that is switched on': (graph) =>
    traceable(() => graph.invoke(input), { name: 'request', tracingEnabled: true, client })(),
  'in a chain in such a traceable': (graph) =>
    traceable(() => RunnableSequence.from([same, step(graph)]).invoke(input), {
      name: 'request',
      tracingEnabled: true,
      client,
    })(),
  'while it has been switched on since': async (graph) => {
    vi.stubEnv('LANGSMITH_TRACING', 'true');
    await graph.invoke(input);
    vi.stubEnv('LANGSMITH_TRACING', undefined);
  },
};

describe.each(Object.entries(OFF_WAYS))(
  'with LangSmith off, a wrapped graph that is called %s',
  (way, call) => {
    beforeEach(() => vi.stubEnv('LANGSMITH_TRACING', undefined));

    it('is left to that tracer while nothing is hidden', async () => {
      const { bare, traced } = await compare(way, call, {});
      expect(bare.text).toContain(INSIDE);
      expect(traced.runs).toEqual(bare.runs);
      expect(traced).toMatchObject({ posted: bare.runs.length, unfinished: [], complaints: [] });
    });

    it('is kept from it where anything is hidden', async () => {
      const { bare, traced } = await compare(way, call, { hideInputs: true });
      expect(traced.text).not.toContain(INSIDE);
      expect(traced.runs).toEqual(bare.runs.filter((path) => !path.includes('agent:')));
      expect(traced).toMatchObject({ unfinished: [], complaints: [] });
    });
  },
);

describe('a tracer that joins inside of a graph', () => {
  const joined = (tracer: LangChainTracer) =>
    new StateGraph(State)
      .addNode('work', async (_state, config) => {
        await new FakeListChatModel({ responses: [INSIDE], callbacks: [tracer] }).invoke(INSIDE, config);
        await same.withConfig({ callbacks: [tracer] }).invoke({ text: INSIDE }, config);
        return {};
      })
      .addEdge(START, 'work')
      .compile({ name: 'agent' });

  it.each([
    ['true', HIDDEN],
    ['true', { ...HIDDEN, langsmith: false as const }],
    ['false', { hideOutputs: true }],
  ])('hears of nothing that is to be hidden (LANGSMITH_TRACING=%s, %j)', async (isOn, options) => {
    vi.stubEnv('LANGSMITH_TRACING', isOn);
    await using dir = await tempDir();
    const logger = { warn: () => {}, error: () => {} };
    const graph = traceGraph(joined(new LangChainTracer({ client })), { home: dir.path, logger, ...options });
    await graph.invoke(input);
    const { text, runs, posted } = await received();
    expect(text).not.toContain(INSIDE);
    expect(posted).toBe(runs.length);
  });

  it('sends nothing twice while nothing is hidden', async () => {
    await using dir = await tempDir();
    await traceGraph(joined(new LangChainTracer({ client })), { home: dir.path }).invoke(input);
    const { runs, posted } = await received();
    expect(runs.map((path) => path.replaceAll('@orders', ''))).toEqual([
      'agent:chain',
      'agent:chain > __start__:chain',
      'agent:chain > work:chain',
      'agent:chain > work:chain > FakeListChatModel:llm',
      'agent:chain > work:chain > RunnableLambda:chain',
    ]);
    expect(posted).toBe(5);
  });
});

it.each([
  [{}, true],
  [HIDDEN, false],
])('an agent in a chain in a traceable is posted once (%j)', async (options, isSeen) => {
  await using dir = await tempDir();
  const answers = new FakeListChatModel({ responses: [INSIDE] });
  const bare = createAgent({ model: answers, tools: [], name: 'agent' });
  const agent = traceGraph(bare as never, { home: dir.path, ...options }) as typeof bare;
  const messages = [{ role: 'user', content: 'x' }];
  const call = RunnableLambda.from((value: { messages: typeof messages }, config) =>
    agent.invoke(value, config).then(() => 'done'),
  );
  await inTraceable(() => call.invoke({ messages }));
  const { runs, posted, text, unfinished } = await received();
  expect(runs.length).toBeGreaterThan(3);
  expect([posted, unfinished]).toEqual([runs.length, []]);
  expect(text.includes(INSIDE)).toBe(isSeen);
});

it('a tracer of the caller’s that sends elsewhere goes on doing so while nothing is hidden', async () => {
  await using other = await LangSmithServer.start();
  await using dir = await tempDir();
  const away = new Client({ apiUrl: other.url, apiKey: 'another' });
  const callbacks = [new LangChainTracer({ client: away })];
  await traceGraph(build(), { home: dir.path }).invoke(input, { callbacks });
  const here = await received();
  await away.awaitPendingTraceBatches();
  await eventually(() => expect(other.runs.map((run) => run['name'])).toContain('agent'));
  expect(here.runs.some((path) => path.startsWith('agent:chain@orders > work'))).toBe(true);
  expect(here.posted).toBe(here.runs.length);
});

it('says once that a tracer is kept from a graph', async () => {
  vi.stubEnv('LANGSMITH_TRACING', undefined);
  await using dir = await tempDir();
  const warnings: string[] = [];
  const logger = { warn: (text: string) => void warnings.push(text), error: () => {} };
  const graph = traceGraph(build(), { home: dir.path, logger, redact: true });
  await graph.invoke(input);
  expect(warnings).toEqual([]);
  for (let call = 0; call < 2; call += 1) {
    await graph.invoke(input, { callbacks: [new LangChainTracer({ client })] });
  }
  expect(warnings).toEqual([expect.stringContaining('it is kept from these graphs')]);
});
