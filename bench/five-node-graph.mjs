// The graph that every tracer is measured on.
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';

/** One message of 4 KB. */
export const INPUT = { messages: [{ role: 'user', content: 'question '.repeat(455) }] };

/** Five nodes in a row, each a model call that answers with 4 KB. */
export function buildGraph() {
  const model = new FakeListChatModel({ responses: ['answer '.repeat(585)] });
  const nodes = ['classify', 'search', 'look_up', 'draft', 'check'];
  const graph = new StateGraph(MessagesAnnotation);
  for (const name of nodes) {
    graph.addNode(name, async ({ messages }, config) => ({
      messages: [await model.invoke(messages.slice(-1), config)],
    }));
  }
  for (const [index, name] of nodes.entries()) graph.addEdge(index === 0 ? START : nodes[index - 1], name);
  return graph.compile();
}
