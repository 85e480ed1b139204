import type { ToolCall, ToolMessage } from '@langchain/core/messages/tool';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { Order } from '../data/shop-data.ts';
import { normalizeOrderId } from '../order-id.ts';
import { scopeOf } from '../run-scope.ts';
import type { ShopScope } from '../shop-store.ts';
import type { SupportState } from '../state.ts';
import { toolMessage } from '../tool-result.ts';
import type { AgentDependencies } from './dependencies.ts';
import { orderIdArgument } from './require.ts';

/** The order a side effect is about, or the answer to give when there is none. */
export type OwnOrder =
  | { readonly order: Order; readonly scope: ShopScope; readonly refusal?: never }
  | { readonly refusal: ToolMessage };

/**
 * Reads the order a side effect is asked for, as it is now and only if it is the customer's own. What an earlier result
 * or the model says about it does not count.
 */
export async function ownOrder(
  { store }: Pick<AgentDependencies, 'store'>,
  state: SupportState,
  call: ToolCall,
  config: LangGraphRunnableConfig,
): Promise<OwnOrder> {
  const scope = scopeOf(state, config);
  if (scope === undefined) return { refusal: toolMessage(call, { ok: false, outcome: 'orders.signed_out' }) };
  const written = orderIdArgument(call);
  const orderId = normalizeOrderId(written) ?? written;
  const order = await store.findOrder(scope, orderId);
  return order === undefined
    ? { refusal: toolMessage(call, { ok: false, outcome: 'order.not_found', orderId }) }
    : { order, scope };
}
