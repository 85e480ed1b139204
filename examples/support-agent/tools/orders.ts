import { tool } from '@langchain/core/tools';
import type { Order } from '../data/shop-data.ts';
import { orderFound } from '../order-facts.ts';
import type { SupportPolicy } from '../policy.ts';
import type { ShopScope, ShopStore } from '../shop-store.ts';
import type { ToolResult } from '../tool-result.ts';
import { toolSpecs } from './specs.ts';

/** What the tools that read orders need. */
export interface OrderToolOptions {
  readonly store: ShopStore;
  readonly scope: ShopScope;
  readonly policy: Pick<SupportPolicy, 'today'>;
}

const MAX_CHOICES = 5;

/** The orders of which the message names an item: at least one word of four letters or more in common. */
function ordersAbout(orders: readonly Order[], message: string): readonly Order[] {
  const said = new Set(message.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
  return orders.filter((order) =>
    (
      order.items
        .join(' ')
        .toLowerCase()
        .match(/\p{L}{4,}/gu) ?? []
    ).some((word) => said.has(word) || said.has(`${word}s`) || said.has(word.replace(/s$/, ''))),
  );
}

/** The tool that looks one order up. It returns nothing when the customer has no such order. */
export function createLookUpOrderTool({ store, scope, policy }: OrderToolOptions) {
  return tool(async ({ orderId }): Promise<ToolResult | undefined> => {
    const order = await store.findOrder(scope, orderId);
    return order && orderFound(order, policy);
  }, toolSpecs.look_up_order);
}

/** The tool that finds the order a message is about. It returns nothing when the customer has no orders at all. */
export function createListOrdersTool({ store, scope, policy }: OrderToolOptions) {
  return tool(async ({ about }): Promise<ToolResult | undefined> => {
    const all = await store.ordersOf(scope);
    const named = ordersAbout(all, about);
    const candidates = named.length > 0 ? named : all;
    const [only] = candidates;
    if (only === undefined) return undefined;
    if (candidates.length === 1) return orderFound(only, policy);
    const choices = candidates
      .slice(0, MAX_CHOICES)
      .map((order) => `${order.id} (${order.items.join(', ')})`);
    return { ok: false, outcome: 'orders.choose', choices: choices.join('; ') };
  }, toolSpecs.list_orders);
}
