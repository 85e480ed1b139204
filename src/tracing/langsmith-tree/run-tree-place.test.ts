import { getContextVariable, setContextVariable } from '@langchain/core/context';
import { AIMessageChunk } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { Annotation, getConfig, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph';
import { Client } from 'langsmith';
import { RunTree } from 'langsmith/run_trees';
import { getCurrentRunTree, traceable } from 'langsmith/traceable';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { allSent, arrived } from '../../../test/support/langsmith-clients.ts';
import { LangSmithServer } from '../../../test/support/langsmith-server.ts';
import { traceWith } from '../../../test/support/trace-with.ts';

const State = Annotation.Root({ text: Annotation<string>() });
type Node = (text: string, config: LangGraphRunnableConfig) => Promise<unknown>;

function graphOf(node: Node) {
  return new StateGraph(State)
    .addNode('work', async ({ text }, config) => ({ text: JSON.stringify(await node(text, config)) }))
    .addEdge(START, 'work')
    .compile({ name: 'agent' });
}

/** What a node has seen, in a graph that is not traced and in one that is. */
async function bothSee(node: Node): Promise<{ readonly bare: unknown; readonly traced: unknown }> {
  const graph = graphOf(node);
  const { graph: traced } = traceWith(graph);
  const seen = async (one: typeof graph) => JSON.parse((await one.invoke({ text: 'x' })).text) as unknown;
  return { bare: await seen(graph), traced: await seen(traced) };
}

let server: LangSmithServer;
let client: Client;
beforeAll(async () => {
  server = await LangSmithServer.start();
  client = new Client({ apiUrl: server.url, apiKey: 'key' });
  // What runs without a client of its own would be sent there too.
  vi.stubEnv('LANGSMITH_ENDPOINT', server.url);
  vi.stubEnv('LANGSMITH_API_KEY', 'key');
});
beforeEach(() => server.clear());
afterEach(() => vi.stubEnv('LANGSMITH_TRACING', undefined));
afterAll(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

/** Names of the runs that have arrived, in order. */
async function sent(): Promise<readonly string[]> {
  await allSent(server, [client]);
  return arrived(server)
    .map((run) => String(run['name']))
    .sort();
}

describe('a traced graph while LangSmith is off', () => {
  it('shows langsmith’s calls the run tree that they would find without it', async () => {
    const { bare, traced } = await bothSee(async () => {
      const tree = getCurrentRunTree();
      const child = tree.createChild({ name: 'child' });
      return [
        tree.name,
        tree.tracingEnabled,
        tree.run_type,
        typeof tree.id,
        tree instanceof RunTree,
        Object.keys(tree).includes('dotted_order'),
        child.tracingEnabled,
        child.parent_run?.name,
        tree.toHeaders()['langsmith-trace'] === tree.dotted_order,
      ];
    });
    expect(traced).toEqual(bare);
    expect(bare).toEqual([
      '<runnable_lambda>',
      false,
      'chain',
      'string',
      true,
      true,
      false,
      '<runnable_lambda>',
      true,
    ]);
  });

  it('leaves `traceable` switched off, and nothing is sent', async () => {
    const nested = traceable(async (text: string) => `${text} ${getCurrentRunTree(true)?.id ?? 'untraced'}`, {
      name: 'nested',
    });
    expect(await bothSee((text) => nested(text))).toEqual({ bare: 'x untraced', traced: 'x untraced' });
    expect(await sent()).toEqual([]);
  });

  it('leaves one that is switched on in the code below a step that is off where langsmith leaves it', async () => {
    const nested = traceable(async (text: string) => text, { name: 'nested', tracingEnabled: true, client });
    const { graph: traced } = traceWith(graphOf((text) => nested(text)));
    await graphOf((text) => nested(text)).invoke({ text: 'x' });
    const bare = await sent();
    server.clear();
    await traced.invoke({ text: 'x' });
    expect(await sent()).toEqual(bare);
  });

  it('carries the configuration and the context variables into the node', async () => {
    const { bare, traced } = await bothSee(async () => {
      setContextVariable('tenant', 'acme');
      const inner = graphOf(async () => getContextVariable('tenant'));
      return [getConfig().metadata?.['langgraph_node'], await inner.invoke({ text: '' })];
    });
    expect(traced).toEqual(bare);
    expect(bare).toEqual(['work', { text: '"acme"' }]);
  });

  it('records a call that is handed the configuration of its node, and sends nothing of it', async () => {
    const nested = traceable(async (text: string) => `found ${text}`, { name: 'nested' });
    const handOver = nested as unknown as (config: object, text: string) => Promise<string>;
    const { graph, traces } = traceWith(graphOf((text, config) => handOver(config, text)));
    expect(await graph.invoke({ text: 'x' })).toEqual({ text: '"found x"' });
    const [trace] = await traces();
    expect(trace?.spans.map(({ name }) => name)).toEqual(['agent', '__start__', 'work', 'nested']);
    expect(await sent()).toEqual([]);
  });
});

describe('the place of LangSmith’s tracer is left to', () => {
  it('one that the environment has switched on since the graph was wrapped', async () => {
    const { graph, traces } = traceWith(
      graphOf(async (text) => text),
      {},
      { env: process.env },
    );
    vi.stubEnv('LANGSMITH_TRACING', 'true');
    await graph.invoke({ text: 'x' });
    expect(await sent()).toEqual(['__start__', 'agent', 'work']);
    expect(await traces()).toHaveLength(1);
  });

  it('one that was switched on in the code around the graph', async () => {
    const { graph } = traceWith(graphOf(async (text) => text));
    const outer = traceable(async () => graph.invoke({ text: 'x' }), {
      name: 'outer',
      tracingEnabled: true,
      client,
    });
    await outer();
    expect(await sent()).toEqual(['__start__', 'agent', 'outer', 'work']);
  });

  it('one of the caller’s, for nested calls too', async () => {
    const nested = traceable(async (text: string) => text, { name: 'nested' });
    const { graph } = traceWith(graphOf((text) => nested(text)));
    const tracer = new LangChainTracer({ client });
    vi.stubEnv('LANGSMITH_TRACING', 'true');
    await graph.invoke({ text: 'x' }, { callbacks: [tracer] });
    expect(await sent()).toEqual(['__start__', 'agent', 'nested', 'work']);
  });
});

/** Streams what another model says, which it does not tell whose run that is part of. */
class Echo extends FakeListChatModel {
  override async *_streamResponseChunks(
    ...[messages, , run]: Parameters<FakeListChatModel['_streamResponseChunks']>
  ): ReturnType<FakeListChatModel['_streamResponseChunks']> {
    for await (const piece of await new FakeListChatModel({ responses: ['abc'] }).stream(messages)) {
      const message = new AIMessageChunk(String(piece.content));
      const chunk = new ChatGenerationChunk({ text: message.text, message });
      yield chunk;
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const joined = async (stream: Promise<AsyncIterable<{ readonly content: unknown }>>) => {
  let text = '';
  for await (const { content } of await stream) text += content;
  return text;
};
const echo = new Echo({ responses: [''] });
const known = () => getConfig()?.metadata?.['langgraph_node'];

describe('what is streamed from inside a node', () => {
  it.each<readonly [string, Node]>([
    ['a model', (text) => joined(echo.stream(text))],
    ['a model that is told where it runs', (text, config) => joined(echo.stream(text, config))],
    [
      'a chain',
      (text) =>
        joined(
          RunnableLambda.from((value: string) => value)
            .pipe(echo)
            .stream(text),
        ),
    ],
    [
      'a model called by a function in a chain',
      (text) =>
        joined(
          RunnableLambda.from((value: string) => echo.invoke(value))
            .pipe((answer) => answer)
            .stream(text),
        ),
    ],
    [
      'a model called by a tool',
      (text) =>
        tool(async (value) => joined(echo.stream(value)), { name: 'ask', schema: z.string() }).invoke(text),
    ],
    [
      'a graph',
      async (text) => {
        const inner = graphOf(async (value) => joined(echo.stream(value)));
        const texts: string[] = [];
        for await (const state of await inner.stream({ text }, { streamMode: 'values' }))
          texts.push(state.text);
        return texts;
      },
    ],
  ])('%s: the caller gets the same pieces', async (_what, node) => {
    const graph = graphOf(node);
    const pieces = async (one: typeof graph) => {
      const contents: unknown[] = [];
      for await (const [, [message]] of await one.stream(
        { text: 'x' },
        { streamMode: 'messages', subgraphs: true },
      ))
        contents.push((message as { content: unknown }).content);
      return contents;
    };
    const bare = await pieces(graph);
    expect(await pieces(traceWith(graph).graph)).toEqual(bare);
    expect(bare.length).toBeGreaterThan(0);
  });

  it('knows its configuration where it would, and nowhere else', async () => {
    const { bare, traced } = await bothSee(async (text) => {
      const inLambda = await RunnableLambda.from(() => known()).invoke(text);
      const inTool = await tool(async () => known(), { name: 'ask', schema: z.string() }).invoke(text);
      const inChain: unknown[] = [];
      const chain = RunnableLambda.from((value: string) => value).pipe(() => known());
      for await (const piece of await chain.stream(text)) inChain.push(piece);
      const inRouter: unknown[] = [];
      const routed = new StateGraph(State)
        .addNode('first', async () => ({}))
        .addConditionalEdges(START, () => {
          inRouter.push(known());
          return 'first';
        })
        .compile();
      await routed.invoke({ text });
      return { inNode: known(), inLambda, inTool, inChain, inRouter };
    });
    expect(traced).toEqual(bare);
    expect(bare).toMatchObject({ inNode: 'work', inLambda: 'work', inTool: 'work', inChain: ['work'] });
  });
});
