import { normalizeOrderId } from '../order-id.ts';
import { scopeOf } from '../run-scope.ts';
import { readToolResult, toolMessage } from '../tool-result.ts';
import { callTool } from '../tools/call-tool.ts';
import { createListOrdersTool, createLookUpOrderTool } from '../tools/orders.ts';
import type { NodeFactory } from './dependencies.ts';
import { orderIdArgument, requireToolCall } from './require.ts';

/** Looks an order up, by its number in any spelling or by what the customer says of it. */
export const createLookUpOrderNode: NodeFactory = ({ store, policy }) => {
  return async (state, config) => {
    const call = requireToolCall(state);
    const scope = scopeOf(state, config);
    if (scope === undefined)
      return { messages: [toolMessage(call, { ok: false, outcome: 'orders.signed_out' })] };

    if (call.name === 'list_orders') {
      const reply = await callTool(createListOrdersTool({ store, scope, policy }), call, config);
      const none = readToolResult(reply).outcome === 'tool.empty';
      return { messages: [none ? toolMessage(call, { ok: false, outcome: 'orders.none' }) : reply] };
    }

    const written = orderIdArgument(call);
    const orderId = normalizeOrderId(written) ?? written;
    const tool = createLookUpOrderTool({ store, scope, policy });
    const reply = await callTool(tool, { ...call, args: { orderId } }, config);
    const missing = readToolResult(reply).outcome === 'tool.empty';
    return {
      messages: [missing ? toolMessage(call, { ok: false, outcome: 'order.not_found', orderId }) : reply],
    };
  };
};
