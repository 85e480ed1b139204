import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { isRecord } from '../core/index.ts';

/** Nested `traceable` calls that are looked through for the node around them. */
const MAX_ENCLOSING = 32;

/**
 * The id of the run that the calling code is part of: the node, tool or chain whose function is running, also after an
 * await, in subgraphs and in parallel branches. Undefined outside of LangChain's runs, and inside a langsmith
 * `traceable` that no tracer records.
 */
export function currentRunId(): string | undefined {
  const config: unknown = AsyncLocalStorageProviderSingleton.getRunnableConfig();
  const callbacks = isRecord(config) ? config['callbacks'] : undefined;
  if (!isRecord(callbacks) || typeof callbacks['getParentRunId'] !== 'function') return undefined;
  const runId: unknown = callbacks['getParentRunId']();
  return typeof runId === 'string' ? runId : undefined;
}

/** The ids of the runs around the current one, the innermost first, where a LangSmith tracer keeps them in its run tree. */
export function enclosingRunIds(): readonly string[] {
  const ids: string[] = [];
  let run: unknown = AsyncLocalStorageProviderSingleton.getInstance().getStore();
  for (let depth = 0; depth < MAX_ENCLOSING && isRecord(run); depth += 1) {
    if (typeof run['id'] === 'string') ids.push(run['id']);
    run = run['parent_run'];
  }
  return ids;
}
