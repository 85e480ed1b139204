import { silentLogger, type Trace } from '../core/index.ts';
import type { ExportResult, TraceExporter } from './exporters/index.ts';
import { followCalls } from './graphs/graph-calls.ts';
import { resolveTraceOptions } from './options/options.ts';
import { OtelHub } from './otel/index.ts';
import { Tracer } from './tracer.ts';
import type { TraceableGraph } from './wrap.ts';

/** A graph whose runs are recorded in memory. */
export interface InMemoryTracing<Graph> {
  readonly graph: Graph;
  /** The trace of a run that has ended; undefined when there is none. */
  find(runId: string): Promise<Trace | undefined>;
  /** Lets go of what is recorded. */
  close(): Promise<void>;
}

/** Takes the place of LangSmith's own tracer, which would send the run where the environment switches it on. */
const NOWHERE = { apiKey: 'unused', endpoint: 'http://127.0.0.1', project: 'default' } as const;

/**
 * Traces a graph with every run kept, in memory alone: nothing is written, and nothing goes anywhere, whatever the
 * environment says.
 */
export function traceInMemory<Graph extends TraceableGraph>(graph: Graph): InMemoryTracing<Graph> {
  const traces = new Map<string, Trace>();
  const exporter: TraceExporter = {
    name: 'memory',
    async export(batch): Promise<ExportResult> {
      for (const trace of batch) traces.set(trace.id, trace);
      return { kind: 'success' };
    },
    async close() {
      traces.clear();
    },
  };
  const options = resolveTraceOptions({ enabled: true, sampleRate: 1, handleSignals: false }, {}, '/');
  const tracer = new Tracer(
    { ...options, langsmith: NOWHERE },
    { exporter, logger: silentLogger, otel: new OtelHub() },
  );
  const name =
    'getName' in graph && typeof graph.getName === 'function' ? String(graph.getName()) : undefined;
  const traced = graph.withConfig({ callbacks: [...tracer.callbacksFor(name)] }) as unknown as Graph;
  return {
    graph: followCalls(traced),
    async find(runId) {
      await tracer.flush();
      return traces.get(runId);
    },
    close: () => tracer.shutdown(),
  };
}
