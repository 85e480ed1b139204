import { orderFacts } from '../order-facts.ts';
import { decideCancel } from '../policy.ts';
import { toolMessage } from '../tool-result.ts';
import { callTool } from '../tools/call-tool.ts';
import { createCancelOrderTool } from '../tools/side-effects.ts';
import type { NodeFactory } from './dependencies.ts';
import { ownOrder } from './own-order.ts';
import { requireToolCall } from './require.ts';

/** Cancels an order that was not sent yet. The model asks; this node decides. */
export const createCancelNode: NodeFactory = (dependencies) => async (state, config) => {
  const call = requireToolCall(state);
  const found = await ownOrder(dependencies, state, call, config);
  if (found.refusal !== undefined) return { messages: [found.refusal] };

  const { order, scope } = found;
  const decision = decideCancel(order);
  if (decision.decision === 'refuse')
    return { messages: [toolMessage(call, { ok: false, outcome: decision.outcome, ...orderFacts(order) })] };
  const tool = createCancelOrderTool({ store: dependencies.store, scope, runKey: state.runKey });
  return { messages: [await callTool(tool, { ...call, args: { orderId: order.id } }, config)] };
};
