import { resolve } from 'node:path';
import { v7 } from 'uuid';
import { isRecord, rootSpan, sluiceHome, type Trace, toWire } from '../../core/index.ts';
import { loadGraph } from '../../loading/index.ts';
import { CassetteDeck, revive } from '../../replay/index.ts';
import { flush } from '../../tracing/index.ts';
import type { CreateTargetOptions, Target, TargetResult } from './target.ts';

/** Options of {@link cassetteTarget}. */
export interface CassetteTargetOptions extends CreateTargetOptions {
  readonly spec: string;
  /** `./file.ts#export`, relative to the working directory. */
  readonly ref: string;
  /** File or folder of cassettes, relative to the working directory. */
  readonly cassettes: string;
}

/**
 * A compiled graph that is played on the cassette with the same input: its models and tools answer as recorded, and nothing
 * leaves the process. Every call is traced, as that of a graph that runs as it is.
 *
 * A call throws NoVerdictError `CASSETTE_MISSING` for an input that was not recorded, and `CASSETTE_STALE` when the graph
 * makes other calls than those that were: their results would say nothing about it.
 *
 * @throws UsageError for cassettes that cannot be read, and whatever loading the graph throws.
 */
export async function cassetteTarget(options: CassetteTargetOptions): Promise<Target> {
  const { spec, ref, cassettes, cwd, env, clock } = options;
  const deck = await CassetteDeck.open(resolve(cwd, cassettes));
  const graph = await loadGraph(ref, { cwd });
  return {
    spec,
    async call(inputs, { signal, timeoutMs, runId = v7() }) {
      const startMs = clock.now();
      const home = sluiceHome(env, cwd);
      const { trace } = await deck.play(graph, inputs, { signal, timeoutMs, clock, home, runId });
      return resultOf(trace, Math.max(0, clock.now() - startMs));
    },
    async close() {
      await flush();
    },
  };
}

function resultOf(trace: Trace, latencyMs: number): TargetResult {
  const common = { runId: trace.id, latencyMs };
  if (trace.outcome === 'error' || trace.outcome === 'cancelled') {
    const { error } = trace;
    const text = error === undefined ? `The run was ${trace.outcome}.` : error.message;
    return { kind: 'agent_failed', error: text, ...common };
  }
  const outputs = toWire(revive(rootSpan(trace).outputs));
  return { kind: 'answered', outputs: isRecord(outputs) ? outputs : { output: outputs }, ...common };
}
