import { describe, expect, it } from 'vitest';
import { patchedSupportAgent, seededPatch } from '../../../test/support/patched-support-agent.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { seededRandom, type Trace } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import { placeText } from './divergence.ts';
import { diffTraces } from './trace-diff.ts';

async function recorded(graph: ReplayableGraph, question: string): Promise<Trace> {
  const traced = traceWith(graph);
  await traced.graph
    .invoke(
      { messages: [{ role: 'user', content: question }], customerId: 'C-101' },
      { configurable: { thread_id: crypto.randomUUID() } },
    )
    .catch(() => undefined);
  const [trace] = await traced.traces();
  return JSON.parse(JSON.stringify(trace)) as Trace;
}

describe('the first divergence of 20 seeded patches of the support agent', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const patch = seededPatch(seed, seededRandom(0x5eed + seed));
    it(`is at the patch: ${patch.name}`, async () => {
      const before = await recorded(patchedSupportAgent(), patch.question);
      const diff = diffTraces(before, await recorded(patch.graph(), patch.question));
      expect(diff.first && placeText(diff.first.place)).toBe(patch.place);
      expect(diff.first?.summary).toMatch(patch.says);
    });
  }
});
