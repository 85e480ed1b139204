import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { isRecord } from '../../core/index.ts';
import { BoundedMap } from '../bounded-map.ts';
import { DIRECT, type DirectHandler } from '../direct-callbacks/index.ts';
import { LANGSMITH_KEYS } from '../exporters/langsmith/index.ts';
import { recorderOf } from '../recording/recorder.ts';
import { lazyRunTree } from './lazy-run-tree.ts';
import { NestedRunClient, type NestedRunOptions, type RunTree } from './nested-runs.ts';
import { ancestryOf, chainOf, inheritedExtra, type RunChain } from './run-ancestry.ts';
import { type TracingClient, watchClient } from './withheld-runs.ts';

type Metadata = Record<string, unknown>;

/** What a {@link LangChainTracerStandIn} needs. */
export interface StandInOptions extends Omit<NestedRunOptions, 'fallback'> {
  /** Project of the runs. */
  readonly project: string;
}

/** What the copies of one stand-in have in common. */
interface Shared extends StandInOptions {
  readonly client: NestedRunClient;
  readonly trees: RunTreeFactory;
  /** Finds runs outside of any graph, in which a graph was called, while they are kept alive by whoever runs in them. */
  readonly outside: BoundedMap<string, () => RunTree | undefined>;
  /** Projects that the callers of runs which are about to begin have named. */
  readonly projects: BoundedMap<string, string>;
}

const MAX_OUTSIDE = 1_000;

/** Keys that the nearest enclosing configuration decides; of every other the run's own value stays. */
const NEAREST_WINS = new Set(['ls_agent_type']);

/**
 * Takes the place of LangChain's own LangSmith tracer in a traced graph. By its name the callback manager sees that
 * nothing has to be added when `LANGSMITH_TRACING` is set, so that no run is sent twice; and `traceable`, `wrapOpenAI` and
 * run trees made in nodes and tools find their parent through it, so that their runs become spans of the same trace, under
 * the same decision.
 *
 * It records no runs itself: it belongs behind the tracing handler in the list of callbacks, and adds what only LangSmith's
 * tracer is told (configurable values as metadata, run types, parameters of model calls).
 */
export class LangChainTracerStandIn extends BaseCallbackHandler implements DirectHandler {
  /** The name by which @langchain/core and langsmith look the tracer up. */
  override name = 'langchain_tracer';
  override awaitHandlers = true;
  readonly [DIRECT] = true;
  readonly projectName: string;
  readonly client: TracingClient;
  readonly tracingMetadata: Readonly<Metadata> | undefined;
  readonly tracingTags: readonly string[];
  private readonly shared: Shared;

  constructor(
    options: StandInOptions | Shared,
    config: { readonly metadata?: Metadata; readonly tags?: readonly string[] } = {},
  ) {
    super();
    this.shared = 'trees' in options ? options : share(options);
    this.projectName = options.project;
    this.client = this.shared.client.client;
    this.tracingMetadata = config.metadata;
    this.tracingTags = config.tags ?? [];
  }

  override copy(): LangChainTracerStandIn {
    return this;
  }

  /** Called when a graph or model starts with metadata that only the tracer is to see. */
  copyWithTracingConfig(config: { metadata?: Metadata; tags?: string[] }): LangChainTracerStandIn {
    const metadata: Metadata = { ...this.tracingMetadata };
    for (const [key, value] of Object.entries(config.metadata ?? {})) {
      if (!(key in metadata) || NEAREST_WINS.has(key)) metadata[key] = value;
    }
    const tags = [...new Set([...this.tracingTags, ...(config.tags ?? [])])];
    return new LangChainTracerStandIn(this.shared, { metadata, tags });
  }

  /**
   * Copies with the same key are folded into one by the callback manager. It asks whenever something starts, still inside the
   * run that starts it: the only moment to see which run of langsmith's that is.
   */
  _getRunStoreKey(): object {
    const tree = LangChainTracer.getTraceableRunTree();
    if (tree !== undefined && tree.client !== this.shared.client.client) this.noteOutside(tree);
    return this.shared;
  }

  /** The run under way with this id, as langsmith looks for the parent of a nested run. */
  getRun(id: string): RunTree | undefined {
    return this.getRunTreeWithTracingConfig(id);
  }

  /** The run tree that langsmith's calls inside the run find as their parent. */
  getRunTreeWithTracingConfig(id: string): RunTree | undefined {
    try {
      const chain = chainOf(id);
      if (chain !== undefined) return this.shared.trees.lazy(chain);
      const outside = this.shared.outside.get(id)?.();
      // A copy: the caller puts its own configuration into it.
      if (outside !== undefined) return Object.assign(Object.create(Object.getPrototypeOf(outside)), outside);
      // A run that is not recorded: its nested runs belong to the same trace, and are not recorded either.
      const tree = this.shared.trees.make({ id, name: 'untraced', run_type: 'chain', trace_id: id });
      if (tree !== undefined) tree.tracingEnabled = false;
      return tree;
    } catch (thrown) {
      this.shared.onDefect('runTree', thrown);
      return undefined;
    }
  }

  /** Called with each child that langsmith makes of a run tree, and with the run tree around a graph that starts. */
  updateFromRunTree(tree: RunTree): void {
    try {
      if (!this.shared.client.adopt(tree)) this.noteOutside(tree);
    } catch (thrown) {
      this.shared.onDefect('updateFromRunTree', thrown);
    }
  }

  override handleChainStart(
    _chain: unknown,
    _inputs: unknown,
    runId: string,
    parentId?: string,
    _tags?: string[],
    metadata?: Metadata,
    runType?: string,
  ): void {
    this.annotate(runId, metadata, {
      ...(runType === undefined || runType === 'chain' ? {} : { [LANGSMITH_KEYS.runType]: runType }),
      ...this.outsidePlace(runId, parentId),
    });
  }

  override handleChatModelStart(
    _model: unknown,
    _messages: unknown,
    runId: string,
    _parentId?: string,
    extra?: Metadata,
    _tags?: string[],
    metadata?: Metadata,
  ): void {
    this.annotate(runId, metadata, invocationParams(extra));
  }

  override handleLLMStart(
    _model: unknown,
    _prompts: string[],
    runId: string,
    _parentId?: string,
    extra?: Metadata,
    _tags?: string[],
    metadata?: Metadata,
  ): void {
    this.annotate(runId, metadata, invocationParams(extra));
  }

  override handleToolStart(
    _tool: unknown,
    _input: string,
    runId: string,
    _parentId?: string,
    _tags?: string[],
    metadata?: Metadata,
  ): void {
    this.annotate(runId, metadata, {});
  }

  override handleRetrieverStart(
    _retriever: unknown,
    _query: string,
    runId: string,
    _parentId?: string,
    _tags?: string[],
    metadata?: Metadata,
  ): void {
    this.annotate(runId, metadata, {});
  }

  /** Keeps LangSmith's tracers from sending a run and what is in it. */
  withhold(runId: string): void {
    this.shared.client.withhold(runId);
  }

  /** Takes the place of another tracer in a call: that of the run with this id, inside a run of that tracer's or nobody's. */
  replace(
    tracer: LangChainTracer,
    { runId, parentId }: Readonly<Record<'runId' | 'parentId', string | undefined>>,
  ): void {
    // Of another copy of langsmith, for all that is known.
    if (tracer.client !== this.client) watchClient(tracer.client);
    if (runId !== undefined && tracer.projectName !== undefined) {
      this.shared.projects.set(runId, tracer.projectName);
    }
    if (parentId === undefined || tracer.getRun(parentId) === undefined) return;
    const known = new WeakRef(tracer);
    this.shared.outside.set(parentId, () => known.deref()?.getRunTreeWithTracingConfig(parentId));
  }

  private annotate(runId: string, own: Metadata | undefined, more: Metadata): void {
    try {
      const metadata = { ...more };
      for (const [key, value] of Object.entries(this.tracingMetadata ?? {})) {
        if (own === undefined || !(key in own) || NEAREST_WINS.has(key)) metadata[key] = value;
      }
      if (Object.keys(metadata).length === 0 && this.tracingTags.length === 0) return;
      recorderOf(runId)?.annotate(runId, { metadata, tags: this.tracingTags });
    } catch (thrown) {
      this.shared.onDefect('annotate', thrown);
    }
  }

  private noteOutside(tree: RunTree): void {
    const { outside } = this.shared;
    if (tree.tracingEnabled === false || outside.get(tree.id) || recorderOf(tree.id) !== undefined) return;
    const known = new WeakRef(tree);
    outside.set(tree.id, () => known.deref());
  }

  /** Where in somebody else's trace a graph was called. */
  private outsidePlace(runId: string, parentId: string | undefined): Metadata {
    const named = this.shared.projects.take(runId);
    const tree = parentId === undefined ? undefined : this.shared.outside.get(parentId)?.();
    if (recorderOf(runId)?.isRunning(runId) !== true) return {};
    const project = tree?.project_name ?? named;
    if (tree !== undefined) this.withhold(runId);
    return {
      ...(tree === undefined ? {} : { [LANGSMITH_KEYS.parent]: tree.dotted_order }),
      ...(project === undefined || project === this.projectName ? {} : { [LANGSMITH_KEYS.project]: project }),
    };
  }
}

function share(options: StandInOptions): Shared {
  const client = new NestedRunClient({ ...options, fallback: RunTreeFactory.defaultClient() });
  return {
    ...options,
    client,
    trees: new RunTreeFactory(client.client, options.project),
    outside: new BoundedMap(MAX_OUTSIDE),
    projects: new BoundedMap(MAX_OUTSIDE),
  };
}

function invocationParams(extra: Metadata | undefined): Metadata {
  const params = extra?.['invocation_params'];
  return isRecord(params) && Object.keys(params).length > 0
    ? { [LANGSMITH_KEYS.invocationParams]: params }
    : {};
}

/** Makes run trees of the class that @langchain/core's own langsmith has. */
class RunTreeFactory extends LangChainTracer {
  static defaultClient(): TracingClient {
    return new RunTreeFactory(undefined, '').client;
  }

  constructor(client: TracingClient | undefined, project: string) {
    super({ ...(client === undefined ? {} : { client }), projectName: project });
    this.replicas = [];
  }

  private prototype: object | undefined;

  /** The run tree that happens to be current when the factory is made is none of its concern. */
  override updateFromRunTree(): void {}

  /** The tree of a run under way. Its place is noted now: it may be asked for when the run has ended. */
  lazy(chain: RunChain): RunTree | undefined {
    const [span] = chain;
    if (this.prototype === undefined) {
      const first = this.make(ancestryOf(chain));
      if (first === undefined) return undefined;
      this.prototype = Object.getPrototypeOf(first) as object;
    }
    return lazyRunTree({
      known: { id: span.id, client: this.client, tracingEnabled: true, extra: inheritedExtra(span) },
      prototype: this.prototype,
      make: () => this.make(ancestryOf(chain)),
    });
  }

  make(run: Partial<RunTree> & { readonly id: string }): RunTree | undefined {
    this.runTreeMap.set(run.id, run as RunTree);
    const tree = this.getRunTreeWithTracingConfig(run.id);
    this.runTreeMap.delete(run.id);
    return tree;
  }
}
