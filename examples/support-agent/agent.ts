import { randomUUID } from 'node:crypto';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { type BaseCheckpointSaver, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { type Article, shopArticles, shopOrders } from './data/shop-data.ts';
import { type AgentDependencies, type NodeFactory, type NodeName, supportNodes } from './nodes/index.ts';
import type { SupportPolicy } from './policy.ts';
import { afterAssist, afterClassify, afterDraft, afterEscalate, afterTool } from './routes.ts';
import { InMemoryShop, type ShopStore } from './shop-store.ts';
import { AgentState, InputState, OutputState } from './state.ts';

/** Options of {@link createSupportAgent}. */
export interface SupportAgentOptions {
  /** A chat model that can call tools. */
  readonly model: BaseChatModel;
  /** Default: the shop of `data/orders.json`, in memory. */
  readonly store?: ShopStore;
  /** Default: `data/articles.json`. */
  readonly articles?: readonly Article[];
  /** Default: refunds up to 100 EUR without a person, within 30 days of delivery, on the day of `data/orders.json`. */
  readonly policy?: Partial<SupportPolicy>;
  /** Times the model may choose tools for one request. Default 6. */
  readonly maxSteps?: number;
  /** Default: in memory. `false` compiles without one: no threads, and a refund above the limit cannot be resumed. */
  readonly checkpointer?: BaseCheckpointSaver | false;
  /** Nodes to use in place of the agent's own. */
  readonly nodes?: Partial<Record<NodeName, NodeFactory>>;
  /** Makes the idempotency key of a run whose caller gave it no id. Default: a random UUID. */
  readonly newRunKey?: () => string;
}

/** Builds and compiles the support agent. */
export function createSupportAgent(options: SupportAgentOptions) {
  const dependencies: AgentDependencies = {
    model: options.model,
    store: options.store ?? new InMemoryShop({ orders: shopOrders.orders, today: shopOrders.asOf }),
    articles: options.articles ?? shopArticles,
    policy: { refundLimitCents: 100_00, returnWindowDays: 30, today: shopOrders.asOf, ...options.policy },
    maxSteps: options.maxSteps ?? 6,
    newRunKey: options.newRunKey ?? randomUUID,
  };
  const node = (name: NodeName) => (options.nodes?.[name] ?? supportNodes[name])(dependencies);
  const tools = [
    'search_knowledge',
    'look_up_order',
    'refund',
    'cancel',
    'escalate',
    'reject_tool_call',
  ] as const;

  return new StateGraph(AgentState, { input: InputState, output: OutputState })
    .addNode('classify', node('classify'))
    .addNode('classify_fallback', node('classify_fallback'))
    .addNode('assist', node('assist'))
    .addNode('search_knowledge', node('search_knowledge'))
    .addNode('look_up_order', node('look_up_order'))
    .addNode('refund', node('refund'))
    .addNode('cancel', node('cancel'))
    .addNode('escalate', node('escalate'))
    .addNode('reject_tool_call', node('reject_tool_call'))
    .addNode('draft', node('draft'))
    .addNode('await_approval', node('await_approval'))
    .addEdge(START, 'classify')
    .addConditionalEdges('classify', afterClassify, ['classify_fallback', 'assist', 'draft'])
    .addConditionalEdges('classify_fallback', afterClassify, ['assist', 'draft'])
    .addConditionalEdges('assist', afterAssist(dependencies.maxSteps), [...tools, 'draft'])
    .addConditionalEdges('search_knowledge', afterTool, [...tools, 'assist'])
    .addConditionalEdges('look_up_order', afterTool, [...tools, 'assist'])
    .addConditionalEdges('refund', afterTool, [...tools, 'assist'])
    .addConditionalEdges('cancel', afterTool, [...tools, 'assist'])
    .addConditionalEdges('reject_tool_call', afterTool, [...tools, 'assist'])
    .addConditionalEdges('escalate', afterEscalate(dependencies.maxSteps), [...tools, 'assist', 'draft'])
    .addConditionalEdges('draft', afterDraft)
    .addEdge('await_approval', 'draft')
    .compile({ name: 'support-agent', checkpointer: options.checkpointer ?? new MemorySaver() });
}

/** The compiled support agent. */
export type SupportAgent = ReturnType<typeof createSupportAgent>;
