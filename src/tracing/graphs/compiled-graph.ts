import { isRecord } from '../../core/index.ts';

/**
 * The compiled graph that a value is or has inside: an agent of `createAgent` and what `withRetry` or `withFallbacks` make of a
 * graph have one. Undefined for anything else, such as a `RemoteGraph`, whose runs are another process's.
 *
 * By its shape: the application's LangGraph may be another copy.
 */
export function compiledGraphIn(value: unknown): object | undefined {
  if (!isRecord(value)) return undefined;
  const isWrappable = ['invoke', 'stream', 'withConfig'].every((name) => typeof value[name] === 'function');
  if (!isWrappable) return undefined;
  if (value['lg_is_pregel'] === true) return isRecord(value['nodes']) ? value : undefined;
  return compiledGraphIn(value['graph'] ?? value['bound'] ?? value['runnable']);
}
