import { v4, v7 } from 'uuid';
import { errorMessage, isRecord, sluiceHome, toWire } from '../../core/index.ts';
import { loadGraph } from '../../loading/index.ts';
import { flush, traceGraph } from '../../tracing/index.ts';
import { isQuotaError } from './quota.ts';
import type { CreateTargetOptions, Target } from './target.ts';
import { withTimeLimit } from './time-limit.ts';

/** Options of {@link graphTarget}. */
export interface GraphTargetOptions extends CreateTargetOptions {
  readonly spec: string;
  /** `./file.ts#export`, relative to the working directory. */
  readonly ref: string;
}

/**
 * A compiled graph, loaded and run in this process. Every call has a thread and a run id of its own and is traced, so
 * that `sluice traces show` opens it by the id in the results. Outputs are in the form in which a server sends them.
 */
export async function graphTarget({ spec, ref, cwd, env, clock }: GraphTargetOptions): Promise<Target> {
  const graph = traceGraph(await loadGraph(ref, { cwd }), {
    home: sluiceHome(env, cwd),
    // The results name every run, so every run is kept; and the command that runs the evaluation handles signals.
    sampleRate: 1,
    handleSignals: false,
  });
  return {
    spec,
    async call(inputs, { signal, timeoutMs, runId = v7() }) {
      const startMs = clock.now();
      const ended = await withTimeLimit(
        // A copy: a graph that changes its input must not change the example of the next repeat.
        async (inner) =>
          toWire(
            await graph.invoke(structuredClone(inputs), {
              runId,
              // Where LangGraph's own server puts the run id: it does not hand `runId` on to nodes.
              configurable: { thread_id: v4(), run_id: runId },
              signal: inner,
            }),
          ),
        { timeoutMs, signal, clock },
      );
      const latencyMs = Math.max(0, clock.now() - startMs);
      switch (ended.kind) {
        case 'done':
          return {
            kind: 'answered',
            outputs: isRecord(ended.value) ? ended.value : { output: ended.value },
            runId,
            latencyMs,
          };
        case 'timed_out':
          return {
            kind: 'agent_failed',
            error: `No answer within the time limit of ${timeoutMs} ms.`,
            runId,
            latencyMs,
          };
        case 'threw':
          if (isQuotaError(ended.thrown))
            return { kind: 'unavailable', error: errorMessage(ended.thrown), latencyMs };
          return { kind: 'agent_failed', error: errorMessage(ended.thrown), runId, latencyMs };
      }
    },
    async close() {
      await flush();
    },
  };
}
