import { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
import { RunnableLambda } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { Client } from 'langsmith';
import { RunTree } from 'langsmith/run_trees';
import { getCurrentRunTree, traceable } from 'langsmith/traceable';
import { wrapOpenAI } from 'langsmith/wrappers';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CollectingExporter } from '../../../test/support/collecting-exporter.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { LangSmithServer } from '../../../test/support/langsmith-server.ts';
import type { Span, Trace } from '../../core/index.ts';
import { toLangSmithRuns } from '../exporters/langsmith/index.ts';
import { resolveTraceOptions } from '../options/options.ts';
import { Tracer } from '../tracer.ts';
import { LangChainTracerStandIn } from './langchain-tracer.ts';

const State = Annotation.Root({ text: Annotation<string>(), fail: Annotation<boolean>() });
type Values = typeof State.State;

/** What langsmith's own client sends, of its own accord, while LANGSMITH_TRACING is set. */
let langsmith: LangSmithServer;
beforeAll(async () => {
  // One for all tests: langsmith's shared clients keep the address they saw first.
  langsmith = await LangSmithServer.start();
  vi.stubEnv('LANGSMITH_TRACING', 'true');
  vi.stubEnv('LANGSMITH_ENDPOINT', langsmith.url);
  vi.stubEnv('LANGSMITH_API_KEY', 'key');
});
beforeEach(() => langsmith.clear());
afterAll(async () => {
  vi.unstubAllEnvs();
  await langsmith[Symbol.asyncDispose]();
});

function setup(sampleRate = 1) {
  const exporter = new CollectingExporter();
  const problems: string[] = [];
  const logger = {
    warn: (text: string) => void problems.push(text),
    error: (text: string) => void problems.push(text),
  };
  const tracer = new Tracer(resolveTraceOptions({ sampleRate }, {}, '/nowhere'), { exporter, logger });
  let late = 0;
  const standIn = new LangChainTracerStandIn({
    project: 'p',
    onLate: () => {
      late += 1;
    },
    onDefect: (where, thrown) => void problems.push(`${where}: ${String(thrown)}`),
  });
  return {
    callbacks: [tracer.handler, standIn],
    problems,
    standIn,
    late: () => late,
    async only(): Promise<Trace> {
      await tracer.flush();
      expect(problems).toEqual([]);
      expect(exporter.traces).toHaveLength(1);
      return exporter.traces[0]!;
    },
    async traces(): Promise<readonly Trace[]> {
      await tracer.flush();
      return exporter.traces;
    },
  };
}

/** A graph of one node that does what the test says. */
function graphOf(node: (state: Values, config: LangGraphRunnableConfig) => Promise<Partial<Values>>) {
  return new StateGraph(State).addNode('work', node).addEdge(START, 'work').compile({ name: 'nested' });
}

/** `parent > child` of each span below the node, in the order they started. */
function tree(trace: Trace): string[] {
  const name = new Map(trace.spans.map((span) => [span.id, span.name]));
  return trace.spans
    .filter((span) => span.type !== 'graph' && span.name !== '__start__')
    .map((span) => `${name.get(span.parentId ?? '') ?? '?'} > ${span.name}`);
}

const named = (trace: Trace, name: string): Span => trace.spans.find((span) => span.name === name)!;

/** Whatever langsmith has queued is sent before this resolves. */
async function sentByLangSmith(): Promise<readonly string[]> {
  await RunTree.getSharedClient().awaitPendingTraceBatches();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return langsmith.runs.map((run) => String(run['name']));
}

describe('a traced graph while LANGSMITH_TRACING is set', () => {
  it('records traceable functions, and models called in them, where they ran', async () => {
    const model = new FakeListChatModel({ responses: ['hi'] });
    const search = traceable(async (query: string) => [`found ${query}`], {
      name: 'search',
      run_type: 'retriever',
    });
    const plan = traceable(
      async (text: string) => {
        await search(text);
        await model.invoke(text);
        return `planned ${text}`;
      },
      { name: 'plan', metadata: { step: 'one' }, tags: ['mine'] },
    );
    const { callbacks, only } = setup();
    const graph = graphOf(async ({ text }) => ({ text: await plan(text) }));
    await graph.invoke({ text: 'x' }, { callbacks });
    const trace = await only();
    expect(tree(trace)).toEqual([
      'nested > work',
      'work > plan',
      'plan > search',
      'plan > FakeListChatModel',
    ]);
    expect(named(trace, 'plan')).toMatchObject({
      type: 'chain',
      outcome: 'success',
      inputs: { input: 'x' },
      outputs: { outputs: 'planned x' },
      metadata: { step: 'one', langgraph_node: 'work' },
    });
    expect(named(trace, 'plan').tags).toContain('mine');
    expect(named(trace, 'search')).toMatchObject({ type: 'retriever', outputs: { outputs: ['found x'] } });
    expect(await sentByLangSmith()).toEqual([]);
  });

  it('sends nothing twice, and nothing at all of a trace that is dropped', async () => {
    const { callbacks, traces } = setup(0);
    const inner = traceable(async (text: string) => text, { name: 'inner' });
    const lambda = RunnableLambda.from((text: string) => inner(text));
    await graphOf(async ({ text }) => ({ text: await lambda.invoke(text) })).invoke(
      { text: 'x' },
      { callbacks },
    );
    expect(await traces()).toEqual([]);
    expect(await sentByLangSmith()).toEqual([]);
  });

  it('is what keeps langsmith from sending: without it the same run is sent', async () => {
    await graphOf(async ({ text }) => ({ text })).invoke({ text: 'x' });
    await eventually(() => expect(langsmith.runs.map((run) => run['name'])).toContain('nested'));
  });

  it('gives an error in a traceable function to that function and to all around it', async () => {
    const broken = traceable(
      async (_text: string) => {
        throw new RangeError('no such order');
      },
      { name: 'broken' },
    );
    const { callbacks, only } = setup(0);
    const graph = graphOf(async ({ text }) => ({ text: await broken(text) }));
    await expect(graph.invoke({ text: 'x' }, { callbacks })).rejects.toThrow('no such order');
    const trace = await only();
    expect(trace).toMatchObject({ outcome: 'error', failingSpanId: named(trace, 'broken').id });
    expect(named(trace, 'broken')).toMatchObject({
      outcome: 'error',
      error: { name: 'RangeError', message: 'no such order' },
    });
  });

  it('tells a handled error and an interrupt in a traceable function from an error', async () => {
    const broken = traceable(
      async (_text: string) => {
        throw new Error('flaky');
      },
      { name: 'broken' },
    );
    const ask = traceable(async (text: string) => String(interrupt({ question: text })), { name: 'ask' });
    const { callbacks, only } = setup();
    const graph = new StateGraph(State)
      .addNode('work', async ({ text }) => {
        await broken(text).catch(() => undefined);
        return { text: await ask(text) };
      })
      .addEdge(START, 'work')
      .compile({ checkpointer: new MemorySaver() });
    await graph.invoke({ text: 'sure?' }, { callbacks, configurable: { thread_id: 't' } });
    const trace = await only();
    expect(trace.outcome).toBe('interrupted');
    expect(named(trace, 'broken').outcome).toBe('handled_error');
    expect(named(trace, 'ask').outcome).toBe('interrupted');
  });

  it('notes the first token of a streaming traceable, and no error when its reader leaves', async () => {
    const stream = traceable(
      async function* (text: string) {
        yield `${text} one`;
        yield `${text} two`;
      },
      { name: 'stream', run_type: 'llm' },
    );
    const { callbacks, only } = setup();
    const graph = graphOf(async ({ text }) => {
      for await (const _token of await stream(text)) break;
      return {};
    });
    await graph.invoke({ text: 'x' }, { callbacks });
    const span = named(await only(), 'stream');
    expect(span).toMatchObject({ type: 'llm', outcome: 'success' });
    expect(span.events.map(({ name }) => name)).toEqual(['first_token']);
    expect(span.events[0]!.timeMs).toBeLessThanOrEqual(span.endTimeMs + 1);
  });

  it('records run trees made by hand, and hands their place on to other services', async () => {
    const headers: Record<string, string>[] = [];
    const { callbacks, only } = setup();
    const graph = graphOf(async () => {
      const child = getCurrentRunTree().createChild({
        name: 'by hand',
        run_type: 'embedding',
        inputs: { a: 1 },
      });
      await child.postRun();
      headers.push(child.toHeaders());
      await child.end({ b: 2 });
      await child.patchRun();
      return {};
    });
    await graph.invoke({ text: 'x' }, { callbacks });
    const trace = await only();
    expect(named(trace, 'by hand')).toMatchObject({ type: 'chain', inputs: { a: 1 }, outputs: { b: 2 } });
    const run = toLangSmithRuns(trace, { project: 'p' }).find(({ name }) => name === 'by hand')!;
    expect(run.run_type).toBe('embedding');
    expect(headers[0]!['langsmith-trace']).toBe(run.dotted_order);
  });

  it('hangs a graph below the traceable function that called it', async () => {
    const { callbacks, only } = setup();
    const graph = graphOf(async ({ text }) => ({ text }));
    const handler = traceable(async (text: string) => graph.invoke({ text }, { callbacks }), {
      name: 'request',
    });
    await handler('x');
    await eventually(() => expect(langsmith.runs.map((run) => run['name'])).toEqual(['request']));
    const request = langsmith.runs[0]!;
    const [root, ...rest] = toLangSmithRuns(await only(), { project: 'p' });
    expect(root).toMatchObject({ name: 'nested', trace_id: request.id, parent_run_id: request.id });
    expect(root!.dotted_order.startsWith(`${String(request['dotted_order'])}.`)).toBe(true);
    expect(rest.every((run) => run.trace_id === request.id)).toBe(true);
    expect(root!.extra['metadata']).not.toHaveProperty('ls_parent_dotted_order');
  });

  it('records in subgraphs and in branches that run side by side', async () => {
    const step = traceable(
      async (text: string) => {
        await new Promise((resolve) => setImmediate(resolve));
        return text;
      },
      { name: 'step' },
    );
    const Log = Annotation.Root({
      log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
    });
    const branch = (name: string) => async () => ({ log: [await step(name)] });
    const inner = new StateGraph(Log)
      .addNode('deep', branch('deep'))
      .addEdge(START, 'deep')
      .compile({ name: 'inner' });
    const graph = new StateGraph(Log)
      .addNode('a', branch('a'))
      .addNode('b', branch('b'))
      .addNode('sub', inner)
      .addEdge(START, 'a')
      .addEdge(START, 'b')
      .addEdge(START, 'sub')
      .compile();
    const { callbacks, only } = setup();
    await graph.invoke({}, { callbacks });
    expect(
      tree(await only())
        .filter((line) => line.endsWith('> step'))
        .sort(),
    ).toEqual(['a > step', 'b > step', 'deep > step']);
  });

  it('does not let a run in that outlives its trace, and does not send it elsewhere either', async () => {
    const { callbacks, only, late } = setup();
    let begin: (() => Promise<unknown>) | undefined;
    const straggler = traceable(async () => 'late', { name: 'straggler' });
    const graph = graphOf(async () => {
      const tree = getCurrentRunTree();
      begin = () => straggler(tree as never);
      return {};
    });
    await graph.invoke({ text: 'x' }, { callbacks });
    await begin?.();
    expect(tree(await only())).toEqual(['nested > work']);
    expect(late()).toBe(1);
    expect(await sentByLangSmith()).toEqual([]);
  });

  it('carries configurable values and the parameters of model calls to LangSmith', async () => {
    const model = new ChatOpenAI({
      model: 'gpt-4.1-mini',
      temperature: 0.2,
      apiKey: 'none',
      maxRetries: 0,
      configuration: { baseURL: 'http://127.0.0.1:9' },
    });
    const { callbacks, only } = setup();
    const graph = graphOf(async ({ text }) => {
      await model.invoke(text).catch(() => undefined);
      return {};
    });
    await graph.invoke({ text: 'x' }, { callbacks, configurable: { user_id: 'u-1' } });
    const runs = toLangSmithRuns(await only(), { project: 'p' });
    for (const run of runs) expect(run.extra['metadata']).toMatchObject({ user_id: 'u-1' });
    expect(runs.find((run) => run.run_type === 'llm')?.extra).toMatchObject({
      invocation_params: { model: 'gpt-4.1-mini', temperature: 0.2 },
      metadata: { ls_model_name: 'gpt-4.1-mini' },
    });
  });

  it('records calls of a wrapped OpenAI client, with their usage', async () => {
    const openai = wrapOpenAI(
      new OpenAI({
        apiKey: 'none',
        fetch: async () =>
          Response.json({
            id: 'c-1',
            object: 'chat.completion',
            created: 0,
            model: 'gpt-4.1-mini',
            choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
            usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
          }),
      }),
    );
    const { callbacks, only } = setup();
    const graph = graphOf(async ({ text }) => {
      const messages = [{ role: 'user' as const, content: text }];
      const { choices } = await openai.chat.completions.create({ model: 'gpt-4.1-mini', messages });
      return { text: choices[0]?.message.content ?? '' };
    });
    await graph.invoke({ text: 'x' }, { callbacks });
    const trace = await only();
    expect(tree(trace)).toEqual(['nested > work', 'work > ChatOpenAI']);
    const usage = { inputTokens: 7, outputTokens: 2, totalTokens: 9 };
    expect(named(trace, 'ChatOpenAI')).toMatchObject({ type: 'llm', model: 'gpt-4.1-mini', usage });
    expect(trace.usage).toEqual(usage);
    const run = toLangSmithRuns(trace, { project: 'p' }).find(({ run_type }) => run_type === 'llm');
    expect(run?.extra['metadata']).toMatchObject({
      usage_metadata: { input_tokens: 7, output_tokens: 2, total_tokens: 9 },
    });
    expect(await sentByLangSmith()).toEqual([]);
  });

  it('does not send a graph twice that runs inside a chain which langsmith traces', async () => {
    const { callbacks, only } = setup();
    const graph = graphOf(async ({ text }) => ({
      text: await traceable(async () => text, { name: 'inner' })(),
    }));
    const traced = graph.withConfig({ callbacks });
    const chain = RunnableLambda.from(
      async (text: string) => (await traced.invoke({ text })).text,
    ).withConfig({ runName: 'outer' });
    await chain.invoke('x');
    await awaitAllCallbacks();
    expect(await sentByLangSmith()).toEqual(['outer']);
    const outer = langsmith.runs[0]!;
    const trace = await only();
    expect(tree(trace)).toEqual(['nested > work', 'work > inner']);
    const [root] = toLangSmithRuns(trace, { project: 'p' });
    expect(root).toMatchObject({ trace_id: outer.id, parent_run_id: outer.id });
    expect(root!.dotted_order.startsWith(`${String(outer['dotted_order'])}.`)).toBe(true);
  });

  it('leaves the client that code in a node finds usable for everything else', async () => {
    let found: Client | undefined;
    const { callbacks, only } = setup();
    const graph = graphOf(async () => {
      found = getCurrentRunTree().client;
      await found.createFeedback(getCurrentRunTree().trace_id, 'thumbs', {
        score: 1,
        sessionId: '0199a000-0000-7000-8000-000000000001',
      });
      return {};
    });
    await graph.invoke({ text: 'x' }, { callbacks });
    const trace = await only();
    expect(found).toBeInstanceOf(Client);
    expect(langsmith.feedback).toMatchObject([{ run_id: trace.id, key: 'thumbs', score: 1 }]);
  });
});
