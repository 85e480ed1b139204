import type { Order } from './data/shop-data.ts';

/** What the shop allows its agent to do by itself. */
export interface SupportPolicy {
  /** Refunds above this many cents of a euro are decided by a person. */
  readonly refundLimitCents: number;
  /** Days after delivery in which an order can be sent back; the last day counts. */
  readonly returnWindowDays: number;
  /** The shop's day, an ISO 8601 date. */
  readonly today: string;
}

/** What the policy says about a refund. The outcome of a refusal is a line of the reply guide. */
export type RefundDecision =
  | { readonly decision: 'pay' }
  | { readonly decision: 'ask_person' }
  | {
      readonly decision: 'refuse';
      readonly outcome:
        | 'refund.too_late'
        | 'refund.already_paid'
        | 'refund.not_delivered'
        | 'refund.not_sent'
        | 'refund.cancelled_order';
    };

/** What the policy says about a cancellation. The outcome of a refusal is a line of the reply guide. */
export type CancelDecision =
  | { readonly decision: 'cancel' }
  | {
      readonly decision: 'refuse';
      readonly outcome:
        | 'cancel.already_sent'
        | 'cancel.delivered'
        | 'cancel.already_cancelled'
        | 'cancel.already_paid';
    };

const MS_PER_DAY = 86_400_000;

/** Whole days from one ISO 8601 date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / MS_PER_DAY);
}

/** Whether an order is paid back, and by whom that is decided. */
export function decideRefund(order: Order, policy: SupportPolicy): RefundDecision {
  switch (order.status) {
    case 'refunded':
      return { decision: 'refuse', outcome: 'refund.already_paid' };
    case 'cancelled':
      return { decision: 'refuse', outcome: 'refund.cancelled_order' };
    case 'processing':
      return { decision: 'refuse', outcome: 'refund.not_sent' };
    case 'shipped':
      return { decision: 'refuse', outcome: 'refund.not_delivered' };
    case 'delivered':
      // Without a day of delivery nobody can say that the window is over: a person looks at it.
      if (order.deliveredOn === undefined) return { decision: 'ask_person' };
      if (daysBetween(order.deliveredOn, policy.today) > policy.returnWindowDays)
        return { decision: 'refuse', outcome: 'refund.too_late' };
      return { decision: order.totalCents > policy.refundLimitCents ? 'ask_person' : 'pay' };
  }
}

/** Whether an order can still be cancelled. */
export function decideCancel(order: Order): CancelDecision {
  switch (order.status) {
    case 'processing':
      return { decision: 'cancel' };
    case 'shipped':
      return { decision: 'refuse', outcome: 'cancel.already_sent' };
    case 'delivered':
      return { decision: 'refuse', outcome: 'cancel.delivered' };
    case 'cancelled':
      return { decision: 'refuse', outcome: 'cancel.already_cancelled' };
    case 'refunded':
      return { decision: 'refuse', outcome: 'cancel.already_paid' };
  }
}

/** True for a parcel that should have arrived before today. */
export function isLate(order: Order, policy: Pick<SupportPolicy, 'today'>): boolean {
  return order.status === 'shipped' && order.expectedOn !== undefined && order.expectedOn < policy.today;
}
