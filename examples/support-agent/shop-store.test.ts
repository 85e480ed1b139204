import { describe, expect, test } from 'vitest';
import { shopOrders } from './data/shop-data.ts';
import { InMemoryShop, OrderRecordError, ShopConflictError } from './shop-store.ts';

const maria = { customerId: 'C-101', threadId: 't-1' };

function newShop(maxActions?: number): InMemoryShop {
  return new InMemoryShop({
    orders: shopOrders.orders,
    today: '2026-11-20',
    ...(maxActions === undefined ? {} : { maxActions }),
  });
}

describe('the shop in memory', () => {
  test('does a thing once per key and returns what was done', async () => {
    const shop = newShop();
    const first = await shop.refund(maria, 'k', 'A-1001');
    expect(await shop.refund(maria, 'k', 'A-1001')).toBe(first);
    expect(first).toMatchObject({ kind: 'refund', amountCents: 2490 });
    expect(shop.actions).toHaveLength(1);
  });

  test('refuses a second refund under another key in the same conversation', async () => {
    const shop = newShop();
    await shop.refund(maria, 'k-1', 'A-1001');
    await expect(shop.refund(maria, 'k-2', 'A-1001')).rejects.toThrow(ShopConflictError);
    expect(await shop.findOrder(maria, 'A-1001')).toMatchObject({
      status: 'refunded',
      refundedOn: '2026-11-20',
    });
    expect(await shop.findOrder({ ...maria, threadId: 't-2' }, 'A-1001')).toMatchObject({
      status: 'delivered',
    });
  });

  test('cancels only what was not sent', async () => {
    const shop = newShop();
    await shop.cancel(maria, 'k', 'A-1029');
    expect(await shop.findOrder(maria, 'A-1029')).toMatchObject({ status: 'cancelled' });
    await expect(shop.cancel(maria, 'k-2', 'A-1002')).rejects.toThrow('Order A-1002 is shipped');
  });

  test('has no orders of anybody else, to read or to act on', async () => {
    const shop = newShop();
    expect(await shop.findOrder(maria, 'A-1008')).toBeUndefined();
    expect((await shop.ordersOf(maria)).map((order) => order.id)).toEqual([
      'A-1029',
      'A-1002',
      'A-1001',
      'A-1003',
    ]);
    await expect(shop.cancel(maria, 'k', 'A-1008')).rejects.toThrow('has no order A-1008');
  });

  test('names the field of a record it cannot read', async () => {
    const read = newShop().findOrder({ customerId: 'C-112', threadId: 't' }, 'A-1021');
    await expect(read).rejects.toThrow(OrderRecordError);
    await expect(read).rejects.toThrow('A-1021 cannot be read: totalCents');
  });

  test('forgets the oldest actions beyond its bound', async () => {
    const shop = newShop(2);
    for (const key of ['a', 'b', 'c']) await shop.openCase(maria, key);
    expect(shop.actions.map((action) => action.key)).toEqual(['b', 'c']);
  });
});
