import { spoolFolder } from '../../src/core/index.ts';
import { Spool, TRACE_FORMAT } from '../../src/tracing/spool/index.ts';
import { makeTrace, runId } from './traces.ts';

/** Leaves in a home what a process does that has ended before the store had its traces. LangSmith has had them. */
export async function leaveInSpool(home: string, count: number): Promise<void> {
  const spool = new Spool({
    format: TRACE_FORMAT,
    folder: spoolFolder(home),
    exporters: ['langsmith', 'store'],
    maxBytes: 1024 * 1024,
    events: { onDamage() {}, onUnreadable() {}, onProblem() {}, onGivenUp() {}, onAdopted() {} },
    clock: { now: () => 0 },
  });
  for (let number = 1; number <= count; number += 1) {
    const trace = makeTrace({ id: runId(number) });
    spool.add({ trace, precious: false, timeMs: 0, done: () => {} });
  }
  spool.persist();
  const batch = await spool.source('langsmith').next();
  batch?.commit(batch.traces.length);
  await spool.close();
}
