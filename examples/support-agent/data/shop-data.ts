import { z } from 'zod';
import articlesFile from './articles.json' with { type: 'json' };
import ordersFile from './orders.json' with { type: 'json' };

const day = z.iso.date();

/** One order as the shop keeps it. Days are ISO 8601 dates, money is in cents of a euro. */
export const orderSchema = z.strictObject({
  id: z.string().regex(/^A-\d{4}$/),
  customerId: z.string(),
  recipient: z.string(),
  items: z.array(z.string()).min(1),
  totalCents: z.number().int().nonnegative(),
  status: z.enum(['processing', 'shipped', 'delivered', 'cancelled', 'refunded']),
  placedOn: day,
  carrier: z.string().optional(),
  expectedOn: day.optional(),
  deliveredOn: day.optional(),
  refundedOn: day.optional(),
});
/** One order as the shop keeps it. */
export type Order = z.infer<typeof orderSchema>;

const articleSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  keywords: z.array(z.string()).min(1),
  text: z.string(),
});
/** One page of the knowledge base. */
export type Article = z.infer<typeof articleSchema>;

/**
 * A record is only parsed when it is read: an import from the old shop system left some that are incomplete, and one of
 * those must not keep the shop from opening.
 */
const recordSchema = z.looseObject({ id: z.string(), customerId: z.string() });
/** An order record that has not been checked yet. */
export type OrderRecord = z.infer<typeof recordSchema>;

const ordersFileSchema = z.strictObject({ asOf: day, orders: z.array(recordSchema) });

/** The shop's orders and the day they were exported, which is the agent's "today": answers do not change with the date. */
export const shopOrders: z.infer<typeof ordersFileSchema> = ordersFileSchema.parse(ordersFile);

/** The knowledge base. */
export const shopArticles: readonly Article[] = z.array(articleSchema).parse(articlesFile);
