import { type Order, type OrderRecord, orderSchema } from './data/shop-data.ts';

/** Who asks, and in which conversation. Side effects of a conversation are seen in that conversation only. */
export interface ShopScope {
  /** The signed-in customer. Orders of anybody else do not exist for this scope. */
  readonly customerId: string;
  readonly threadId: string;
}

/** A side effect the shop has carried out. */
export interface ShopAction {
  /** Idempotency key: a second request with the same key returns this action and does nothing. */
  readonly key: string;
  readonly kind: 'refund' | 'cancel' | 'case';
  readonly threadId: string;
  readonly customerId: string;
  /** Absent for a case that concerns no single order. */
  readonly orderId?: string;
  /** What was paid back, in cents of a euro; 0 where no money moved. */
  readonly amountCents: number;
}

/** The shop's systems as the agent sees them. Every method may reject: a network is in between. */
export interface ShopStore {
  /** The order, if it exists and belongs to the customer. */
  findOrder(scope: ShopScope, orderId: string): Promise<Order | undefined>;
  /** All orders of the customer, newest first. */
  ordersOf(scope: ShopScope): Promise<Order[]>;
  /** Pays the order's total back, once. Rejects with {@link ShopConflictError} when the order's state forbids it. */
  refund(scope: ShopScope, key: string, orderId: string): Promise<ShopAction>;
  /** Cancels an order that was not sent yet, once. Rejects with {@link ShopConflictError} when the order's state forbids it. */
  cancel(scope: ShopScope, key: string, orderId: string): Promise<ShopAction>;
  /** Puts the conversation on the desk of a person, once. */
  openCase(scope: ShopScope, key: string, orderId?: string): Promise<ShopAction>;
}

/** The shop refused a side effect because of the state the order is in. */
export class ShopConflictError extends Error {
  override readonly name = 'ShopConflictError';
}

/** An order record lacks what it must have, or has it in the wrong form. */
export class OrderRecordError extends Error {
  override readonly name = 'OrderRecordError';
}

/** Options of {@link InMemoryShop}. */
export interface InMemoryShopOptions {
  readonly orders: readonly OrderRecord[];
  /** The shop's day, an ISO 8601 date. */
  readonly today: string;
  /** Actions kept before the oldest is forgotten, so that a server that runs for weeks stays small. Default 10,000. */
  readonly maxActions?: number;
}

/**
 * A shop in memory. The orders never change; what the agent did is a list of actions, and a conversation sees the orders
 * with its own actions applied. So any number of conversations about the same order run side by side, in any order and
 * as often as wanted, and each finds the shop as the data files describe it.
 */
export class InMemoryShop implements ShopStore {
  readonly #records: ReadonlyMap<string, OrderRecord>;
  readonly #today: string;
  readonly #maxActions: number;
  readonly #actions = new Map<string, ShopAction>();

  constructor(options: InMemoryShopOptions) {
    this.#records = new Map(options.orders.map((record) => [record.id, record]));
    this.#today = options.today;
    this.#maxActions = options.maxActions ?? 10_000;
  }

  /** What was done so far, oldest first. */
  get actions(): readonly ShopAction[] {
    return [...this.#actions.values()];
  }

  async findOrder(scope: ShopScope, orderId: string): Promise<Order | undefined> {
    const record = this.#records.get(orderId);
    return record?.customerId === scope.customerId ? this.#read(scope, record) : undefined;
  }

  async ordersOf(scope: ShopScope): Promise<Order[]> {
    return [...this.#records.values()]
      .filter((record) => record.customerId === scope.customerId)
      .map((record) => this.#read(scope, record))
      .sort((a, b) => b.placedOn.localeCompare(a.placedOn) || b.id.localeCompare(a.id));
  }

  async refund(scope: ShopScope, key: string, orderId: string): Promise<ShopAction> {
    return this.#once(key, async () => {
      const order = await this.#require(scope, orderId);
      if (order.status !== 'delivered')
        throw new ShopConflictError(`Order ${orderId} is ${order.status}: there is nothing to pay back.`);
      return { key, kind: 'refund', ...scope, orderId, amountCents: order.totalCents };
    });
  }

  async cancel(scope: ShopScope, key: string, orderId: string): Promise<ShopAction> {
    return this.#once(key, async () => {
      const order = await this.#require(scope, orderId);
      if (order.status !== 'processing')
        throw new ShopConflictError(`Order ${orderId} is ${order.status}: it cannot be cancelled.`);
      return { key, kind: 'cancel', ...scope, orderId, amountCents: 0 };
    });
  }

  async openCase(scope: ShopScope, key: string, orderId?: string): Promise<ShopAction> {
    return this.#once(key, async () => ({
      key,
      kind: 'case',
      ...scope,
      ...(orderId === undefined ? {} : { orderId }),
      amountCents: 0,
    }));
  }

  async #once(key: string, act: () => Promise<ShopAction>): Promise<ShopAction> {
    const earlier = this.#actions.get(key);
    if (earlier !== undefined) return earlier;
    const action = await act();
    this.#actions.set(key, action);
    for (const oldest of this.#actions.keys()) {
      if (this.#actions.size <= this.#maxActions) break;
      this.#actions.delete(oldest);
    }
    return action;
  }

  async #require(scope: ShopScope, orderId: string): Promise<Order> {
    const order = await this.findOrder(scope, orderId);
    if (order === undefined)
      throw new ShopConflictError(`Customer ${scope.customerId} has no order ${orderId}.`);
    return order;
  }

  #read(scope: ShopScope, record: OrderRecord): Order {
    const parsed = orderSchema.safeParse(record);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new OrderRecordError(
        `Order ${record.id} cannot be read: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}.`,
      );
    }
    const order = parsed.data;
    for (const action of this.#actions.values()) {
      if (action.threadId !== scope.threadId || action.orderId !== order.id) continue;
      if (action.kind === 'refund') return { ...order, status: 'refunded', refundedOn: this.#today };
      if (action.kind === 'cancel') return { ...order, status: 'cancelled' };
    }
    return order;
  }
}
