import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { ShopScope } from './shop-store.ts';
import type { SupportState } from './state.ts';

/**
 * The id of this run: `configurable.run_id`, where LangGraph servers put it, else the run id LangGraph reports to nodes.
 * Undefined when the caller gave none.
 */
export function runIdOf(config: LangGraphRunnableConfig): string | undefined {
  const configured: unknown = config.configurable?.['run_id'];
  if (typeof configured === 'string' && configured !== '') return configured;
  return config.executionInfo?.runId ?? config.runId;
}

/** The thread of this run. A graph compiled without a checkpointer may have none; the run is its own thread then. */
export function threadIdOf(state: Pick<SupportState, 'runKey'>, config: LangGraphRunnableConfig): string {
  const threadId: unknown = config.configurable?.['thread_id'];
  return typeof threadId === 'string' && threadId !== '' ? threadId : state.runKey;
}

/** Whose orders this run may see; undefined for a visitor who is not signed in. */
export function scopeOf(state: SupportState, config: LangGraphRunnableConfig): ShopScope | undefined {
  return state.customerId === undefined
    ? undefined
    : { customerId: state.customerId, threadId: threadIdOf(state, config) };
}
