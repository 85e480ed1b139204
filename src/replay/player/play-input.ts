import type { Clock, Trace } from '../../core/index.ts';
import type { ReplayableGraph, ResumePoint } from '../contract.ts';
import { runTraced } from './run-traced.ts';

/** Options of {@link playInput}. */
export interface PlayOptions {
  readonly recorded: Trace;
  readonly input: unknown;
  readonly configurable: Readonly<Record<string, unknown>>;
  /** Folder of the trace store that the replay is recorded in. Default: it is recorded in memory alone. */
  readonly home?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Id of the run of the replay. Default: a fresh UUIDv7. */
  readonly runId?: string;
  /** Goes on from a checkpoint, with null as the input, where a fresh thread would be begun. */
  readonly resume?: ResumePoint;
}

/**
 * Runs a recorded input on a graph, on a fresh thread in memory, and returns the trace of that run. The graph's own
 * checkpointer and long-term store are not touched: the replay gets empty ones in memory.
 *
 * @throws NoVerdictError `REPLAY_NOT_RECORDED` when the run could not be recorded, `REPLAY_SUBGRAPH_CHECKPOINTER` when a
 * subgraph would write to a checkpointer of its own, and the signal's reason when aborted.
 */
export async function playInput(graph: ReplayableGraph, options: PlayOptions): Promise<Trace> {
  return await runTraced(graph, options, (run) => run());
}
