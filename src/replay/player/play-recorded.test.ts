import { createRequire } from 'node:module';
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { BaseChatModel, SimpleChatModel } from '@langchain/core/language_models/chat_models';
import { LLM } from '@langchain/core/language_models/llms';
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  type ToolMessage,
} from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import { BaseRetriever } from '@langchain/core/retrievers';
import { type StructuredTool, tool } from '@langchain/core/tools';
import { FakeListChatModel, FakeStreamingChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  interrupt,
  MessagesAnnotation,
  Send,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { record, tempHome } from '../../../test/support/recorded-run.ts';
import { rootSpan, systemClock, type Trace } from '../../core/index.ts';
import type { Played, ReplayableGraph } from '../contract.ts';
import { recordingOf } from '../recording/index.ts';
import { openPlayer, type PlayRecordedOptions, playRecorded } from './index.ts';
import { currentPlayer } from './player.ts';

const asGraph = (graph: unknown) => graph as ReplayableGraph;

async function play(
  graph: ReplayableGraph,
  trace: Trace,
  options: Partial<PlayRecordedOptions> = {},
): Promise<Played> {
  return await playRecorded(graph, {
    recording: recordingOf(trace),
    input: trace.spans[0]?.inputs,
    configurable: {},
    home: await tempHome(),
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    clock: systemClock(),
    ...options,
  });
}

/** A graph of one node that answers with what `work` returns. */
function oneNode(work: (messages: BaseMessage[]) => Promise<BaseMessage | BaseMessage[] | string>) {
  return asGraph(
    new StateGraph(MessagesAnnotation)
      .addNode('answer', async ({ messages }) => {
        const answer = await work(messages);
        return { messages: typeof answer === 'string' ? [new AIMessage(answer)] : answer };
      })
      .addEdge(START, 'answer')
      .compile(),
  );
}

const hello = { messages: [new HumanMessage({ content: 'hello', id: 'h1' })] };
const outputOf = (trace: Trace) => JSON.stringify(trace.spans[0]?.outputs);
const textsOf = (trace: Trace) =>
  (rootSpan(trace).outputs as { messages: { kwargs: { content: string } }[] }).messages.map(
    ({ kwargs }) => kwargs.content,
  );

/** A model of one's own with a private field, which a stand-in must not break. */
class CountingModel extends SimpleChatModel {
  #calls = 0;
  readonly answers: readonly (string | Error)[];
  constructor(answers: readonly (string | Error)[]) {
    super({});
    this.answers = answers;
  }
  get calls() {
    return this.#calls;
  }
  _llmType() {
    return 'counting';
  }
  override invocationParams() {
    return { calls: this.#calls };
  }
  async _call() {
    const answer = this.answers[this.#calls] ?? 'no more';
    this.#calls += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

/** A model that streams its answer in unequal pieces, with a tool call and usage at the end. */
class StreamingModel extends BaseChatModel {
  calls = 0;
  _llmType() {
    return 'streaming';
  }
  override bindTools() {
    return this;
  }
  async _generate(): Promise<never> {
    throw new Error('This model only streams.');
  }
  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    _options: unknown,
    runManager?: CallbackManagerForLLMRun,
  ) {
    this.calls += 1;
    const chunks = [
      new AIMessageChunk({ content: 'Let me ' }),
      new AIMessageChunk({ content: 'look' }),
      new AIMessageChunk({
        content: '',
        tool_call_chunks: [{ name: 'look_up', args: '{"id"', id: 'c1', index: 0, type: 'tool_call_chunk' }],
      }),
      new AIMessageChunk({
        content: '',
        tool_call_chunks: [{ args: ':"7"}', index: 0, type: 'tool_call_chunk' }],
      }),
      new AIMessageChunk({
        content: '',
        usage_metadata: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
        response_metadata: { finish_reason: 'tool_calls' },
        // The types know fields of messages of a declared structure alone.
      } as never),
    ];
    for (const message of chunks) {
      yield new ChatGenerationChunk({ message, text: String(message.content) });
      await runManager?.handleLLMNewToken(
        String(message.content),
        undefined,
        undefined,
        undefined,
        undefined,
        {
          chunk: new ChatGenerationChunk({ message, text: String(message.content) }),
        },
      );
    }
  }
}

class TextModel extends LLM {
  calls = 0;
  _llmType() {
    return 'text';
  }
  async _call(prompt: string) {
    this.calls += 1;
    return `said ${prompt} (${this.calls})`;
  }
}

class ShelfRetriever extends BaseRetriever {
  lc_namespace = ['test'];
  calls = 0;
  override async _getRelevantDocuments(query: string) {
    this.calls += 1;
    return [{ pageContent: `about ${query}`, metadata: { call: this.calls } }];
  }
}

describe('models', () => {
  it('answers as recorded, with usage, ids and metadata, without calling the model', async () => {
    const model = new CountingModel(['first', 'second']);
    const graph = oneNode(async (messages) => [await model.invoke(messages), await model.invoke(messages)]);
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(model.calls).toBe(2);
    expect(outputOf(played.trace)).toBe(outputOf(trace));
    expect(played.calls).toMatchObject([
      { seq: 0, kind: 'model', node: 'answer', name: 'CountingModel', ordinal: 0, match: 'exact' },
      { seq: 1, ordinal: 1, match: 'exact' },
    ]);
    expect(played.notes).toEqual([]);
    expect(played.trace.spans.map(({ name }) => name)).toEqual(trace.spans.map(({ name }) => name));
  });

  it('gives the n-th call the n-th result, also when it was an error', async () => {
    const model = new CountingModel([new RangeError('busy'), 'at last']);
    const graph = oneNode(async (messages) => {
      try {
        return await model.invoke(messages);
      } catch (thrown) {
        return [new AIMessage(`${thrown instanceof RangeError}`), await model.invoke(messages)];
      }
    });
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(model.calls).toBe(2);
    expect(played.trace.outcome).toBe('handled_error');
    expect(textsOf(played.trace)).toEqual(['hello', 'true', 'at last']);
  });

  it('fails as recorded', async () => {
    const model = new CountingModel([new TypeError('no such thing')]);
    const graph = oneNode((messages) => model.invoke(messages));
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(model.calls).toBe(1);
    expect(played.trace).toMatchObject({
      outcome: 'error',
      error: { name: 'TypeError', message: 'no such thing' },
    });
  });

  it('streams, with the tokens told to callbacks, and joins to the recorded message', async () => {
    const model = new StreamingModel({});
    const graph = oneNode(async (messages) => {
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await model.stream(messages)) whole = whole?.concat(chunk) ?? chunk;
      return whole as AIMessageChunk;
    });
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(model.calls).toBe(1);
    expect(outputOf(played.trace)).toBe(outputOf(trace));
    const [before, after] = [trace, played.trace].map(({ spans }) =>
      spans.find(({ type }) => type === 'llm'),
    );
    expect(after?.events.map(({ name, data }) => [name, data])).toEqual(
      before?.events.map(({ name, data }) => [name, data]),
    );
    expect(after?.usage).toEqual({ inputTokens: 3, outputTokens: 4, totalTokens: 7 });
  });

  it('answers a stream of events of the graph with the recorded chunks', async () => {
    const model = new StreamingModel({});
    const graph = oneNode((messages) => model.invoke(messages));
    const drive = async (of: ReplayableGraph, input: unknown) => {
      const seen: unknown[] = [];
      for await (const event of of.streamEvents(input as never, { version: 'v2' })) {
        if (event.event === 'on_chat_model_stream')
          seen.push([event.data.chunk.content, event.data.chunk.tool_call_chunks]);
      }
      return seen;
    };
    let recorded: unknown;
    const trace = await record(graph, hello, async (of, input) => {
      recorded = await drive(of, input);
    });
    const player = openPlayer(recordingOf(trace), { clock: systemClock() });
    expect(await player.run(() => drive(graph, hello))).toEqual(recorded);
    expect(model.calls).toBe(1);
  });

  it.each<[string, () => { model: BaseChatModel; count: () => number }]>([
    [
      'FakeListChatModel',
      () => {
        const model = new FakeListChatModel({ responses: ['a', 'b'] });
        return { model, count: () => model.i };
      },
    ],
    [
      'FakeStreamingChatModel',
      () => {
        const model = new FakeStreamingChatModel({ responses: [new AIMessage('fake')] });
        return { model, count: () => 0 };
      },
    ],
  ])('plays %s, invoked and streamed', async (_name, make) => {
    const { model, count } = make();
    const graph = oneNode(async (messages) => {
      const first = await model.invoke(messages);
      let text = '';
      for await (const chunk of await model.stream(messages)) text += chunk.content;
      return [first, new AIMessage({ content: text, id: 'x' })];
    });
    const trace = await record(graph, hello);
    const after = count();
    const played = await play(graph, trace);
    expect(count()).toBe(after);
    expect(outputOf(played.trace)).toBe(outputOf(trace));
    expect(played.calls.map(({ match }) => match)).toEqual(['exact', 'exact']);
  });

  it('plays ChatOpenAI with bound tools, structured output and its own events', async () => {
    const requests: string[] = [];
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      const body = JSON.parse(String(init?.body));
      requests.push(String(init?.body));
      const message = body.tools
        ? {
            role: 'assistant',
            content: null,
            tool_calls: [
              {
                id: 'call_1',
                type: 'function',
                function: { name: body.tools[0].function.name, arguments: '{"city":"Rome"}' },
              },
            ],
          }
        : { role: 'assistant', content: '{"city":"Paris"}' };
      return Response.json({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'gpt-4.1',
        choices: [{ index: 0, finish_reason: 'stop', message }],
        usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
      });
    };
    const model = new ChatOpenAI({ model: 'gpt-4.1', apiKey: 'sk-none', configuration: { fetch } });
    const city = z.object({ city: z.string() });
    const weather = tool(async () => 'sunny', { name: 'weather', description: 'x', schema: city });
    const graph = oneNode(async (messages) => {
      const bound = await model.bindTools([weather]).invoke(messages);
      const structured = await model.withStructuredOutput(city).invoke(messages);
      const called = await model
        .withStructuredOutput(city, { method: 'functionCalling', name: 'place' })
        .invoke(messages);
      return [bound, new AIMessage({ content: JSON.stringify([structured, called]), id: 'y' })];
    });
    const trace = await record(graph, hello);
    expect(trace.outcome).toBe('success');
    const count = requests.length;
    const played = await play(graph, trace);
    expect(requests).toHaveLength(count);
    expect(outputOf(played.trace)).toBe(outputOf(trace));
    expect(played.trace.usage).toEqual(trace.usage);
    expect(played.blocked).toEqual([]);
  });

  it('plays text models, one prompt or several', async () => {
    const model = new TextModel({});
    const graph = oneNode(async () => {
      const several = await model.generate(['x', 'y']);
      return [await model.invoke('z'), ...several.generations.map(([first]) => first?.text)].join(' | ');
    });
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(model.calls).toBe(3);
    expect(textsOf(played.trace)).toEqual(textsOf(trace));
    expect(played.notes).toEqual([]);
  });

  it('plays the CommonJS build of LangChain', async () => {
    const require = createRequire(import.meta.url);
    const { FakeListChatModel: CommonJsModel } = require('@langchain/core/utils/testing');
    const commonJs = require('@langchain/core/tools');
    expect(CommonJsModel).not.toBe(FakeListChatModel);
    let toolCalls = 0;
    const model = new CommonJsModel({ responses: ['one', 'two', 'three', 'four'] });
    const dice = commonJs.tool(async () => `rolled ${++toolCalls}`, { name: 'dice', description: 'x' });
    const graph = oneNode(
      async (messages) => `${(await model.invoke(messages)).content} ${await dice.invoke('d6')}`,
    );
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(textsOf(played.trace)).toEqual(textsOf(trace));
    expect([model.i, toolCalls]).toEqual([1, 1]);
  });

  it('changes nothing outside of the replay', async () => {
    const model = new CountingModel(['recorded', 'outside']);
    const graph = oneNode((messages) => model.invoke(messages));
    const trace = await record(graph, hello);
    const [played, outside] = await Promise.all([play(graph, trace), model.invoke('hello')]);
    expect(outside.content).toBe('outside');
    expect(textsOf(played.trace)).toEqual(['hello', 'recorded']);
    expect(currentPlayer()).toBeUndefined();
  });
});

describe('tools and retrievers', () => {
  function toolsGraph() {
    const count = { lookUp: 0, priced: 0, moved: 0 };
    const lookUp = tool(async ({ id }: { id: string }) => ({ id, call: ++count.lookUp }), {
      name: 'look_up',
      description: 'x',
      schema: z.object({ id: z.string(), deep: z.boolean().default(false) }),
    });
    const priced = tool(async () => ['9.99', { call: ++count.priced }], {
      name: 'price',
      description: 'x',
      schema: z.object({}),
      responseFormat: 'content_and_artifact',
    });
    const move = tool(async () => new Command({ update: { note: `moved ${++count.moved}` }, goto: 'end' }), {
      name: 'move',
      description: 'x',
      schema: z.object({}),
    });
    const State = Annotation.Root({ ...MessagesAnnotation.spec, note: Annotation<string>() });
    const graph = asGraph(
      new StateGraph(State)
        .addNode('work', async () => {
          const raw = await lookUp.invoke({ id: '7' });
          const call = await (lookUp as StructuredTool).invoke({
            type: 'tool_call',
            id: 'c1',
            name: 'look_up',
            args: { id: '8' },
          });
          const withArtifact = await (priced as StructuredTool).invoke({
            type: 'tool_call',
            id: 'c2',
            name: 'price',
            args: {},
          });
          return { note: JSON.stringify(raw), messages: [call, withArtifact] };
        })
        .addNode('go', async () => (await move.invoke({})) as Command, { ends: ['end'] })
        .addNode('end', () => ({}))
        .addEdge(START, 'work')
        .addEdge('work', 'go')
        .compile(),
    );
    return { graph, count };
  }

  it('answers as recorded: values, messages, artifacts and commands', async () => {
    const { graph, count } = toolsGraph();
    const trace = await record(graph, hello);
    expect(trace.outcome).toBe('success');
    const played = await play(graph, trace);
    expect(count).toEqual({ lookUp: 2, priced: 1, moved: 1 });
    const withoutIds = (text: string) => text.replace(/[0-9a-f-]{36}/g, '<id>');
    expect(withoutIds(outputOf(played.trace))).toBe(withoutIds(outputOf(trace)));
    expect(played.calls.map(({ name, ordinal, match }) => [name, ordinal, match])).toEqual([
      ['look_up', 0, 'exact'],
      ['look_up', 1, 'exact'],
      ['price', 0, 'exact'],
      ['move', 0, 'exact'],
    ]);
  });

  it('follows a recorded command to the parent graph', async () => {
    let calls = 0;
    const handOff = tool(
      async () => {
        calls += 1;
        return new Command({ graph: Command.PARENT, goto: 'other', update: { note: `handed off ${calls}` } });
      },
      { name: 'hand_off', description: 'x', schema: z.object({}) },
    );
    const State = Annotation.Root({ note: Annotation<string>() });
    const inner = new StateGraph(State)
      .addNode('agent', async () => (await handOff.invoke({})) as Command)
      .addEdge(START, 'agent')
      .compile();
    const graph = asGraph(
      new StateGraph(State)
        .addNode('first', inner, { ends: ['other'] })
        .addNode('other', ({ note }) => ({ note: `${note}, taken over` }))
        .addEdge(START, 'first')
        .compile(),
    );
    const trace = await record(graph, { note: '' });
    expect(rootSpan(trace).outputs).toEqual({ note: 'handed off 1, taken over' });
    const played = await play(graph, trace);
    expect(rootSpan(played.trace).outputs).toEqual(rootSpan(trace).outputs);
    expect(calls).toBe(1);
  });

  it('answers the call that is made now, whatever its id', async () => {
    const lookUp = tool(async ({ id }: { id: string }) => `item ${id}`, {
      name: 'look_up',
      description: 'x',
      schema: z.object({ id: z.string() }),
    });
    const graph = (callId: string) =>
      oneNode(
        async () =>
          (await (lookUp as StructuredTool).invoke({
            type: 'tool_call',
            id: callId,
            name: 'look_up',
            args: { id: '7' },
          })) as ToolMessage,
      );
    const trace = await record(graph('before'), hello);
    const played = await play(graph('after'), trace);
    expect(outputOf(played.trace)).toContain('"tool_call_id":"after"');
    expect(played.calls[0]?.match).toBe('exact');
  });

  it('asks again what a recorded tool asked of a person', async () => {
    let calls = 0;
    const ask = tool(
      async () => {
        calls += 1;
        return interrupt({ question: 'sure?' });
      },
      { name: 'ask', description: 'x', schema: z.object({}) },
    );
    const graph = oneNode(async () => String(await ask.invoke({})));
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(calls).toBe(1);
    expect(played.trace.outcome).toBe(trace.outcome);
    expect(played.trace.spans.map(({ outcome }) => outcome)).toEqual(
      trace.spans.map(({ outcome }) => outcome),
    );
  });

  it('plays retrievers', async () => {
    const shelf = new ShelfRetriever();
    const graph = oneNode(async () => JSON.stringify(await shelf.invoke('cats')));
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(shelf.calls).toBe(1);
    expect(textsOf(played.trace)).toEqual(textsOf(trace));
    expect(played.calls).toMatchObject([{ kind: 'retriever', name: 'ShelfRetriever', match: 'exact' }]);
  });

  it('says what ran inside of a tool and does not run again', async () => {
    const model = new CountingModel(['inner', 'outer']);
    const agent = tool(
      async (question: string, config) => String((await model.invoke(question, config)).content),
      {
        name: 'agent',
        description: 'x',
      },
    );
    const graph = oneNode(async (messages) => {
      const inner = await agent.invoke('q');
      return `${inner} ${(await model.invoke(messages)).content}`;
    });
    const trace = await record(graph, hello);
    const played = await play(graph, trace);
    expect(textsOf(played.trace)).toEqual(['hello', 'inner outer']);
    expect(played.notes).toEqual([
      '1 recorded calls inside of tools did not run again: the tools answered as recorded.',
    ]);
    const live = await play(graph, trace, { tools: 'live' });
    expect(live.calls.map(({ name, match }) => [name, match])).toEqual([
      ['agent', 'live'],
      ['CountingModel', 'exact'],
      ['CountingModel', 'exact'],
    ]);
    expect(model.calls).toBe(2);
  });
});

describe('what was not recorded', () => {
  const recorded = new CountingModel(['plain answer', 'second']);
  const before = oneNode((messages) => recorded.invoke(messages));
  const patched = oneNode((messages) => recorded.invoke([new HumanMessage('Be kind.'), ...messages]));

  it('falls back to the call in the same place and names the first difference', async () => {
    const trace = await record(before, hello);
    const { calls } = await play(patched, trace);
    expect(calls).toMatchObject([
      {
        match: 'ordinal',
        nearest:
          'node answer, model call 1 (CountingModel): [0].content differs at character 0: recorded "hello", now "Be kind."',
      },
    ]);
  });

  const twice = oneNode(async (messages) => [
    await recorded.invoke(messages),
    await recorded.invoke('one more'),
    await recorded.invoke('and one').catch(() => new AIMessage('went on')),
  ]);

  it('ends the run at the first call that nothing fits, and every later one', async () => {
    const trace = await record(before, hello);
    const { trace: after, calls } = await play(twice, trace);
    expect(calls.map(({ match }) => match)).toEqual(['exact', 'miss']);
    expect(after.outcome).toBe('error');
    expect(after.error?.message).toMatch(
      /^Nothing recorded fits this call of model CountingModel\. The nearest is/,
    );
  });

  it('calls the model, or makes an answer up, when it is told to', async () => {
    const trace = await record(before, hello);
    const calls = recorded.calls;
    const live = await play(twice, trace, { onMiss: 'live' });
    expect(live.calls.map(({ match }) => match)).toEqual(['exact', 'live', 'live']);
    expect(recorded.calls).toBe(calls + 2);
    const stubbed = await play(twice, trace, { onMiss: 'stub' });
    expect(stubbed.calls.map(({ match }) => match)).toEqual(['exact', 'stub', 'stub']);
    expect(textsOf(stubbed.trace).at(-1)).toMatch(/^\[stub/);
    expect(recorded.calls).toBe(calls + 2);
  });

  it('calls no tool that is not recorded, unless it is allowed by name', async () => {
    let mails = 0;
    const mail = tool(async (text: string) => `sent ${text} ${++mails}`, {
      name: 'mail',
      description: 'x',
    });
    const mailing = oneNode(async () => String(await mail.invoke('hi')));
    const trace = await record(before, hello);
    const refused = await play(mailing, trace, { onMiss: 'live' });
    expect(mails).toBe(0);
    expect(refused.blocked).toMatchObject([{ kind: 'tool', what: 'mail', node: 'answer' }]);
    expect(refused.trace.outcome).toBe('error');
    const allowed = await play(mailing, trace, { allowTools: ['mail'] });
    expect(mails).toBe(1);
    expect(allowed.blocked).toEqual([]);
    expect(allowed.trace.outcome).toBe('success');
  });

  it('refuses a recording without results', async () => {
    const trace = await record(before, hello);
    const hidden = {
      ...trace,
      spans: trace.spans.map(({ outputs: _outputs, ...span }) => ({
        ...span,
        gaps: [{ field: 'outputs' as const, reason: 'hidden' as const }],
      })),
    };
    await expect(play(before, hidden)).rejects.toMatchObject({ code: 'REPLAY_NOTHING_RECORDED' });
    expect(recordingOf(hidden).notes).toEqual([
      '1 of 1 recorded calls have no result to play: node answer, model call 1 (CountingModel).',
    ]);
  });
});

describe('a model with a cache', () => {
  it('is played too, and its cache is neither asked nor filled', async () => {
    const model = new CountingModel(['kept']);
    const graph = oneNode((messages) => model.invoke(messages));
    const trace = await record(graph, hello);
    const lookups: string[] = [];
    model.cache = {
      lookup: async (prompt: string) => {
        lookups.push(prompt);
        return null;
      },
      update: async (prompt: string) => void lookups.push(prompt),
    } as never;
    const played = await play(graph, trace);
    expect(textsOf(played.trace)).toEqual(['hello', 'kept']);
    expect(lookups).toEqual([]);
  });
});

describe('the limit of supersteps', () => {
  const State = Annotation.Root({
    rounds: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  });
  const loop = asGraph(
    new StateGraph(State)
      .addNode('turn', () => ({ rounds: 1 }))
      .addEdge(START, 'turn')
      .addConditionalEdges('turn', ({ rounds }) => (rounds < 60 ? 'turn' : '__end__'))
      .compile(),
  );

  it.each([
    [100, 'success'],
    [40, 'error'],
  ])('is enough for a run that was given %i, and fails as it failed', async (recursionLimit, outcome) => {
    const trace = await record(loop, { rounds: 0 }, (graph, input) =>
      graph.invoke(input, { recursionLimit }),
    );
    const { trace: after } = await play(loop, trace);
    expect([trace.outcome, after.outcome]).toEqual([outcome, outcome]);
    expect(after.spans).toHaveLength(trace.spans.length);
    expect(after.error?.message).toBe(trace.error?.message);
  });
});

describe('branches', () => {
  it('gives each parallel task of one node its own results, whatever the order', async () => {
    const State = Annotation.Root({
      topic: Annotation<string>(),
      found: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    });
    const model = new CountingModel(['1', '2', '3', '4', '5', '6']);
    const graph = asGraph(
      new StateGraph(State)
        .addNode('plan', () => ({}))
        .addNode('dig', async ({ topic }) => {
          const first = await model.invoke('the same question');
          const second = await model.invoke(`more on ${topic}`);
          return { found: [`${topic}: ${first.content} ${second.content}`] };
        })
        .addEdge(START, 'plan')
        .addConditionalEdges('plan', () => ['a', 'b', 'c'].map((topic) => new Send('dig', { topic })))
        .compile(),
    );
    const trace = await record(graph, { found: [] });
    const played = await play(graph, trace);
    expect(played.trace.spans[0]?.outputs).toEqual(trace.spans[0]?.outputs);
    expect(model.calls).toBe(6);
    expect(played.calls.every(({ match }) => match === 'exact')).toBe(true);
  });

  it('waits to be cancelled where it was cancelled', async () => {
    let begun = 0;
    class HangingModel extends SimpleChatModel {
      _llmType() {
        return 'hanging';
      }
      async _call(_messages: BaseMessage[], { signal }: this['ParsedCallOptions']): Promise<string> {
        begun += 1;
        return await new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      }
    }
    const model = new HangingModel({});
    const graph = asGraph(
      new StateGraph(MessagesAnnotation)
        .addNode('hang', async ({ messages }, config) => ({
          messages: [await model.invoke(messages, config)],
        }))
        .addNode('fail', async () => {
          await new Promise(setImmediate);
          throw new TypeError('this one fails');
        })
        .addEdge(START, 'hang')
        .addEdge(START, 'fail')
        .compile(),
    );
    const trace = await record(graph, hello);
    const outcomes = ({ spans }: Trace) => spans.map(({ name, outcome }) => [name, outcome]);
    expect(outcomes(trace)).toContainEqual(['HangingModel', 'cancelled']);
    const played = await play(graph, trace);
    expect(begun).toBe(1);
    expect(outcomes(played.trace)).toEqual(outcomes(trace));
    expect(played.trace.error?.message).toBe('this one fails');
  });
});
