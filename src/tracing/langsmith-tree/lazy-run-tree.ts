import type { RunTree } from './nested-runs.ts';

/** What a {@link lazyRunTree} is made of. */
export interface LazyRunTree {
  /** What is known without making it. */
  readonly known: Readonly<Record<string, unknown>>;
  /** That of langsmith's run trees: their methods come from there. */
  readonly prototype: object;
  /** Makes it. */
  readonly make: () => RunTree | undefined;
  /** What is to be put into `extra` in the place of what was given. Default: that. */
  readonly extra?: ((given: Extra) => Extra) | undefined;
}

/** What a run tree carries beside its own fields. */
export type Extra = Readonly<Record<PropertyKey, unknown>>;

/**
 * A run tree that is made when more of it is asked for than is known. @langchain/core asks for one at every step of a graph,
 * to carry its configuration around, and hardly ever looks at it: only nested calls of langsmith's do.
 */
export function lazyRunTree({ known, prototype, make, extra }: LazyRunTree): RunTree {
  const target: Record<PropertyKey, unknown> = Object.assign(Object.create(prototype), known);
  let isMade = false;
  const finish = () => {
    if (isMade) return;
    isMade = true;
    // What has been set meanwhile stays.
    for (const [key, value] of Object.entries(make() ?? {})) target[key] ??= value;
  };
  return new Proxy(target, {
    get(_target, key, receiver) {
      // Symbols are core's and langsmith's own marks, which no run tree is made with.
      if (typeof key !== 'symbol' && !(key in target)) finish();
      return Reflect.get(target, key, receiver);
    },
    set(_target, key, value) {
      target[key] = key === 'extra' && extra !== undefined ? extra(value) : value;
      return true;
    },
    ownKeys() {
      finish();
      return Reflect.ownKeys(target);
    },
  }) as unknown as RunTree;
}
