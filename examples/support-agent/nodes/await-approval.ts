import { AIMessage } from '@langchain/core/messages';
import type { ToolCall } from '@langchain/core/messages/tool';
import { interrupt } from '@langchain/langgraph';
import { z } from 'zod';
import { formatMoney, orderFacts } from '../order-facts.ts';
import { runIdOf } from '../run-scope.ts';
import { toolMessage } from '../tool-result.ts';
import { callTool } from '../tools/call-tool.ts';
import { createRefundOrderTool } from '../tools/side-effects.ts';
import type { NodeFactory } from './dependencies.ts';
import { ownOrder } from './own-order.ts';

/** What a person decides with: `new Command({ resume: { approved: true } })`. */
const approvalSchema = z.strictObject({
  approved: z.boolean(),
  /** What the customer is told when it is declined. */
  note: z.string().optional(),
});

/** Waits for a person to decide about a refund above the limit, then does what was decided. */
export const createAwaitApprovalNode: NodeFactory = (dependencies) => async (state, config) => {
  const { escalation } = state;
  if (escalation === null) throw new TypeError('No refund waits for approval.');
  const answer: unknown = interrupt({
    kind: escalation.kind,
    orderId: escalation.orderId,
    amount: formatMoney(escalation.amountCents),
    question: `Pay ${formatMoney(escalation.amountCents)} back for order ${escalation.orderId}?`,
  });
  const approval = approvalSchema.safeParse(answer);
  if (!approval.success)
    throw new TypeError(
      'Resume a refund approval with {"approved": true} or {"approved": false, "note": "..."}.',
    );

  // The request of the model was answered before the wait; the decision gets a call of its own, so that every call has
  // exactly one answer.
  const call: ToolCall = {
    id: `approval_${escalation.orderId}`,
    name: 'refund_order',
    args: { orderId: escalation.orderId },
    type: 'tool_call',
  };
  const request = new AIMessage({ content: '', tool_calls: [call] });
  const found = await ownOrder(dependencies, state, call, config);
  if (found.refusal !== undefined) return { messages: [request, found.refusal] };
  const { order, scope } = found;

  if (!approval.data.approved) {
    const declined = toolMessage(call, {
      ok: false,
      outcome: 'refund.declined',
      ...orderFacts(order),
      note: approval.data.note ?? '',
    });
    return { messages: [request, declined], escalation: { ...escalation, status: 'declined' } };
  }
  const tool = createRefundOrderTool({
    store: dependencies.store,
    scope,
    runKey: runIdOf(config) ?? state.runKey,
  });
  const paid = await callTool(tool, call, config);
  return { messages: [request, paid], escalation: { ...escalation, status: 'approved' } };
};
