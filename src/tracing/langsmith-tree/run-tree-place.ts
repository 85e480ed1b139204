import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { RunnableConfig } from '@langchain/core/runnables';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { currentRunId } from '../current-run.ts';
import { DIRECT, type DirectHandler } from '../direct-callbacks/index.ts';
import { recorderOf } from '../recording/recorder.ts';
import type { LangChainTracerStandIn } from './langchain-tracer.ts';
import { type Extra, lazyRunTree } from './lazy-run-tree.ts';
import type { RunTree } from './nested-runs.ts';
import type { TracingClient } from './withheld-runs.ts';

/** What a {@link RunTreePlace} needs. */
export interface RunTreePlaceOptions {
  /** Whether LangSmith's own tracer is switched on: it must find its place free then. */
  readonly isTracerOn: () => boolean;
  /** Makes what answers a langsmith call that has been handed the configuration of a run. */
  readonly standIn: () => LangChainTracerStandIn;
}

/** What @langchain/core makes where no tracer has a run tree. */
const UNTRACED = { name: '<runnable_lambda>', tracingEnabled: false } as const;
/** Where core keeps the configuration of a run in the `extra` of its tree. */
const CONFIG = Symbol.for('lc:child_config');

/**
 * Stands where @langchain/core looks for LangSmith's tracer, while that is off. Without one, core makes a run tree at every
 * step of a graph, to carry its configuration around; that costs a run of a small graph a fifth of its time, and hardly
 * anybody looks at it. This gives one that is made when somebody does. It hears of no run and sends nothing.
 *
 * What runs inside sees what it would see without: also that, where no tracer is, a stream is read with no configuration
 * around it. With one, a model called by a model that streams would belong to the same run, and its pieces would come twice.
 */
export class RunTreePlace extends BaseCallbackHandler implements DirectHandler {
  /** The name by which @langchain/core and langsmith look the tracer up. */
  override name = 'langchain_tracer';
  override awaitHandlers = true;
  readonly [DIRECT] = true;
  override ignoreLLM = true;
  override ignoreChain = true;
  override ignoreAgent = true;
  override ignoreRetriever = true;
  override ignoreCustomEvent = true;
  private readonly options: RunTreePlaceOptions;
  private prototype: object | undefined;
  private madeStandIn: LangChainTracerStandIn | undefined;

  constructor(options: RunTreePlaceOptions) {
    super();
    this.options = options;
  }

  override copy(): RunTreePlace {
    return this;
  }

  /** Adds itself to the callbacks of a call, unless somebody else's tracer is there, or is about to be. */
  addTo<Options extends Pick<RunnableConfig, 'callbacks'>>(options: Options): Options {
    const { callbacks = [] } = options;
    if (
      !Array.isArray(callbacks) ||
      callbacks.some((handler) => 'name' in handler && handler.name === this.name)
    )
      return options;
    // Inside another run the callbacks of that run are handed on.
    if (AsyncLocalStorageProviderSingleton.getRunnableConfig()?.callbacks !== undefined) return options;
    if (LangChainTracer.getTraceableRunTree()?.tracingEnabled ?? this.options.isTracerOn()) return options;
    return { ...options, callbacks: [...callbacks, this] };
  }

  /** What core carries the configuration of a run around in. */
  getRunTreeWithTracingConfig(runId: string): RunTree {
    this.prototype ??= runTreePrototype();
    const { prototype } = this;
    return lazyRunTree({
      // Not `false`, as in what core makes: by that it would drop the tracer, and with it this place.
      known: { tracingEnabled: undefined, extra: undefined },
      prototype,
      make: () => Reflect.construct(prototype.constructor, [UNTRACED]),
      extra: isFunctionCall(runId) ? undefined : withoutStream,
    });
  }

  /** Asked for by langsmith's calls that are handed the configuration of a run: they belong to it. */
  getRun(id: string): RunTree | undefined {
    return this.standIn.getRun(id);
  }

  get projectName(): string {
    return this.standIn.projectName;
  }

  get client(): TracingClient {
    return this.standIn.client;
  }

  /** Called with a run tree that somebody has made in code for a graph's step. */
  updateFromRunTree(): void {}

  private get standIn(): LangChainTracerStandIn {
    this.madeStandIn ??= this.options.standIn();
    return this.madeStandIn;
  }
}

/** Of the class that @langchain/core's own langsmith has. */
function runTreePrototype(): object {
  const storage = AsyncLocalStorageProviderSingleton;
  const made: unknown = storage.runWithConfig({}, () => storage.getInstance().getStore());
  return typeof made === 'object' && made !== null
    ? (Object.getPrototypeOf(made) as object)
    : Object.prototype;
}

/** Whether a function of the user's is about to be called as this run, and not a stream to be read that it has made. */
function isFunctionCall(runId: string): boolean {
  const span = recorderOf(runId)?.find(runId);
  if (span === undefined) return true;
  return (span.type === 'tool' || span.className === 'RunnableLambda') && currentRunId() !== runId;
}

/** Core hands over a stream's configuration in a form of its own; that of a graph's step has no limit of time. */
function withoutStream(extra: Extra): Extra {
  const config = extra[CONFIG];
  const isStream = typeof config === 'object' && config !== null && Object.hasOwn(config, 'timeout');
  return isStream ? { ...extra, [CONFIG]: undefined } : extra;
}
