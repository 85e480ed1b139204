import { type LangGraphRunnableConfig, MessagesValue, StateSchema } from '@langchain/langgraph';
import { z } from 'zod';

/** What a customer can want. The words that typically point to each are in the classification prompt. */
export const INTENTS = [
  'escalate',
  'cancel',
  'refund',
  'order_status',
  'question',
  'out_of_scope',
  'smalltalk',
  'unclear',
] as const;

/** What the model answers when it classifies a request. */
export const classificationSchema = z.strictObject({
  intent: z.enum(INTENTS),
  orderId: z.string().nullable().describe('The order number exactly as the customer wrote it, or null.'),
  upset: z.boolean().describe('Whether the customer is upset.'),
});
/** What the model answers when it classifies a request. */
export type Classification = z.infer<typeof classificationSchema>;

/** A refund that waits for a person, or what the person decided. */
export const escalationSchema = z.strictObject({
  kind: z.literal('refund_approval'),
  orderId: z.string(),
  /** Cents of a euro. */
  amountCents: z.number().int().nonnegative(),
  status: z.enum(['waiting', 'approved', 'declined']),
});
/** A refund that waits for a person, or what the person decided. */
export type Escalation = z.infer<typeof escalationSchema>;

/** What the graph is called with. */
export const InputState = new StateSchema({
  /** The conversation so far; the last message is the customer's. */
  messages: MessagesValue,
  /** The signed-in customer, as the shop's front end established it. Absent for a visitor who is not signed in. */
  customerId: z.string().min(1).optional(),
});

/** What the graph answers with. */
export const OutputState = new StateSchema({
  /** The conversation; the last message is the answer. */
  messages: MessagesValue,
  intent: z.enum(INTENTS).nullable().default(null),
  escalation: escalationSchema.nullable().default(null),
});

/** The whole state. What is not in the input or output stays inside. */
export const AgentState = new StateSchema({
  ...InputState.fields,
  ...OutputState.fields,
  /** The classification of the request that is being handled; null when the model gave none that can be used. */
  request: classificationSchema.nullable().default(null),
  /** How often the model chose tools for this request: the guard against endless loops. */
  steps: z.number().int().nonnegative().default(0),
  /** Names the run in the idempotency keys of side effects; see `runKeyOf`. */
  runKey: z.string().default(''),
});

/** The state as a node reads it. */
export type SupportState = typeof AgentState.State;
/** What a node writes. */
export type SupportUpdate = typeof AgentState.Update;
/** A node of the graph. */
export type SupportNode = (state: SupportState, config: LangGraphRunnableConfig) => Promise<SupportUpdate>;
