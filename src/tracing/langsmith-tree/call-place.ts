import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { RunnableConfig } from '@langchain/core/runnables';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { newRunId } from '../run-id.ts';
import { LangChainTracerStandIn } from './langchain-tracer.ts';
import { RunTreePlace } from './run-tree-place.ts';

/** What a {@link CallPlace} needs. */
export interface CallPlaceOptions {
  /** The recording handler of the graph. */
  readonly handler: BaseCallbackHandler;
  /** Gives what takes the place of LangSmith's tracers. */
  readonly standIn: () => LangChainTracerStandIn;
  /** Whether the stand-in is among the callbacks of the graph itself. */
  readonly isBound: boolean;
  /** Whether LangSmith's tracers are to hear of no run of the graph, wherever they send it. */
  readonly isPrivate: boolean;
  /** Whether this tracer would send the runs where they go anyway. */
  readonly sendsTheSame: (tracer: LangChainTracer) => boolean;
  /** Whether LangSmith's own tracer is switched on at this moment. */
  readonly isTracerOn: () => boolean;
  /** Takes the place while nobody else does; not needed beside a stand-in that is bound. */
  readonly runTreePlace: RunTreePlace | undefined;
  /** Told of each call that a tracer is kept from to which it was given, or which it would have joined by itself. */
  readonly onReplaced: () => void;
}

type CallOptions = Pick<RunnableConfig, 'callbacks' | 'runId'>;
type Callbacks = RunnableConfig['callbacks'];

/** How a call is made. */
export interface PreparedCall<Options> {
  readonly options: Options;
  /** Whether it has other callbacks than the code around it, whose configuration it must not find then. */
  readonly isApart: boolean;
}

/**
 * Sees to the place of LangSmith's tracer in each call of a graph. A tracer is at work there already when the graph is called
 * inside a chain, another graph or a `traceable` function, or with a tracer in its callbacks. What that one would send, the
 * stand-in hands to the recorder, and the runs hang in the tree of the caller as before.
 */
export class CallPlace {
  private readonly options: CallPlaceOptions;
  /** A tracer knows its runs as long as it lives: that is as long as the call. */
  private readonly replaced = new WeakMap<object, readonly LangChainTracer[]>();

  constructor(options: CallPlaceOptions) {
    this.options = options;
  }

  /** The options to make a call with. */
  prepare<Options extends CallOptions>(given: Options): PreparedCall<Options> {
    const { isBound, isPrivate, isTracerOn, runTreePlace, onReplaced } = this.options;
    const around = AsyncLocalStorageProviderSingleton.getRunnableConfig()?.callbacks as Callbacks;
    const callbacks = given.callbacks ?? around;
    const tracers = [...new Set([...tracersIn(callbacks), ...tracersIn(around)])];
    const outside = tracers.filter((tracer) => this.mustNotSend(tracer));
    const willJoin = () => LangChainTracer.getTraceableRunTree()?.tracingEnabled ?? isTracerOn();
    if (outside.length === 0 && (isBound || !isPrivate || hasTracer(callbacks) || !willJoin())) {
      return { options: runTreePlace?.addTo(given) ?? given, isApart: false };
    }
    onReplaced();
    const runId = given.runId ?? newRunId();
    const options = { ...given, runId, callbacks: this.replace(callbacks, outside, runId) };
    this.replaced.set(options, outside);
    return { options, isApart: true };
  }

  /** The configuration that is bound to the graph, without the tracers that are not to hear of its runs. */
  bound<Config extends CallOptions>(config: Config): Config {
    const outside = tracersIn(config.callbacks).filter((tracer) => this.mustNotSend(tracer));
    if (outside.length === 0) return config;
    this.options.onReplaced();
    return { ...config, callbacks: without(config.callbacks, outside) };
  }

  private mustNotSend(tracer: LangChainTracer): boolean {
    const { isPrivate, isBound, sendsTheSame } = this.options;
    return isPrivate || (isBound && sendsTheSame(tracer));
  }

  private replace(callbacks: Callbacks, outside: readonly LangChainTracer[], runId: string): Callbacks {
    const standIn = this.options.standIn();
    const parentId = Array.isArray(callbacks) ? undefined : callbacks?.getParentRunId();
    for (const tracer of outside) standIn.replace(tracer, { runId, parentId });
    const rest = without(callbacks, outside) ?? [];
    // In this order: the stand-in annotates what the handler has begun.
    const ours = [this.options.handler, standIn];
    if (Array.isArray(rest)) return [...rest, ...ours];
    for (const handler of ours) rest.addHandler(handler, true);
    return rest;
  }
}

function handlersOf(callbacks: Callbacks): readonly object[] {
  if (callbacks === undefined || Array.isArray(callbacks)) return callbacks ?? [];
  return [...callbacks.handlers, ...callbacks.inheritableHandlers];
}

function hasTracer(callbacks: Callbacks): boolean {
  return handlersOf(callbacks).some(hasTracerName);
}

function hasTracerName(handler: object): boolean {
  return 'name' in handler && handler.name === 'langchain_tracer';
}

/** LangSmith's tracers, but none that is ours. */
function tracersIn(callbacks: Callbacks): readonly LangChainTracer[] {
  return handlersOf(callbacks).filter(
    (handler): handler is LangChainTracer =>
      hasTracerName(handler) &&
      !(handler instanceof LangChainTracerStandIn) &&
      !(handler instanceof RunTreePlace),
  );
}

/** A copy without these. */
function without(callbacks: Callbacks, tracers: readonly LangChainTracer[]): Callbacks {
  if (callbacks === undefined) return undefined;
  if (Array.isArray(callbacks)) {
    return callbacks.filter((handler) => !tracers.some((tracer) => tracer === handler));
  }
  const copy = callbacks.copy();
  for (const tracer of tracers) copy.removeHandler(tracer);
  return copy;
}
