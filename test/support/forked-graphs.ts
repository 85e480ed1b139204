import { AIMessage } from '@langchain/core/messages';
import {
  Annotation,
  type BaseCheckpointSaver,
  Command,
  DeltaChannel,
  entrypoint,
  interrupt,
  MessagesAnnotation,
  Send,
  START,
  StateGraph,
  task,
} from '@langchain/langgraph';
import { type Trace, traceSchema } from '../../src/core/index.ts';
import type { Played, ReplayableGraph, ResumePoint } from '../../src/replay/contract.ts';
import { traceWith } from './trace-with.ts';

// biome-ignore lint/suspicious/noExplicitAny: savers differ in their type of versions, and only any accepts them all
type Saver = BaseCheckpointSaver<any>;

/** What a graph is built with: where it keeps checkpoints, and whether the node that fails is mended. */
export interface Build {
  readonly checkpointer?: Saver;
  readonly mended?: boolean;
  /** Names of the nodes that ran, in order, of all graphs built with it. */
  readonly ran?: string[];
}

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (before, more) => before.concat(more), default: () => [] }),
  topic: Annotation<string>(),
});

const Messages = Annotation.Root({ ...MessagesAnnotation.spec });

type Node = (state: typeof State.State) => Promise<Partial<typeof State.State>> | Partial<typeof State.State>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A node that notes that it ran, in the state and in `ran`. */
function logs(name: string, ran: string[] | undefined, more?: Node): Node {
  return async (state) => {
    ran?.push(name);
    await more?.(state);
    return { log: [name] };
  };
}

const fails =
  (mended: boolean | undefined, message = 'boom', afterMs = 0): Node =>
  async () => {
    if (afterMs > 0) await pause(afterMs);
    if (!mended) throw new TypeError(message);
    return {};
  };

const compiled = (graph: unknown, checkpointer: Saver | undefined): ReplayableGraph =>
  (graph as { compile(options: object): ReplayableGraph }).compile(
    checkpointer === undefined ? {} : { checkpointer, name: 'agent' },
  );

/** find -> draft (fails) -> send. */
export function line({ checkpointer, mended, ran }: Build, draft = 'draft'): ReplayableGraph {
  const graph = new StateGraph(State)
    .addNode('find', logs('find', ran))
    .addNode(draft, logs(draft, ran, fails(mended)))
    .addNode('send', logs('send', ran))
    .addEdge(START, 'find')
    .addEdge('find', draft as 'find')
    .addEdge(draft as 'find', 'send');
  return compiled(graph, checkpointer);
}

/** find -> quick, failing, slow in parallel -> join: quick has finished when failing fails, slow has not. */
export function parallel({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const graph = new StateGraph(State)
    .addNode('find', logs('find', ran))
    .addNode('quick', logs('quick', ran))
    .addNode('failing', logs('failing', ran, fails(mended, 'boom', 20)))
    .addNode(
      'slow',
      logs('slow', ran, () => pause(60).then(() => ({}))),
    )
    .addNode('join', logs('join', ran))
    .addEdge(START, 'find')
    .addEdge('find', 'quick')
    .addEdge('find', 'failing')
    .addEdge('find', 'slow')
    .addEdge(['quick', 'failing', 'slow'], 'join');
  return compiled(graph, checkpointer);
}

/** find -> one worker per item, of which the second fails at once: the first has written and is told it was aborted. */
export function fanOut({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const graph = new StateGraph(State)
    .addNode('find', logs('find', ran))
    .addNode('worker', ({ topic }) => {
      ran?.push(`worker ${topic}`);
      if (topic === '2' && !mended) throw new TypeError('boom');
      return { log: [`worker ${topic}`] };
    })
    .addEdge(START, 'find')
    .addConditionalEdges('find', () => ['1', '2', '3'].map((topic) => new Send('worker', { topic })), [
      'worker',
    ]);
  return compiled(graph, checkpointer);
}

/** find, whose router throws -> send. */
export function router({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const graph = new StateGraph(State)
    .addNode('find', logs('find', ran))
    .addNode('send', logs('send', ran))
    .addEdge(START, 'find')
    .addConditionalEdges('find', () => {
      if (!mended) throw new TypeError('no route');
      return 'send';
    }, ['send']);
  return compiled(graph, checkpointer);
}

/** find -> outer(first -> second (fails) -> third) -> send. */
export function nested(
  { checkpointer, mended, ran }: Build,
  { inner: keeps, second = 'second' }: { inner?: boolean; second?: string } = {},
): ReplayableGraph {
  const inner = new StateGraph(State)
    .addNode('first', logs('first', ran))
    .addNode(second, logs(second, ran, fails(mended)))
    .addNode('third', logs('third', ran))
    .addEdge(START, 'first')
    .addEdge('first', second as 'first')
    .addEdge(second as 'first', 'third')
    .compile(keeps === undefined ? {} : { checkpointer: keeps });
  const graph = new StateGraph(State)
    .addNode('find', logs('find', ran))
    .addNode('outer', inner as never)
    .addNode('send', logs('send', ran))
    .addEdge(START, 'find')
    .addEdge('find', 'outer')
    .addEdge('outer', 'send');
  return compiled(graph, checkpointer);
}

/** find -> early, then middle -> late (fails); last waits for early and late, which finish in different steps. */
export function joined({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const graph = new StateGraph(Messages)
    .addNode('find', ({ messages }) => {
      ran?.push('find');
      return { messages: [new AIMessage(`found ${String(messages.at(-1)?.content)}`)] };
    })
    .addNode('early', () => {
      ran?.push('early');
      return {};
    })
    .addNode('middle', () => {
      ran?.push('middle');
      return {};
    })
    .addNode('late', ({ messages }) => {
      ran?.push('late');
      if (!mended) throw new TypeError('boom');
      // Only a message has this method.
      return {
        messages: [new AIMessage(`late, after ${messages.map((message) => message.getType()).join()}`)],
      };
    })
    .addNode('last', () => {
      ran?.push('last');
      return {};
    })
    .addEdge(START, 'find')
    .addEdge('find', 'early')
    .addEdge('find', 'middle')
    .addEdge('middle', 'late')
    .addEdge(['early', 'late'], 'last');
  return compiled(graph, checkpointer);
}

/** The same as {@link line} in the functional API: two tasks, of which the second fails. */
export function functional({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const find = task('find', async (topic: string) => {
    ran?.push('find');
    return `${topic}!`;
  });
  const draft = task('draft', async (found: string) => {
    ran?.push('draft');
    await fails(mended)({ log: [], topic: found });
    return `draft of ${found}`;
  });
  const run = async ({ topic }: { topic: string }) => ({ log: [await draft(await find(topic))] });
  return entrypoint(
    { name: 'agent', ...(checkpointer && { checkpointer }) },
    run,
  ) as unknown as ReplayableGraph;
}

/** Two subgraphs called one after the other in one node, of which the second fails in its second node. */
export function calledInside({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const inner = (name: string, broken: boolean) =>
    new StateGraph(State)
      .addNode(`${name}1`, logs(`${name}1`, ran))
      .addNode(`${name}2`, logs(`${name}2`, ran, fails(mended || !broken)))
      .addEdge(START, `${name}1`)
      .addEdge(`${name}1`, `${name}2`)
      .compile();
  const [first, second] = [inner('first', false), inner('second', true)];
  const graph = new StateGraph(State)
    .addNode('find', logs('find', ran))
    .addNode('both', async (state) => {
      const { log } = await second.invoke(await first.invoke(state));
      return { log: log.slice(state.log.length) };
    })
    .addEdge(START, 'find')
    .addEdge('find', 'both');
  return compiled(graph, checkpointer);
}

/** draft (fails) -> memory, a subgraph that keeps its log across the runs of a thread. */
export function remembering({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const memory = new StateGraph(State)
    .addNode('note', ({ topic }) => ({ log: [topic] }))
    .addEdge(START, 'note')
    .compile({ checkpointer: true });
  const graph = new StateGraph(State)
    .addNode('draft', logs('draft', ran, fails(mended)))
    .addNode('remember', async ({ topic }) => ({ log: [(await memory.invoke({ topic })).log.join()] }))
    .addEdge(START, 'draft')
    .addEdge('draft', 'remember');
  return compiled(graph, checkpointer);
}

/** The same as {@link line} with a state that is stored as what was written to it. */
export function changes({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const log = () =>
    new DeltaChannel<string[], string[]>((before, more) => before.concat(...more), {
      initialValueFactory: () => [],
    });
  const Changes = Annotation.Root({ ...State.spec, log });
  const graph = new StateGraph(Changes)
    .addNode('find', logs('find', ran))
    .addNode('draft', logs('draft', ran, fails(mended)))
    .addEdge(START, 'find')
    .addEdge('find', 'draft');
  return compiled(graph, checkpointer);
}

/** ask (interrupts, then fails with the answer in hand) -> send. */
export function asking({ checkpointer, mended, ran }: Build): ReplayableGraph {
  const graph = new StateGraph(State)
    .addNode('ask', async () => {
      const answer = String(interrupt('sure?'));
      ran?.push(`ask ${answer}`);
      await fails(mended)({ log: [], topic: '' });
      return { log: [answer] };
    })
    .addNode('send', logs('send', ran))
    .addEdge(START, 'ask')
    .addEdge('ask', 'send');
  return compiled(graph, checkpointer);
}

/** A run that answers an interrupt. */
export const answer = (value: string) => new Command({ resume: value });

/** Runs a graph on a thread and gives back the trace as it would come out of the store. How it ends is in the trace. */
export async function recordRun(
  graph: ReplayableGraph,
  input: unknown = { topic: 'x' },
  {
    threadId = 't',
    checkpointId,
    durability = 'async',
    trace: options = {},
  }: {
    readonly threadId?: string;
    /** Goes back to this checkpoint of the thread. */
    readonly checkpointId?: string;
    readonly durability?: 'async' | 'sync' | 'exit';
    readonly trace?: Parameters<typeof traceWith>[1];
  } = {},
): Promise<Trace> {
  const traced = traceWith(graph, options);
  await traced.graph
    .invoke(input, {
      configurable: { thread_id: threadId, ...(checkpointId && { checkpoint_id: checkpointId }) },
      durability,
    })
    .catch((error: unknown) => error);
  const traces = await traced.traces();
  return traceSchema.parse(JSON.parse(JSON.stringify(traces.at(-1))));
}

/** Goes on from a fork, with live models and tools; the graphs here have none. */
export async function playFork(graph: ReplayableGraph, resume: ResumePoint): Promise<Played> {
  const copy = graph.withConfig({}) as ReplayableGraph;
  copy.checkpointer = resume.checkpointer;
  const trace = await recordRun(copy, null, { threadId: resume.threadId });
  return { trace, calls: [], blocked: [], notes: [] };
}
