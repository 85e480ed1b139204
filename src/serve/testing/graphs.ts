import { AIMessage } from '@langchain/core/messages';
import {
  Annotation,
  END,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';

/** For tests: what a graph of {@link probeGraph} was called with, and when. */
export interface Probe {
  readonly configs: LangGraphRunnableConfig[];
  readonly signals: AbortSignal[];
  running: number;
  mostRunning: number;
  /** Resolves when a run that waits has begun to. */
  readonly waiting: Promise<void>;
  /** Lets runs that wait go on. */
  release(): void;
}

/** For tests: a graph that answers, throws (`throw`), waits until it is released (`wait`) or never ends (`hang`). */
export function probeGraph() {
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const probe: Probe = {
    configs: [],
    signals: [],
    running: 0,
    mostRunning: 0,
    waiting: began.promise,
    release: () => gate.resolve(),
  };
  const State = Annotation.Root({ ask: Annotation<string>, answer: Annotation<string> });
  const graph = new StateGraph(State)
    .addNode('first', (_state, config) => {
      probe.configs.push(config);
      return {};
    })
    .addNode('second', async ({ ask }, config) => {
      if (config.signal !== undefined) probe.signals.push(config.signal);
      probe.running += 1;
      probe.mostRunning = Math.max(probe.mostRunning, probe.running);
      try {
        if (ask === 'throw') throw new Error('the database of\ncustomer 7 is down');
        if (ask === 'wait' || ask === 'hang') {
          began.resolve();
          const aborted = new Promise<never>((_resolve, reject) => {
            config.signal?.addEventListener('abort', () => reject(config.signal?.reason));
          });
          await Promise.race([ask === 'wait' ? gate.promise : aborted, aborted]);
        }
        // Lets other runs of a batch start, so that how many run at once can be seen.
        await new Promise((resolve) => setImmediate(resolve));
        return { answer: `re: ${ask}` };
      } finally {
        probe.running -= 1;
      }
    })
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('second', END)
    .compile({ name: 'probe' });
  return { graph, probe };
}

/** For tests: a graph with a memory that asks a person before it refunds. */
export function refundGraph() {
  return new StateGraph(MessagesAnnotation)
    .addNode('approve', () => {
      const approved = interrupt({ question: 'Refund 120.00?' });
      return { messages: [new AIMessage(approved === true ? 'Refunded.' : 'Not refunded.')] };
    })
    .addEdge(START, 'approve')
    .addEdge('approve', END)
    .compile({ name: 'refund', checkpointer: new MemorySaver() });
}
