import { isRecord, rootSpan, type Trace } from '../core/index.ts';
import { type Cassette, readCassette } from './cassette/index.ts';
import type { ReplayableGraph } from './contract.ts';
import { type ReplayOptions, type ReplayResult, replayTrace } from './replay-trace.ts';
import { revive } from './revive.ts';

/** Options of {@link replay}. */
export interface ReplayInTestOptions extends Omit<ReplayOptions, 'trace' | 'on'> {
  /** The graph to run it on. */
  readonly graph: ReplayableGraph;
}

/** What a replay in a test has shown. */
export interface ReplayInTest extends ReplayResult {
  /** What the graph returned, with its messages; undefined when it did not get that far. */
  readonly outputs: unknown;
}

/**
 * Runs a recorded run again on a graph, for a test: with recorded models and tools, offline, behind a fence.
 *
 * @param source A trace, a cassette, or the file of a cassette.
 * @throws UsageError for a file that is no cassette; NoVerdictError when the run cannot be replayed, as `replayTrace` says.
 *
 * @example
 * ```ts
 * import { replay } from 'sluicegate/replay';
 * import { expect, it } from 'vitest';
 * import { graph } from '../src/agent.ts';
 *
 * it('refunds an order with a spelled-out id', async () => {
 *   const run = await replay('datasets/cassettes/refund.sluice-cassette.json', { graph });
 *   expect(run.stopped).toBeUndefined();
 *   expect(run.verdict).toBe('fixed');
 *   expect(run.calls.every(({ match }) => match === 'exact')).toBe(true);
 *   expect(run.blocked).toEqual([]);
 * });
 * ```
 */
export async function replay(
  source: Trace | Cassette | string,
  { graph, ...options }: ReplayInTestOptions,
): Promise<ReplayInTest> {
  const given = typeof source === 'string' ? await readCassette(source) : source;
  const isCassette = 'kind' in given;
  const trace = isCassette ? given.trace : given;
  const configurable = { ...(isCassette ? given.configurable : {}), ...options.configurable };
  const result = await replayTrace({ ...options, trace, on: graph, configurable });
  return { ...result, outputs: result.trace && outputsOf(result.trace) };
}

function outputsOf(trace: Trace): unknown {
  const { outputs } = rootSpan(trace);
  return isRecord(outputs) ? revive(outputs) : outputs;
}
