import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Order } from './data/shop-data.ts';
import { daysBetween, decideCancel, decideRefund, isLate, type SupportPolicy } from './policy.ts';

const policy: SupportPolicy = { refundLimitCents: 100_00, returnWindowDays: 30, today: '2026-11-20' };

function order(fields: Partial<Order>): Order {
  return {
    id: 'A-1000',
    customerId: 'C-1',
    recipient: 'R',
    items: ['mug'],
    totalCents: 1000,
    status: 'delivered',
    placedOn: '2026-11-01',
    deliveredOn: '2026-11-10',
    ...fields,
  };
}

describe('refunds', () => {
  test.each([
    ['in the window', {}, { decision: 'pay' }],
    ['on the last day of the window', { deliveredOn: '2026-10-21' }, { decision: 'pay' }],
    ['a day too late', { deliveredOn: '2026-10-20' }, { decision: 'refuse', outcome: 'refund.too_late' }],
    ['exactly at the limit', { totalCents: 100_00 }, { decision: 'pay' }],
    ['a cent above the limit', { totalCents: 100_01 }, { decision: 'ask_person' }],
    [
      'above the limit and too late',
      { totalCents: 500_00, deliveredOn: '2026-01-01' },
      { decision: 'refuse', outcome: 'refund.too_late' },
    ],
    ['paid back before', { status: 'refunded' }, { decision: 'refuse', outcome: 'refund.already_paid' }],
    ['cancelled', { status: 'cancelled' }, { decision: 'refuse', outcome: 'refund.cancelled_order' }],
    ['not sent', { status: 'processing' }, { decision: 'refuse', outcome: 'refund.not_sent' }],
    ['on its way', { status: 'shipped' }, { decision: 'refuse', outcome: 'refund.not_delivered' }],
  ] as const)('%s', (_, fields, decision) => {
    expect(decideRefund(order(fields), policy)).toEqual(decision);
  });

  test('an unknown day of delivery is looked at by a person', () => {
    const { deliveredOn: _, ...rest } = order({});
    expect(decideRefund(rest, policy)).toEqual({ decision: 'ask_person' });
  });

  test('nothing above the limit and nothing that is not delivered is ever paid without a person', () => {
    const statuses = fc.constantFrom<Order['status']>(
      'processing',
      'shipped',
      'delivered',
      'cancelled',
      'refunded',
    );
    fc.assert(
      fc.property(statuses, fc.nat(500_00), fc.nat(100), (status, totalCents, daysAgo) => {
        const deliveredOn = new Date(Date.parse(policy.today) - daysAgo * 86_400_000)
          .toISOString()
          .slice(0, 10);
        const paid = decideRefund(order({ status, totalCents, deliveredOn }), policy).decision === 'pay';
        expect(paid).toBe(status === 'delivered' && totalCents <= 100_00 && daysAgo <= 30);
      }),
    );
  });
});

test('only an order that was not sent can be cancelled', () => {
  expect(decideCancel(order({ status: 'processing' }))).toEqual({ decision: 'cancel' });
  expect(decideCancel(order({ status: 'shipped' }))).toMatchObject({ outcome: 'cancel.already_sent' });
  expect(decideCancel(order({ status: 'delivered' }))).toMatchObject({ outcome: 'cancel.delivered' });
  expect(decideCancel(order({ status: 'cancelled' }))).toMatchObject({ outcome: 'cancel.already_cancelled' });
  expect(decideCancel(order({ status: 'refunded' }))).toMatchObject({ outcome: 'cancel.already_paid' });
});

test('a parcel is late from the day after the promised one', () => {
  expect(isLate(order({ status: 'shipped', expectedOn: '2026-11-19' }), policy)).toBe(true);
  expect(isLate(order({ status: 'shipped', expectedOn: '2026-11-20' }), policy)).toBe(false);
  expect(isLate(order({ status: 'delivered', expectedOn: '2026-11-19' }), policy)).toBe(false);
});

test('days are whole, also across the change to winter time', () => {
  expect(daysBetween('2026-10-20', '2026-11-20')).toBe(31);
  expect(daysBetween('2026-10-24', '2026-10-26')).toBe(2);
});
