import { FakeListChatModel } from '@langchain/core/utils/testing';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { type TraceOptions, traceGraph } from '../../src/tracing/index.ts';

/** Answers with its usage, and throws when it is told to `fail`. */
class MeteredModel extends FakeListChatModel {
  override getLsParams(options: this['ParsedCallOptions']) {
    return { ...super.getLsParams(options), ls_provider: 'azure', ls_model_name: 'fast' };
  }

  override async _generate(...args: Parameters<FakeListChatModel['_generate']>) {
    const [messages] = args;
    if (messages.at(-1)?.text === 'fail') throw new TypeError('no model');
    const result = await super._generate(...args);
    const usage_metadata = { input_tokens: 1_000, output_tokens: 200, total_tokens: 1_200 };
    for (const { message } of result.generations) Object.assign(message, { usage_metadata });
    return result;
  }
}

/** A traced graph of one model call. Its name is its own: the numbers of a process only grow. */
export function meteredGraph(name: string, options: TraceOptions) {
  const model = new MeteredModel({ responses: ['hello'] });
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('answer', async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
    .addEdge(START, 'answer')
    .compile({ name });
  const traced = traceGraph(graph, options);
  return {
    say: (content: string) => traced.invoke({ messages: [{ role: 'user', content }] }).catch(() => undefined),
  };
}
