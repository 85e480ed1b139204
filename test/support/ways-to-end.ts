import { setTimeout as delay } from 'node:timers/promises';
import { AIMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { FakeStreamingChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  MessagesAnnotation,
  RunControl,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import type { TraceableGraph } from '../../src/tracing/index.ts';

/** One run by its id and a number of its own; ends when its caller knows. */
export type Call = (runId: string, number: number) => Promise<unknown>;

/** Every way for a run to end, by name. */
export interface WaysToEnd {
  /** Each is an error, and its caller gets one. */
  readonly errors: Readonly<Record<string, Call>>;
  /** Each has an error inside and returns. */
  readonly handled: Readonly<Record<string, Call>>;
  /** Somebody chose to stop it: no error, whatever its caller gets. */
  readonly stopped: Readonly<Record<string, Call>>;
  readonly succeeding: Readonly<Record<string, Call>>;
  /** Stops for a question in the thread of its number. */
  readonly interrupted: Call;
  /** Goes on from there. */
  readonly resumed: Call;
}

const State = Annotation.Root({ ...MessagesAnnotation.spec, kind: Annotation<string>() });
type Values = typeof State.State;

/** Waits for as long as nobody aborts it. */
async function untilAborted(_state: unknown, config: LangGraphRunnableConfig) {
  await delay(60_000, undefined, config.signal ? { signal: config.signal } : {});
  return {};
}

/** Does not look at the signal, as most nodes do not. */
const heedless = () => new Promise<never>(() => {});

const tooSlow = () => new DOMException('The time is up.', 'TimeoutError');

const broken = tool(
  async () => {
    throw new Error('database down');
  },
  { name: 'broken', description: 'x', schema: { type: 'object', properties: {} } as const },
);
const brokenModel = new FakeStreamingChatModel({ thrownErrorString: 'overloaded' });
const callOfBroken = () => ({
  messages: [new AIMessage({ content: '', tool_calls: [{ name: 'broken', args: {}, id: 'call-1' }] })],
});
const throws = (thrown: unknown) => () => {
  throw thrown;
};
const retryPolicy = { maxAttempts: 2, initialInterval: 1, jitter: false, logWarning: false };

/** A graph in which `kind` names the node that it begins with, and so how the run ends. */
function byKind() {
  const attempts = new Map<string, number>();
  const failing = new StateGraph(State)
    .addNode('deep', throws(new RangeError('deep down')))
    .addEdge(START, 'deep')
    .compile({ name: 'failing' });
  const handing = new StateGraph(State)
    .addNode('hand', () => new Command({ graph: Command.PARENT, goto: 'plain' }))
    .addEdge(START, 'hand')
    .compile({ name: 'handing' });
  return new StateGraph(State)
    .addNode('plain', () => ({}))
    .addNode('node', throws(new TypeError('no such order')))
    .addNode('text', throws('only a text'))
    .addNode('nothing', throws(undefined))
    .addNode('frozen', throws(Object.freeze({ code: 7 })))
    .addNode('abort', throws(new Error('Abort')))
    .addNode('tool', async (_state, config) => {
      await broken.invoke({}, config);
      return {};
    })
    .addNode('model', async ({ messages }, config) => ({
      messages: [await brokenModel.invoke(messages, config)],
    }))
    .addNode('subgraph', failing)
    .addNode('update', () => 7 as never)
    .addNode('edge', () => ({}))
    .addNode('again', () => ({}))
    .addNode('wait', untilAborted)
    .addNode('heedless', heedless)
    .addNode('own', async () => {
      await delay(1_000, undefined, { signal: AbortSignal.abort() });
      return {};
    })
    .addNode('fork', () => ({}))
    .addNode('left', () => ({ kind: 'left' }))
    .addNode('right', () => ({ kind: 'right' }))
    .addNode('command', handing, { ends: ['plain'] })
    .addNode('hopeless', throws(new Error('try again')), { retryPolicy })
    .addNode(
      'retried',
      (_state, config: LangGraphRunnableConfig) => {
        const run = String(config.metadata?.['number']);
        const attempt = (attempts.get(run) ?? 0) + 1;
        attempts.set(run, attempt);
        if (attempt < 2) throw new Error('try again');
        return {};
      },
      { retryPolicy },
    )
    .addNode('replaced', throws(new Error('not today')), { errorHandler: () => ({ kind: 'plain' }) })
    .addNode('fallback', async ({ messages }, config) => {
      const answer = await brokenModel.invoke(messages, config).catch(() => new AIMessage('Sorry.'));
      return { messages: [answer] };
    })
    .addNode('call', callOfBroken)
    .addNode('told', new ToolNode([broken]))
    .addNode('untold call', callOfBroken)
    .addNode('untold', new ToolNode([broken], { handleToolErrors: false }))
    .addConditionalEdges(START, ({ kind }: Values) => kind)
    .addConditionalEdges('edge', throws(new Error('no way on')))
    .addConditionalEdges('fork', () => ['left', 'right'])
    .addEdge('again', 'again')
    .addEdge('call', 'told')
    .addEdge('untold call', 'untold')
    .compile({ name: 'by kind' });
}

/** Does what it is told, by thread, when a checkpoint is written after the first step: nothing runs at that moment. */
class MeddlingSaver extends MemorySaver {
  readonly meddle = new Map<string, () => void>();

  override async put(...args: Parameters<MemorySaver['put']>) {
    const thread = String(args[0].configurable?.['thread_id']);
    if (args[2].step === 1) this.meddle.get(thread)?.();
    return super.put(...args);
  }
}

/** Two steps, the second of which asks a question unless the run is to be quiet. */
function inSteps(checkpointer: MemorySaver) {
  return new StateGraph(State)
    .addNode('begin', ({ kind }, config: LangGraphRunnableConfig) => {
      if (kind === 'drained') (config.control as RunControl).requestDrain('deploy');
      return {};
    })
    .addNode('ask', ({ kind }) =>
      kind === 'quiet' ? {} : { kind: String(interrupt({ question: 'sure?' })) },
    )
    .addEdge(START, 'begin')
    .addEdge('begin', 'ask')
    .compile({ name: 'in steps', checkpointer });
}

/** Every way to end, on graphs that `trace` wraps. Nothing in them depends on how fast this machine is. */
export async function waysToEnd(
  trace: <Graph extends TraceableGraph>(graph: Graph) => Graph,
): Promise<WaysToEnd> {
  const graph = trace(byKind());
  const limited = byKind();
  limited.stepTimeout = 5;
  const limitedSteps = trace(limited);
  const saver = new MeddlingSaver();
  const stepwise = trace(inSteps(saver));
  const timeIsUp = AbortSignal.timeout(1);
  while (!timeIsUp.aborted) await delay(1);

  const by =
    (kind: string, more: () => object = () => ({}), of = graph): Call =>
    (runId, number) =>
      of.invoke({ kind }, { runId, metadata: { number }, ...more() });
  const thread = (number: number) => ({ configurable: { thread_id: `thread-${number}` } });
  const betweenSteps =
    (meddle: (controller: AbortController) => void): Call =>
    async (runId, number) => {
      const controller = new AbortController();
      saver.meddle.set(`thread-${number}`, () => meddle(controller));
      return stepwise.invoke({ kind: 'quiet' }, { runId, signal: controller.signal, ...thread(number) });
    };

  return {
    errors: {
      'a node throws': by('node'),
      'a node throws a text': by('text'),
      'a node throws undefined': by('nothing'),
      'a node throws a frozen object': by('frozen'),
      "a node throws an error of LangGraph's text": by('abort'),
      'a node returns no update': by('update'),
      'a tool throws in a node': by('tool'),
      'a tool throws in a tool node that does not handle it': by('untold call'),
      'a model throws': by('model'),
      'a subgraph throws': by('subgraph'),
      'an edge throws': by('edge'),
      'two branches write what only one can': by('fork'),
      'every attempt throws': by('hopeless'),
      'a request inside a node is aborted': by('own'),
      'a stream fails': async (runId) => {
        for await (const _chunk of await graph.stream({ kind: 'node' }, { runId, streamMode: 'debug' }));
      },
      'the recursion limit': by('again', () => ({ recursionLimit: 3 })),
      'the time limit in a node that listens': by('wait', () => ({ timeout: 5 })),
      'the time limit in a node that does not': by('heedless', () => ({ timeout: 5 })),
      'the time limit of a signal': by('heedless', () => ({ signal: AbortSignal.timeout(5) })),
      'the time limit of a step': by('wait', undefined, limitedSteps),
      'the time limit of a step whose node does not listen': by('heedless', undefined, limitedSteps),
      'the time limit before it began': by('plain', () => ({ signal: timeIsUp })),
      'the time limit between two steps': betweenSteps((controller) => controller.abort(tooSlow())),
      'the checkpoint cannot be written': betweenSteps(throws(new Error('disk full'))),
    },
    handled: {
      'a retry recovers': by('retried'),
      'the model is told that a tool failed': by('call'),
      'a node answers in the place of its model': by('fallback'),
      'an error handler takes over': by('replaced'),
    },
    stopped: {
      'the caller aborts': async (runId) => {
        const controller = new AbortController();
        const run = graph.invoke({ kind: 'wait' }, { runId, signal: controller.signal });
        setImmediate(() => controller.abort(new Error('client went away')));
        await run;
      },
      'the caller had left before it began': by('plain', () => ({ signal: AbortSignal.abort() })),
      'the caller aborts between two steps': betweenSteps((controller) => controller.abort()),
      'the consumer leaves the stream': async (runId) => {
        for await (const _chunk of await graph.stream({ kind: 'wait' }, { runId, streamMode: 'debug' }))
          break;
      },
      'the run is drained': (runId, number) =>
        stepwise.invoke({ kind: 'drained' }, { runId, control: new RunControl(), ...thread(number) }),
    },
    succeeding: {
      'all is well': by('plain'),
      'a command goes to the parent graph': by('command'),
    },
    interrupted: (runId, number) => stepwise.invoke({ kind: 'asking' }, { runId, ...thread(number) }),
    resumed: (runId, number) => stepwise.invoke(new Command({ resume: 'yes' }), { runId, ...thread(number) }),
  };
}
