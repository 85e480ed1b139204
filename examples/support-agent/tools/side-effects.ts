import { tool } from '@langchain/core/tools';
import { formatMoney } from '../order-facts.ts';
import type { ShopScope, ShopStore } from '../shop-store.ts';
import type { ToolResult } from '../tool-result.ts';
import { toolSpecs } from './specs.ts';

/** What the tools that change something need. */
export interface SideEffectToolOptions {
  readonly store: ShopStore;
  readonly scope: ShopScope;
  /** Names the run: the same run never does the same thing twice. */
  readonly runKey: string;
}

/** The tool that pays an order back. Whether it may is decided before it is called. */
export function createRefundOrderTool({ store, scope, runKey }: SideEffectToolOptions) {
  return tool(async ({ orderId }): Promise<ToolResult> => {
    const refund = await store.refund(scope, `${runKey}:refund:${orderId}`, orderId);
    const order = await store.findOrder(scope, orderId);
    return {
      ok: true,
      outcome: 'refund.completed',
      orderId,
      items: order?.items.join(', ') ?? '',
      amount: formatMoney(refund.amountCents),
    };
  }, toolSpecs.refund_order);
}

/** The tool that cancels an order. Whether it may is decided before it is called. */
export function createCancelOrderTool({ store, scope, runKey }: SideEffectToolOptions) {
  return tool(async ({ orderId }): Promise<ToolResult> => {
    await store.cancel(scope, `${runKey}:cancel:${orderId}`, orderId);
    const order = await store.findOrder(scope, orderId);
    return { ok: true, outcome: 'cancel.completed', orderId, items: order?.items.join(', ') ?? '' };
  }, toolSpecs.cancel_order);
}

/** The tool that puts the request on the desk of a person. */
export function createEscalateTool({ store, scope, runKey }: SideEffectToolOptions) {
  return tool(async (): Promise<ToolResult> => {
    await store.openCase(scope, `${runKey}:case`);
    return { ok: true, outcome: 'escalation.opened' };
  }, toolSpecs.escalate_to_person);
}
