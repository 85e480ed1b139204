import type { ToolCall } from '@langchain/core/messages/tool';
import type { Classification, SupportState } from '../state.ts';
import { pendingToolCall } from '../tool-result.ts';

/** The classified request. Throws in a graph whose edges lead past the classification. */
export function requireRequest(state: SupportState): Classification {
  if (state.request === null) throw new TypeError('The request was not classified.');
  return state.request;
}

/** The tool call a node has to answer. Throws in a graph whose edges lead to a tool node without a call. */
export function requireToolCall(state: SupportState): ToolCall {
  const call = pendingToolCall(state.messages);
  if (call === undefined) throw new TypeError('No tool call waits for an answer.');
  return call;
}

/** The order id of a tool call as text; empty when the model left it out. */
export function orderIdArgument(call: ToolCall): string {
  const orderId: unknown = call.args['orderId'];
  return typeof orderId === 'string' ? orderId : '';
}
