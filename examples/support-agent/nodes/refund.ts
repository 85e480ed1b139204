import { orderFacts } from '../order-facts.ts';
import { decideRefund } from '../policy.ts';
import { toolMessage } from '../tool-result.ts';
import { callTool } from '../tools/call-tool.ts';
import { createRefundOrderTool } from '../tools/side-effects.ts';
import type { NodeFactory } from './dependencies.ts';
import { ownOrder } from './own-order.ts';
import { requireToolCall } from './require.ts';

/** Pays an order back where the policy lets the agent do so by itself. The model asks; this node decides. */
export const createRefundNode: NodeFactory = (dependencies) => async (state, config) => {
  const { store, policy } = dependencies;
  const call = requireToolCall(state);
  const found = await ownOrder(dependencies, state, call, config);
  if (found.refusal !== undefined) return { messages: [found.refusal] };

  const { order, scope } = found;
  const decision = decideRefund(order, policy);
  switch (decision.decision) {
    case 'pay': {
      const tool = createRefundOrderTool({ store, scope, runKey: state.runKey });
      return { messages: [await callTool(tool, { ...call, args: { orderId: order.id } }, config)] };
    }
    case 'ask_person':
      return {
        messages: [toolMessage(call, { ok: false, outcome: 'refund.needs_approval', ...orderFacts(order) })],
        escalation: {
          kind: 'refund_approval',
          orderId: order.id,
          amountCents: order.totalCents,
          status: 'waiting',
        },
      };
    case 'refuse':
      return {
        messages: [toolMessage(call, { ok: false, outcome: decision.outcome, ...orderFacts(order) })],
      };
  }
};
