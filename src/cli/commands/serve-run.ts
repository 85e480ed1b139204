import { once } from 'node:events';
import { relative } from 'node:path';
import { EXIT, type ExitCode, sluiceHome, traceStorePath, UsageError } from '../../core/index.ts';
import { type LoadedGraph, loadGraph } from '../../loading/index.ts';
import { startServer } from '../../serve/index.ts';
import { shutdown, traceGraph } from '../../tracing/index.ts';
import type { CommandContext } from '../command.ts';
import type { ServeValues } from './serve.ts';

const DEFAULT_PORT = 8_000;

/**
 * Serves a graph until the context's signal is aborted, then stops gracefully and writes what traces are waiting. A server
 * that is stopped on request has not failed: exit code 0.
 */
export async function runServe(values: ServeValues, context: CommandContext): Promise<ExitCode> {
  checkFlags(values);
  const { graph, traces } = trace(await loadGraph(values.graph, { cwd: context.cwd }), values, context);
  try {
    if (context.signal.aborted) return EXIT.pass;
    const server = await startServer({
      graph,
      port: values.port ?? DEFAULT_PORT,
      logger: context.logger,
      // What is measured comes from the tracer.
      metrics: !values.noTrace && !values.noMetrics,
      ...(values.path === undefined ? {} : { path: values.path }),
      ...(values.host === undefined ? {} : { host: values.host }),
    });
    context.stdout.write(
      values.json
        ? `${JSON.stringify({ url: server.url })}\n`
        : `Serving ${graph.name ?? 'LangGraph'} on ${server.url}${traces}\n`,
    );
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.close();
  } finally {
    await shutdown();
  }
  return EXIT.pass;
}

function checkFlags({ noTrace, sampleRate, hideInputs, hideOutputs }: ServeValues): void {
  const tracing = [
    ...(sampleRate === undefined ? [] : ['--sample-rate']),
    ...(hideInputs ? ['--hide-inputs'] : []),
    ...(hideOutputs ? ['--hide-outputs'] : []),
  ];
  if (noTrace && tracing.length > 0) {
    throw new UsageError('FLAGS_CONFLICT', `--no-trace and ${tracing.join(', ')} contradict each other.`, {
      hint: 'Leave one of them out.',
    });
  }
}

/** The graph as it is served, and where its traces go, for the line that says so. */
function trace(
  graph: LoadedGraph,
  { noTrace, sampleRate, hideInputs, hideOutputs }: ServeValues,
  context: CommandContext,
): { readonly graph: LoadedGraph; readonly traces: string } {
  if (noTrace) return { graph, traces: ' (not traced)' };
  const home = sluiceHome(context.env, context.cwd);
  const traced = traceGraph(graph, {
    home,
    // The program stops in order by itself.
    handleSignals: false,
    logger: context.logger,
    ...(sampleRate === undefined ? {} : { sampleRate }),
    // Only the switch that is given wins over the environment.
    ...(hideInputs ? { hideInputs } : {}),
    ...(hideOutputs ? { hideOutputs } : {}),
  });
  // Wrapped by its own module, or switched off by the environment: where its traces go is not known here.
  if (traced === graph) return { graph, traces: '' };
  const store = relative(context.cwd, traceStorePath(home));
  return { graph: traced, traces: ` (traces in ${store.startsWith('..') ? traceStorePath(home) : store})` };
}
