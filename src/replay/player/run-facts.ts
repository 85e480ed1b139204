import { isRecord } from '../../core/index.ts';

/** What the callbacks of a call know of its place. */
export function runFacts(runManager: unknown): {
  readonly runId: string | undefined;
  readonly checkpointNs: string | undefined;
} {
  if (!isRecord(runManager)) return { runId: undefined, checkpointNs: undefined };
  const { runId, metadata } = runManager;
  const ns = isRecord(metadata) ? metadata['langgraph_checkpoint_ns'] : undefined;
  return {
    runId: typeof runId === 'string' ? runId : undefined,
    checkpointNs: typeof ns === 'string' ? ns : undefined,
  };
}

/** Name of the class of a model, tool or retriever, as LangChain calls it. */
export function classNameOf(target: object): string {
  const made = target.constructor;
  const named: unknown = Reflect.get(made, 'lc_name');
  const name: unknown = typeof named === 'function' ? named.call(made) : undefined;
  return typeof name === 'string' && name !== '' ? name : made.name;
}
