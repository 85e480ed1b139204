import type { Order } from './data/shop-data.ts';
import { isLate, type SupportPolicy } from './policy.ts';
import type { ToolResult } from './tool-result.ts';

const DAY_FORMAT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

/** Cents of a euro as customers read them, for example `24.90 EUR`. */
export function formatMoney(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}

/** An ISO 8601 date as customers read it, for example `24 November 2026`. */
export function formatDay(day: string): string {
  return DAY_FORMAT.format(Date.parse(day));
}

/** What may be said about an order: the facts the model gets. Nothing else of the record leaves the shop. */
export function orderFacts(order: Order): Record<string, string> {
  return {
    orderId: order.id,
    items: order.items.join(', '),
    amount: formatMoney(order.totalCents),
    status: order.status,
    ...(order.carrier === undefined ? {} : { carrier: order.carrier }),
    ...(order.expectedOn === undefined ? {} : { expectedOn: formatDay(order.expectedOn) }),
    ...(order.deliveredOn === undefined ? {} : { deliveredOn: formatDay(order.deliveredOn) }),
    ...(order.refundedOn === undefined ? {} : { refundedOn: formatDay(order.refundedOn) }),
  };
}

/** The result of having found an order. A late parcel is handed over: only a person can ask the carrier. */
export function orderFound(order: Order, policy: Pick<SupportPolicy, 'today'>): ToolResult {
  const late = isLate(order, policy);
  return {
    ok: !late,
    outcome: late ? 'order.delayed' : `order.${order.status}`,
    ...(late ? { handOver: true } : {}),
    ...orderFacts(order),
  };
}
