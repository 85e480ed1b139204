import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import type { Article } from '../data/shop-data.ts';
import type { SupportPolicy } from '../policy.ts';
import type { ShopStore } from '../shop-store.ts';
import type { SupportNode } from '../state.ts';

/** What the nodes work with. */
export interface AgentDependencies {
  readonly model: BaseChatModel;
  readonly store: ShopStore;
  readonly articles: readonly Article[];
  readonly policy: SupportPolicy;
  /** Times the model may choose tools for one request. */
  readonly maxSteps: number;
  /** Makes the idempotency key of a run whose caller gave it no id. */
  readonly newRunKey: () => string;
}

/** Makes a node from what nodes work with. */
export type NodeFactory = (dependencies: AgentDependencies) => SupportNode;
