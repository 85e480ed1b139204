import { Document } from '@langchain/core/documents';
import { AIMessage, type AIMessageFields, HumanMessage, type UsageMetadata } from '@langchain/core/messages';
import { JsonOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { BaseRetriever } from '@langchain/core/retrievers';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { z } from 'zod';

class OrderDocuments extends BaseRetriever {
  lc_namespace = ['test', 'retrievers'];
  override async _getRelevantDocuments(query: string) {
    return [new Document({ pageContent: `About ${query}`, metadata: { source: 'orders.md' } })];
  }
}

const USAGE: UsageMetadata = {
  input_tokens: 11,
  output_tokens: 5,
  total_tokens: 16,
  input_token_details: { cache_read: 4 },
};

/** A model that reports usage and, when it streams, does so word by word. */
class MeteredModel extends FakeListChatModel {
  override async _generate(...args: Parameters<FakeListChatModel['_generate']>) {
    const result = await super._generate(...args);
    const text = result.generations[0]?.text ?? '';
    const message = new AIMessage({ content: text, usage_metadata: USAGE } as AIMessageFields);
    return { ...result, generations: [{ text, message }] };
  }
}

const State = Annotation.Root({
  question: Annotation<string>(),
  fail: Annotation<boolean>(),
  ask: Annotation<boolean>(),
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
type Values = typeof State.State;

const lookUp = tool(async ({ id }: { id: number }) => `order ${id} was sent`, {
  name: 'look_up',
  description: 'Finds an order.',
  schema: z.object({ id: z.number() }),
});

/** A graph with one of everything that LangSmith draws: subgraph, model, stream, tool, retriever, prompt, parser, interrupt, error. */
export function everythingGraph() {
  const metered = new MeteredModel({ responses: ['{"answer":"yes"}'] });
  const streaming = new FakeListChatModel({ responses: ['one two'] });
  const prompt = ChatPromptTemplate.fromMessages([['human', 'Q: {question}']]);
  const inner = new StateGraph(State)
    .addNode('answer', async ({ question }: Values, config: LangGraphRunnableConfig) => {
      const chain = prompt.pipe(metered).pipe(new JsonOutputParser<{ answer: string }>());
      const { answer } = await chain.invoke({ question }, config);
      return { log: [answer] };
    })
    .addEdge(START, 'answer')
    .compile({ name: 'inner' });
  return new StateGraph(State)
    .addNode('look', async (_state: Values, config: LangGraphRunnableConfig) => {
      const documents = await new OrderDocuments().invoke('orders', config);
      const found = await lookUp.invoke(
        { type: 'tool_call', id: 'call-1', name: 'look_up', args: { id: 7 } },
        config,
      );
      return { log: [String(documents.length), String(found.content)] };
    })
    .addNode('sub', inner)
    .addNode('say', async (_state: Values, config: LangGraphRunnableConfig) => {
      let text = '';
      for await (const chunk of await streaming.stream([new HumanMessage('say it')], config))
        text += chunk.text;
      return { log: [text] };
    })
    .addNode('decide', ({ ask, fail }: Values) => {
      if (fail) throw new RangeError('no such order');
      return { log: ask ? [String(interrupt({ question: 'sure?' }))] : [] };
    })
    .addEdge(START, 'look')
    .addConditionalEdges('look', ({ question }: Values) => (question === '' ? 'say' : 'sub'), ['say', 'sub'])
    .addEdge('sub', 'say')
    .addEdge('say', 'decide')
    .compile({ name: 'everything', checkpointer: new MemorySaver() });
}
