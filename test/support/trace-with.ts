import type { TraceableGraph } from '../../src/tracing/index.ts';
import { resolveTraceOptions, type TraceOptions } from '../../src/tracing/options.ts';
import { Tracer } from '../../src/tracing/tracer.ts';
import { CollectingExporter } from './collecting-exporter.ts';

/** A graph wrapped by a tracer of its own whose traces can be read back. */
export function traceWith<Graph extends TraceableGraph>(graph: Graph, options: TraceOptions = {}) {
  const exporter = new CollectingExporter();
  const problems: string[] = [];
  const logger = {
    warn: (text: string) => void problems.push(text),
    error: (text: string) => void problems.push(text),
  };
  const tracer = new Tracer(resolveTraceOptions(options, {}, '/nowhere'), { exporter, logger });
  return {
    graph: graph.withConfig({ callbacks: [tracer.handler] }) as unknown as Graph,
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
