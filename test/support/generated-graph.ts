import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, AIMessageChunk, type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import type { RunnableConfig } from '@langchain/core/runnables';
import { type StructuredTool, tool } from '@langchain/core/tools';
import { Annotation, END, messagesStateReducer, Send, START, StateGraph } from '@langchain/langgraph';
import { z } from 'zod';
import { type Random, seededRandom } from '../../src/core/index.ts';
import type { ReplayableGraph } from '../../src/replay/index.ts';

/** Calls that reached a model or a tool. */
export interface LiveCalls {
  count: number;
}

const State = Annotation.Root({
  topic: Annotation<string>(),
  rounds: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  messages: Annotation<BaseMessage[]>({ reducer: messagesStateReducer, default: () => [] }),
});
type Values = typeof State.State;
type Work = (state: Values, config: RunnableConfig) => Promise<Partial<Values>>;

/** A model whose answers depend on nothing but how often it was called, so that only a recording can repeat them. */
class UnrepeatableModel extends BaseChatModel {
  readonly live: LiveCalls;
  readonly random: Random;
  readonly isBound: boolean;
  /** Calls that fail. */
  failing = 0;

  constructor(live: LiveCalls, random: Random, isBound = false) {
    super({});
    this.live = live;
    this.random = random;
    this.isBound = isBound;
  }

  _llmType() {
    return 'unrepeatable';
  }

  override bindTools() {
    const bound = new UnrepeatableModel(this.live, this.random, true);
    bound.failing = this.failing;
    return bound;
  }

  private next(): AIMessage {
    this.live.count += 1;
    if (this.failing > 0) {
      this.failing -= 1;
      throw new RangeError(`busy ${this.live.count}`);
    }
    const text = `answer ${this.live.count} ${'la '.repeat(Math.floor(this.random() * 4))}end`;
    const { count } = this.live;
    return new AIMessage(
      // The types know fields of messages of a declared structure alone.
      {
        content: text,
        usage_metadata: { input_tokens: count, output_tokens: 2, total_tokens: count + 2 },
        tool_calls: this.isBound ? [{ id: `call_${count}`, name: 'pick', args: { key: `k${count}` } }] : [],
      } as never,
    );
  }

  async _generate() {
    const message = this.next();
    return { generations: [{ text: String(message.content), message }] };
  }

  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    _options: unknown,
    runManager?: CallbackManagerForLLMRun,
  ) {
    const { content, tool_calls: calls = [], usage_metadata: usage } = this.next();
    const text = String(content);
    const cut = Math.floor(this.random() * text.length);
    const parts = [
      new AIMessageChunk(text.slice(0, cut)),
      new AIMessageChunk(text.slice(cut)),
      ...calls.map(
        ({ id = '', name, args }) =>
          new AIMessageChunk({
            content: '',
            tool_call_chunks: [{ id, name, args: JSON.stringify(args), index: 0, type: 'tool_call_chunk' }],
          }),
      ),
      new AIMessageChunk({ content: '', usage_metadata: usage } as never),
    ];
    for (const message of parts) {
      const chunk = new ChatGenerationChunk({ message, text: String(message.content) });
      yield chunk;
      await runManager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

/**
 * A graph made of everything that a recording has to carry: models invoked, streamed, bound to tools and asked for
 * structured output, tools, calls that fail and are tried again, parallel branches and tasks, loops, nested graphs.
 *
 * @param seed The same seed gives the same graph, with its own models.
 * @returns The graph, the number of its nodes, and what counts the calls that reach its models and tools.
 */
export function generatedGraph(seed: number) {
  const random = seededRandom(seed);
  const live: LiveCalls = { count: 0 };
  const budget = { nodes: 2 + Math.floor(random() * 39) };
  const size = budget.nodes;
  const graph = buildGraph(random, live, budget, 0);
  return { graph: graph as unknown as ReplayableGraph, size, live };
}

function pickOne<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function buildGraph(random: Random, live: LiveCalls, budget: { nodes: number }, depth: number) {
  // biome-ignore lint/suspicious/noExplicitAny: the names of the nodes are not known to the types
  const builder = new StateGraph(State) as any;
  let last: string = START;
  let made = 0;
  const limit = depth === 0 ? Number.POSITIVE_INFINITY : 4;
  const name = () => `n${made++}`;
  while (budget.nodes > 0 && made < limit) {
    const shape = pickOne(random, [
      'line',
      'line',
      'line',
      'fan',
      'map',
      'loop',
      ...(depth < 2 ? ['nested'] : []),
    ]);
    if (shape === 'fan' && budget.nodes >= 4) {
      const join = name();
      const branches = Array.from({ length: 2 + Math.floor(random() * 2) }, name);
      budget.nodes -= branches.length + 1;
      for (const branch of branches) addNode(builder, branch, random, live).addEdge(last, branch);
      builder.addNode(join, async () => ({ log: ['joined'] })).addEdge(branches, join);
      last = join;
    } else if (shape === 'map' && last !== START) {
      const [task, join] = [name(), name()];
      budget.nodes -= 2;
      addNode(builder, task, random, live).addConditionalEdges(
        last,
        (state: Values) => ['a', 'b', 'c'].map((topic) => new Send(task, { ...state, topic })),
        [task],
      );
      builder.addNode(join, async () => ({})).addEdge(task, join);
      last = join;
    } else if (shape === 'loop') {
      const [body, after] = [name(), name()];
      budget.nodes -= 2;
      addNode(builder, body, random, live, true).addEdge(last, body);
      builder.addConditionalEdges(body, ({ rounds }: Values) => (rounds % 3 === 0 ? after : body), [
        body,
        after,
      ]);
      builder.addNode(after, async () => ({ log: ['looped'] }));
      last = after;
    } else if (shape === 'nested') {
      const node = name();
      budget.nodes -= 1;
      builder.addNode(node, nested(buildGraph(random, live, budget, depth + 1))).addEdge(last, node);
      last = node;
    } else {
      const node = name();
      budget.nodes -= 1;
      addNode(builder, node, random, live).addEdge(last, node);
      last = node;
    }
  }
  return builder.addEdge(last, END).compile({ name: `generated-${depth}` });
}

/** The outer state gets what the nested graph adds, and not what it was given a second time. */
// biome-ignore lint/suspicious/noExplicitAny: the same as for the builder
function nested(inner: any): Work {
  return async ({ topic, messages }, config) => {
    const { log, messages: all } = await inner.invoke({ topic, messages }, config);
    return { log, messages: all };
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the same as for the builder
function addNode(builder: any, node: string, random: Random, live: LiveCalls, isLoop = false) {
  const work = pickOne(random, WORKS)(random, live);
  const retryPolicy = { maxAttempts: 3, initialInterval: 1, jitter: false, logWarning: false };
  return builder.addNode(
    node,
    async (state: Values, config: RunnableConfig) => ({
      ...(await work(state, config)),
      ...(isLoop ? { rounds: 1 } : {}),
    }),
    { retryPolicy },
  );
}

const key = z.object({ key: z.string() });

function pickTool(live: LiveCalls) {
  return tool(async ({ key: wanted }: { key: string }) => `${wanted} is ${++live.count}`, {
    name: 'pick',
    description: 'x',
    schema: key,
  });
}

const promptOf = ({ topic, log }: Values) => [new HumanMessage(`${topic ?? 'all'} after ${log.length}`)];

const WORKS: readonly ((random: Random, live: LiveCalls) => Work)[] = [
  (random, live) => {
    const model = new UnrepeatableModel(live, random);
    return async (state, config) => ({ messages: [await model.invoke(promptOf(state), config)] });
  },
  (random, live) => {
    const model = new UnrepeatableModel(live, random);
    return async (state) => {
      const pieces: string[] = [];
      for await (const chunk of await model.stream(promptOf(state))) pieces.push(String(chunk.content));
      return { log: [pieces.join('|')] };
    };
  },
  (random, live) => {
    const bound = new UnrepeatableModel(live, random).bindTools();
    const pick = pickTool(live);
    return async (state) => {
      const message = (await bound.invoke(promptOf(state))) as AIMessage;
      const answers = await Promise.all(
        (message.tool_calls ?? []).map((call) =>
          (pick as StructuredTool).invoke({ ...call, type: 'tool_call' }),
        ),
      );
      return { messages: [message, ...(answers as BaseMessage[])] };
    };
  },
  (random, live) => {
    const structured = new UnrepeatableModel(live, random).withStructuredOutput(key, {
      name: 'pick',
      includeRaw: true,
    });
    return async (state) => ({
      log: [JSON.stringify((await structured.invoke(promptOf(state))).raw.content)],
    });
  },
  (random, live) => {
    const model = new UnrepeatableModel(live, random);
    model.failing = 1;
    return async (state) => ({ log: [String((await model.invoke(promptOf(state))).content)] });
  },
  (random, live) => {
    const model = new UnrepeatableModel(live, random);
    return async (state) => {
      const answers = await Promise.all(
        [1, 2, 3].map((one) => model.invoke([...promptOf(state), `${one % 2}`].join())),
      );
      return { log: answers.map(({ content }) => String(content)) };
    };
  },
  (_random, live) => {
    const moody = tool(
      async () => {
        if (++live.count % 2 === 0) throw new TypeError(`moody ${live.count}`);
        return { mood: live.count };
      },
      { name: 'moody', description: 'x', schema: z.object({}) },
    );
    return async () => {
      const first = await moody.invoke({}).catch((thrown: unknown) => String(thrown));
      const second = await moody.invoke({}).catch((thrown: unknown) => `${thrown instanceof TypeError}`);
      return { log: [JSON.stringify([first, second])] };
    };
  },
];
