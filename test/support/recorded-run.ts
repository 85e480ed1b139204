import { onTestFinished } from 'vitest';
import { type Trace, traceSchema } from '../../src/core/index.ts';
import type { ReplayableGraph } from '../../src/replay/index.ts';
import { shutdown } from '../../src/tracing/index.ts';
import { tempDir } from './temp-dir.ts';
import { traceWith } from './trace-with.ts';

/** Runs a graph and gives back the trace as it would come out of the store. */
export async function record(
  graph: ReplayableGraph,
  input: unknown,
  drive: (graph: ReplayableGraph, input: unknown) => Promise<unknown> = (traced, given) =>
    traced.invoke(given, { configurable: { thread_id: 't' } }),
): Promise<Trace> {
  const traced = traceWith(graph);
  // How it ended is in the trace.
  await drive(traced.graph, input).catch(() => undefined);
  const trace = (await traced.traces()).at(-1);
  return traceSchema.parse(JSON.parse(JSON.stringify(trace)));
}

/** A home for traces that is removed when the test ends. */
export async function tempHome(): Promise<string> {
  const dir = await tempDir();
  onTestFinished(async () => {
    await shutdown();
    await dir[Symbol.asyncDispose]();
  });
  return dir.path;
}
