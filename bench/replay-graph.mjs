// A graph whose run has about 200 spans: 33 visits of a node with two model calls, two tool calls and a chain of work.
// With REPLAY_BENCH_LATENCY_MS its models and tools take that long, as real ones do; a replay does not wait for them.

import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const VISITS = 33;
const latencyMs = Number(process.env.REPLAY_BENCH_LATENCY_MS ?? 0);
const wait = () => (latencyMs > 0 ? new Promise((resolve) => setTimeout(resolve, latencyMs)) : undefined);

const responses = Array.from({ length: VISITS * 2 }, (_, call) => `answer ${call} `.repeat(40));
const model = new FakeListChatModel({ responses, ...(latencyMs > 0 ? { sleep: latencyMs } : {}) });
const lookUp = tool(
  async ({ id }) => {
    await wait();
    return `order ${id}: ${'shipped '.repeat(40)}`;
  },
  {
    name: 'look_up',
    description: 'x',
    schema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
  },
);

const State = Annotation.Root({
  visits: Annotation({ reducer: (a, b) => a + b, default: () => 0 }),
  last: Annotation(),
});

export const graph = new StateGraph(State)
  .addNode('work', async ({ visits, last }) => {
    if (visits === 0 && process.env.REPLAY_BENCH_TELL === '1')
      process.stderr.write(`first node ${Date.now()}\n`);
    const plan = await model.invoke(`plan ${visits} after ${last ?? 'nothing'}`);
    const found = [await lookUp.invoke({ id: `a${visits}` }), await lookUp.invoke({ id: `b${visits}` })];
    const answer = await model.invoke(`${plan.content} with ${found.join()}`);
    return { visits: 1, last: answer.content };
  })
  .addEdge(START, 'work')
  .addConditionalEdges('work', ({ visits }) => (visits < VISITS ? 'work' : END))
  .compile({ name: 'replay-bench' });

export const input = { last: 'the question' };
export const config = { recursionLimit: 100 };
