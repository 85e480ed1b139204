import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { isRecord, type Logger, traceStorePath } from '../core/index.ts';
import { StoreExporter } from './exporters/index.ts';
import { type ResolvedTraceOptions, resolveTraceOptions } from './options/options.ts';
import type { TraceOptions } from './options/options-schema.ts';
import { OtelHub } from './otel/index.ts';
import { optionsOfHandler, Tracer } from './tracer.ts';
import type { TraceableGraph } from './wrap.ts';

/** What {@link rehearse} is told. */
export interface RehearsalOptions {
  /** Options of the tracer, above those that the graph is wrapped with and those of the environment. */
  readonly options: TraceOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Folder that gets the store, and nothing else does. */
  readonly home: string;
  readonly logger: Logger;
}

/** A graph that is traced into one folder. */
export interface Rehearsal<Graph> {
  readonly graph: Graph;
  /** Records what is still under way as cancelled, and writes everything. */
  end(): Promise<void>;
}

/** The handlers that `traceGraph` attaches, of this copy of the package or of another one. */
const OUR_HANDLERS: ReadonlySet<unknown> = new Set(['sluicegate_tracer', 'langchain_tracer']);

/** Takes the place of LangSmith's own tracer, which would send the run where the environment switches it on. */
const NOWHERE = { apiKey: 'unused', endpoint: 'http://127.0.0.1', project: 'default' } as const;

/**
 * Traces a graph as {@link rehearsedOptions} say, with every run kept and all of it in one folder: nothing goes to
 * LangSmith, to a collector or to the store of the environment, whatever they are set to. A graph that is wrapped already
 * is recorded here instead of where it was wrapped for.
 *
 * @throws UsageError for a bad option or variable.
 */
export function rehearse<Graph extends TraceableGraph>(
  graph: Graph,
  how: RehearsalOptions,
): Rehearsal<Graph> {
  const { home, logger } = how;
  const resolved = rehearsedOptions(graph, how);
  const tracer = new Tracer(
    {
      ...resolved,
      home,
      sampleRate: 1,
      keep: [],
      handleSignals: false,
      langsmith: resolved.langsmith ?? NOWHERE,
    },
    { logger, exporters: [new StoreExporter(traceStorePath(home))], otel: new OtelHub() },
  );
  const name =
    'getName' in graph && typeof graph.getName === 'function' ? String(graph.getName()) : undefined;
  const copy = graph.withConfig({}) as unknown as Graph & { config?: { callbacks?: unknown } };
  const others = callbacksOf(copy).filter((handler) => !isOurs(handler));
  copy.config = { ...copy.config, callbacks: [...others, ...tracer.callbacksFor(name)] };
  return { graph: copy, end: () => tracer.shutdown() };
}

/**
 * The options that a rehearsal of the graph has: the given ones, above those that `traceGraph` has wrapped it with, above
 * those of the environment.
 *
 * @throws UsageError for a bad option or variable.
 */
export function rehearsedOptions(
  graph: object,
  { options, env, cwd }: Pick<RehearsalOptions, 'options' | 'env' | 'cwd'>,
): ResolvedTraceOptions {
  const resolved = resolveTraceOptions(options, env, cwd);
  const given = Object.entries(resolved).filter(
    ([name]) => options[name as keyof TraceOptions] !== undefined,
  );
  return { ...resolved, ...wrappedOptions(graph), ...Object.fromEntries(given) };
}

/** The options that `traceGraph` has wrapped a graph with; undefined when it has not, or another copy of the package has. */
export function wrappedOptions(graph: object): ResolvedTraceOptions | undefined {
  return callbacksOf(graph)
    .map(optionsOfHandler)
    .find((options) => options !== undefined);
}

/** Whether `traceGraph` has wrapped the graph, in this copy of the package or in another one. */
export function isTraced(graph: object): boolean {
  return callbacksOf(graph).some(isOurs);
}

function callbacksOf(graph: object): readonly BaseCallbackHandler[] {
  const config = 'config' in graph ? graph.config : undefined;
  const callbacks = isRecord(config) ? config['callbacks'] : undefined;
  return Array.isArray(callbacks) ? callbacks : [];
}

function isOurs(handler: unknown): boolean {
  return isRecord(handler) && OUR_HANDLERS.has(handler['name']);
}
