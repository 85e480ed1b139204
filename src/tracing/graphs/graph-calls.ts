import type { RunnableConfig } from '@langchain/core/runnables';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { BoundedMap } from '../bounded-map.ts';
import type { CallPlace } from '../langsmith-tree/call-place.ts';
import { newRunId } from '../run-id.ts';

/** Calls between their beginning and the callback that reports it, or their end where none does. */
const MAX_BEGINNING = 1_000;

const signals = new BoundedMap<string, AbortSignal>(MAX_BEGINNING);
const followed = new WeakSet<object>();

/** The parts of a graph's call that are read here. */
type CallOptions = Pick<RunnableConfig, 'runId' | 'signal' | 'callbacks'>;

type Chunks = AsyncGenerator<unknown, unknown, unknown>;

/** What LangChain's runnables go through however they are called, and what copies them with more configuration. */
interface StreamingRunnable {
  _streamIterator?(input: unknown, options?: CallOptions): Chunks;
  withConfig(config: object): StreamingRunnable;
  /** What is bound to it. */
  config?: CallOptions;
}

/**
 * Sees to what the callbacks of a traced graph do not:
 * - They tell of every aborted run as `Error("Abort")`. Whether the caller left or the time was up is known to the signal,
 *   which is noted here for {@link takeRunSignal}.
 * - A run that is aborted while nobody waits for its next chunk, between two steps for example, reports no end at all:
 *   nobody reads on, and LangGraph reports an end to its reader. Here it is read to its end.
 * - LangSmith's tracer has a place among them, which is {@link CallPlace}'s to give away at each call.
 *
 * Returns the graph itself, of which nothing else changes; copies that its `withConfig` makes are followed too.
 */
export function followCalls<Graph extends object>(graph: Graph, place?: CallPlace): Graph {
  const runnable = graph as unknown as StreamingRunnable;
  const { _streamIterator: iterate, withConfig } = runnable;
  if (typeof iterate !== 'function' || followed.has(graph)) return graph;
  followed.add(graph);
  if (runnable.config !== undefined && place !== undefined) runnable.config = place.bound(runnable.config);
  define(runnable, '_streamIterator', (input: unknown, given: CallOptions = {}) => {
    const { options, isApart } = place?.prepare(given) ?? { options: given, isApart: false };
    const start = (chosen: CallOptions) => {
      const chunks = iterate.call(runnable, input, chosen);
      return isApart ? readInside(options, chunks) : chunks;
    };
    const { signal, runId = newRunId() } = options;
    if (signal === undefined) return start(options);
    signals.set(runId, signal);
    return readOutWhenAborted(start({ ...options, runId }), signal, () => signals.take(runId));
  });
  define(runnable, 'withConfig', (config: object) => followCalls(withConfig.call(runnable, config), place));
  return graph;
}

/** The signal of a run that begins now: its call's own, the call's time limit and the reader of its stream in one. */
export function takeRunSignal(runId: string): AbortSignal | undefined {
  return signals.take(runId);
}

/** Whether a call with this run id has been made of which no callback has told yet. */
export function isBeginning(runId: string): boolean {
  return signals.get(runId) !== undefined;
}

/** Runs a graph with its own configuration around it, where it would find that of the code around its call. */
function readInside({ runId: _itsOwn, ...config }: CallOptions, chunks: Chunks): Chunks {
  const inside = <Result>(work: () => Promise<Result>) =>
    AsyncLocalStorageProviderSingleton.runWithConfig(config, work, true);
  return {
    next: (...args) => inside(() => chunks.next(...args)),
    return: (value) => inside(() => chunks.return(value)),
    throw: (thrown) => inside(() => chunks.throw(thrown)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** LangChain asks for no chunk once the signal has aborted, and drops the one that comes after that. */
function readOutWhenAborted(chunks: Chunks, signal: AbortSignal, onEnd: () => void): Chunks {
  let asked = 0;
  const readOut = async () => {
    try {
      while (!(await chunks.next()).done);
    } catch {
      // The run has reported it, and its reader has been told that it was aborted.
    }
  };
  const onAbort = () => {
    if (asked === 0) void readOut();
  };
  const end = () => {
    signal.removeEventListener('abort', onAbort);
    onEnd();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    async next(...args) {
      asked += 1;
      try {
        const result = await chunks.next(...args);
        if (result.done) end();
        else if (signal.aborted) void readOut();
        return result;
      } catch (thrown) {
        end();
        throw thrown;
      } finally {
        asked -= 1;
      }
    },
    return(value) {
      return chunks.return(value).finally(end);
    },
    throw(thrown) {
      return chunks.throw(thrown);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Not enumerable: the graph copies its own members when it is configured anew. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
