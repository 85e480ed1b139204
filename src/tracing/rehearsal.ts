import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { isRecord, type Logger, traceStorePath } from '../core/index.ts';
import { StoreExporter } from './exporters/index.ts';
import { resolveTraceOptions, type TraceOptions } from './options.ts';
import { OtelHub } from './otel/index.ts';
import { Tracer } from './tracer.ts';
import type { TraceableGraph } from './wrap.ts';

/** What {@link rehearse} is told. */
export interface RehearsalOptions {
  /** Options of the tracer, above those of the environment. */
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
 * Traces a graph as the options and the environment say, with every run kept and all of it in one folder: nothing goes
 * to LangSmith, to a collector or to the store of the environment, whatever they are set to. A graph that is wrapped
 * already is recorded here instead of where it was wrapped for.
 *
 * @throws UsageError for a bad option or variable.
 */
export function rehearse<Graph extends TraceableGraph>(
  graph: Graph,
  how: RehearsalOptions,
): Rehearsal<Graph> {
  const { options, env, cwd, home, logger } = how;
  const resolved = resolveTraceOptions({ ...options, home, sampleRate: 1, handleSignals: false }, env, cwd);
  const tracer = new Tracer(
    { ...resolved, langsmith: resolved.langsmith ?? NOWHERE },
    { logger, exporters: [new StoreExporter(traceStorePath(home))], otel: new OtelHub() },
  );
  const name =
    'getName' in graph && typeof graph.getName === 'function' ? String(graph.getName()) : undefined;
  const copy = graph.withConfig({}) as unknown as Graph & { config?: { callbacks?: unknown } };
  const others = callbacksOf(copy).filter((handler) => !isOurs(handler));
  copy.config = { ...copy.config, callbacks: [...others, ...tracer.callbacksFor(name)] };
  return { graph: copy, end: () => tracer.shutdown() };
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
