import { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import type { Client } from 'langsmith';
import { RunTree } from 'langsmith/run_trees';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { LangSmithServer } from './langsmith-server.ts';

type Sender = LangChainTracer['client'];

/** Of one more run that each client sends behind all that it had queued. */
const LAST = 'last';

/**
 * Resolves when whatever langsmith has queued has arrived: with the clients that are given and the two that langsmith and
 * LangChain make of their own accord. What it sends itself to see that is not in {@link arrived}.
 */
export async function allSent(server: LangSmithServer, clients: readonly Sender[] = []): Promise<void> {
  await awaitAllCallbacks();
  const own = [RunTree.getSharedClient(), new LangChainTracer().client];
  const senders = [...new Set<Sender>([...clients, ...own])];
  for (const sender of senders) {
    const last = new RunTree({ name: LAST, tracingEnabled: true, client: sender as Client });
    await last.postRun();
    await last.end();
    await last.patchRun();
  }
  await eventually(() =>
    expect(server.runs.filter((run) => run['name'] === LAST && 'end_time' in run)).toHaveLength(
      senders.length,
    ),
  );
}

/** The runs that have arrived. */
export function arrived({ runs }: LangSmithServer): readonly LangSmithServer['runs'][number][] {
  return runs.filter((run) => run['name'] !== LAST);
}
