import { followCalls } from '../../src/tracing/graphs/graph-calls.ts';
import type { TraceableGraph } from '../../src/tracing/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options/options.ts';
import type { TraceOptions } from '../../src/tracing/options/options-schema.ts';
import { Tracer, type TracerDeps } from '../../src/tracing/tracer.ts';
import { CollectingExporter } from './collecting-exporter.ts';

/** A graph wrapped by a tracer of its own whose traces can be read back. */
export function traceWith<Graph extends TraceableGraph>(
  graph: Graph,
  options: TraceOptions = {},
  deps: Pick<TracerDeps, 'clock' | 'monotonic' | 'env' | 'metrics'> = {},
) {
  const exporter = new CollectingExporter();
  const problems: string[] = [];
  const logger = {
    warn: (text: string) => void problems.push(text),
    error: (text: string) => void problems.push(text),
  };
  const tracer = new Tracer(resolveTraceOptions(options, {}, '/nowhere'), { ...deps, exporter, logger });
  return {
    graph: followCalls(
      graph.withConfig({ callbacks: [tracer.handler] }),
      tracer.placeIn(),
    ) as unknown as Graph,
    tracer,
    exporter,
    problems,
    /** The traces so far, oldest first. */
    async traces() {
      await tracer.flush();
      return exporter.traces;
    },
  };
}
