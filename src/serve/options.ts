import { z } from 'zod';
import { type Logger, UsageError } from '../core/index.ts';
import { metricsText } from '../tracing/index.ts';

const count = z.number().int().positive();

/** The options of `createServeApp` that are plain data. */
export const serveOptionsSchema = z.strictObject({
  path: z
    .string()
    .regex(/^\/[\w\-.~/]*$/, 'must begin with / and hold only letters, digits and - . _ ~ /')
    .describe('Base path of the routes. Default /agent.')
    .optional(),
  name: z.string().min(1).describe("Name that /health gives. Default: the graph's own name.").optional(),
  version: z.string().min(1).describe('Version that /health gives. Default: none.').optional(),
  maxBodyBytes: count
    .describe('Largest request body; a larger one is answered with 413. Default 4194304 (4 MiB).')
    .optional(),
  batchConcurrency: count.describe('How many inputs of one batch run at once. Default 10.').optional(),
  metrics: z
    .custom<boolean | (() => string)>((given) => typeof given === 'boolean' || typeof given === 'function', {
      error: 'must be true, false or a function that returns the text',
    })
    .describe(
      'Answer GET /metrics for Prometheus: true with the metrics of sluicegate/tracing, or a function that returns the text ' +
        'in format 0.0.4. Default false.',
    )
    .optional(),
});

/** A compiled graph, as a server needs it: any version's, wrapped by `traceGraph` or not. */
export interface ServableGraph {
  readonly name?: string | undefined;
  invoke(input: unknown, config: RunConfig): Promise<unknown>;
  stream(input: unknown, config: RunConfig): Promise<AsyncIterable<unknown>>;
}

/** The config that the server gives a graph for a run. */
export interface RunConfig {
  readonly runId: string;
  readonly configurable: Readonly<Record<string, unknown>>;
  /** The route that was called, and the caller's `traceparent` and `tracestate` where it sent them. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly recursionLimit?: number;
}

/** Options of `createServeApp`. */
export interface ServeOptions extends z.infer<typeof serveOptionsSchema> {
  readonly graph: ServableGraph;
  /** Where failing runs are reported: run id and message, never what was sent. Default: nowhere. */
  readonly logger?: Logger;
  /** Aborts every run under way; they are answered with 503. */
  readonly signal?: AbortSignal;
  /** Makes run ids, and thread ids where the client sends none. Default: UUID version 7. */
  readonly newId?: () => string;
}

/** The plain options with everything decided. */
export interface ResolvedServeOptions {
  /** Without a slash at its end: the root is empty. */
  readonly path: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly maxBodyBytes: number;
  readonly batchConcurrency: number;
  /** Makes the text of /metrics; undefined where there is no such route. */
  readonly metrics: (() => string) | undefined;
}

/**
 * Checks the options and fills in defaults.
 *
 * @throws UsageError `SERVE_OPTIONS_INVALID` for an unknown option or a bad value, naming it.
 */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  const { graph, logger: _logger, signal: _signal, newId: _newId, ...data } = options;
  const parsed = serveOptionsSchema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'options';
    throw new UsageError('SERVE_OPTIONS_INVALID', `serve: ${field}: ${issue?.message ?? 'not valid'}.`);
  }
  if (typeof graph?.invoke !== 'function' || typeof graph.stream !== 'function') {
    throw new UsageError('NOT_A_GRAPH', 'serve: graph: not a compiled graph.', {
      hint: 'Pass what StateGraph.compile() returns.',
    });
  }
  const given = parsed.data;
  return {
    path: (given.path ?? '/agent').replace(/\/+$/, ''),
    name: given.name ?? graph.name ?? 'LangGraph',
    version: given.version,
    maxBodyBytes: given.maxBodyBytes ?? 4 * 1024 * 1024,
    batchConcurrency: given.batchConcurrency ?? 10,
    metrics: given.metrics === true ? metricsText : given.metrics || undefined,
  };
}
