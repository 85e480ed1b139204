import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { CallbackManager } from '@langchain/core/callbacks/manager';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { getEnvironmentVariable } from '@langchain/core/utils/env';
import { isRecord } from '../../core/index.ts';
import { directHandlers } from './direct-handler.ts';
import type { DirectManagers, ManagerClasses } from './direct-manager.ts';

/** What LangChain configures the callbacks of a step from. */
export type ConfigureArguments = Parameters<typeof CallbackManager._configureSync>;

type TracingConfig = {
  readonly metadata?: object | undefined;
  readonly tags?: readonly string[] | undefined;
};

/** What the callback manager asks of LangSmith's tracer, and of what stands in its place. */
interface TracerHandler extends BaseCallbackHandler {
  readonly tracingMetadata?: object | undefined;
  readonly tracingTags?: readonly string[];
  copyWithTracingConfig?(config: TracingConfig): TracerHandler;
  _getRunStoreKey?(): unknown;
}

const TRACER = 'langchain_tracer';
/** Where @langchain/core keeps what `setContextVariable` was given; hooks that add handlers are among it. */
const CONTEXT_VARIABLES = Symbol.for('lc:context_variables');

/**
 * The callbacks of a step inside a traced graph, as LangChain would configure them: for the common case alone that nothing but
 * {@link DirectHandler}s is there, one in the place of LangSmith's tracer, and nothing to be added. Undefined in every other
 * case.
 *
 * LangChain copies the callbacks of each step key by key, each time into new objects, and asks the environment a dozen
 * questions: for a small graph that is most of what it takes to be traced.
 */
export function configureDirectly(
  { CallbackManager }: Pick<ManagerClasses, 'CallbackManager'>,
  managers: DirectManagers,
  [given, local, tags, localTags, metadata, localMetadata, options]: ConfigureArguments,
): CallbackManager | undefined {
  if (!(given instanceof CallbackManager) || given.getParentRunId() === undefined) return undefined;
  if (local && !(Array.isArray(local) && local.length === 0)) return undefined;
  if (directHandlers(given.handlers) === undefined || !isEachOnce(given.handlers)) return undefined;
  if (!given.handlers.some(isTracer)) return undefined;
  if (options?.verbose || getEnvironmentVariable('LANGCHAIN_VERBOSE') === 'true') return undefined;
  if (isContextSpecial()) return undefined;

  const manager = managers.copyOf(given);
  if (tags || localTags) {
    manager.addTags(tags ?? []);
    manager.addTags(localTags ?? [], false);
  }
  if (metadata || localMetadata) {
    manager.addMetadata(metadata ?? {});
    manager.addMetadata(localMetadata ?? {}, false);
  }
  const { tracerInheritableMetadata, tracerInheritableTags } = options ?? {};
  if (tracerInheritableMetadata || tracerInheritableTags) {
    configureTracers(manager, { metadata: tracerInheritableMetadata, tags: tracerInheritableTags });
  }
  return foldTracers(manager) ? manager : undefined;
}

function isTracer(handler: BaseCallbackHandler): handler is TracerHandler {
  return handler.name === TRACER;
}

function isEachOnce(handlers: readonly BaseCallbackHandler[]): boolean {
  return handlers.every((handler, index) => handlers.indexOf(handler) === index);
}

/** Whether the code around has switched the tracing of LangSmith off, or may have asked for more handlers. */
function isContextSpecial(): boolean {
  const store: unknown = AsyncLocalStorageProviderSingleton.getInstance().getStore();
  if (!isRecord(store)) return false;
  return store['tracingEnabled'] === false || Reflect.get(store, CONTEXT_VARIABLES) !== undefined;
}

/** Tracers carry metadata and tags that no other handler is to see; each configuration makes copies of them. */
function configureTracers(manager: CallbackManager, config: TracingConfig): void {
  for (const tracer of manager.handlers.filter(isTracer)) {
    const configured = tracer.copyWithTracingConfig?.(config);
    if (configured !== undefined) replace(manager, tracer, configured);
  }
}

/** Makes one of several copies of the same tracer. False where that is not as simple. */
function foldTracers(manager: CallbackManager): boolean {
  const [first, ...others] = manager.handlers.filter(isTracer);
  const key = first?._getRunStoreKey?.();
  if (first === undefined || others.length === 0) return true;
  const isInherited = (tracer: BaseCallbackHandler) => manager.inheritableHandlers.includes(tracer);
  const areOne = others.every((tracer) => key !== undefined && tracer._getRunStoreKey?.() === key);
  if (!areOne || !manager.handlers.every(isInherited)) return false;
  const folded = others.reduce(
    (sum, { tracingMetadata: metadata, tracingTags: tags }) =>
      sum.copyWithTracingConfig?.({ metadata, tags }) ?? sum,
    first,
  );
  replace(manager, first, folded);
  for (const tracer of others) manager.removeHandler(tracer);
  return true;
}

function replace(manager: CallbackManager, old: BaseCallbackHandler, by: BaseCallbackHandler): void {
  const replaced = (handler: BaseCallbackHandler) => (handler === old ? by : handler);
  manager.handlers = manager.handlers.map(replaced);
  manager.inheritableHandlers = manager.inheritableHandlers.map(replaced);
}
