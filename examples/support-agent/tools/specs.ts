import { z } from 'zod';

const orderId = z
  .string()
  .describe('The order number, as the customer wrote it or as an earlier result gives it.');

/** The tools as the model sees them. Who the customer is comes from the graph, never from the model. */
export const toolSpecs = {
  search_articles: {
    name: 'search_articles',
    description: 'Search the help pages of the shop.',
    schema: z.object({ query: z.string().describe("The customer's question.") }),
  },
  look_up_order: {
    name: 'look_up_order',
    description: 'Look up one order of this customer by its number.',
    schema: z.object({ orderId }),
  },
  list_orders: {
    name: 'list_orders',
    description: 'Find the order of this customer that a message is about, when it names no number.',
    schema: z.object({ about: z.string().describe("The customer's message.") }),
  },
  refund_order: {
    name: 'refund_order',
    description: 'Pay the money for an order back.',
    schema: z.object({ orderId }),
  },
  cancel_order: {
    name: 'cancel_order',
    description: 'Cancel an order that was not sent yet.',
    schema: z.object({ orderId }),
  },
  escalate_to_person: {
    name: 'escalate_to_person',
    description: 'Put the request on the desk of a person.',
    schema: z.object({ reason: z.string().describe('What the person has to know, in one sentence.') }),
  },
} as const;

/** Name of a tool of the agent. */
export type ToolName = keyof typeof toolSpecs;

/** True for the name of a tool of the agent. Models make up names. */
export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(toolSpecs, name);
}
