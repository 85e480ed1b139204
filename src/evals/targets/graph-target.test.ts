import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUuid, systemClock } from '../../core/index.ts';
import { shutdown } from '../../tracing/index.ts';
import { createTarget, type Target } from './index.ts';

const LANGGRAPH = import.meta.resolve('@langchain/langgraph');
const MESSAGES = import.meta.resolve('@langchain/core/messages');
const SOURCE = `
import { Annotation, END, MemorySaver, MessagesAnnotation, START, StateGraph } from ${JSON.stringify(LANGGRAPH)};
import { AIMessage } from ${JSON.stringify(MESSAGES)};
const State = Annotation.Root({ ...MessagesAnnotation.spec, mode: Annotation(), seen: Annotation(), key: Annotation() });
export const graph = new StateGraph(State)
  .addNode('answer', async (state, config) => {
    if (state.mode === 'throw') throw new Error('node broke');
    if (state.mode === 'quota') throw Object.assign(new Error('no more today'), { status: 429 });
    if (state.mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    return { messages: [new AIMessage({ content: 'It was refunded.', tool_calls: [] })], seen: config.configurable.thread_id, key: config.configurable.run_id };
  })
  .addEdge(START, 'answer').addEdge('answer', END)
  .compile({ checkpointer: new MemorySaver() });
`;

let cwd: string;
let target: Target;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'sluice-graph-target-'));
  writeFileSync(join(cwd, 'agent.mjs'), SOURCE);
  target = await createTarget('graph:./agent.mjs#graph', { cwd, clock: systemClock(), env: {} });
});
afterAll(async () => {
  await target.close();
  await shutdown();
  rmSync(cwd, { recursive: true, force: true });
});

const signal = () => new AbortController().signal;
const inputs = (mode: string) => ({ messages: [{ role: 'user', content: 'Refund me' }], mode });

describe('graph target', () => {
  it('answers with plain messages, a run id and a fresh thread for each call', async () => {
    const first = await target.call(inputs('ok'), { signal: signal(), timeoutMs: 10_000 });
    const second = await target.call(inputs('ok'), { signal: signal(), timeoutMs: 10_000 });
    if (first.kind !== 'answered' || second.kind !== 'answered') throw new Error(JSON.stringify(first));
    expect(isUuid(first.runId ?? '')).toBe(true);
    expect(first.outputs['messages']).toMatchObject([
      { type: 'human', content: 'Refund me' },
      { type: 'ai', content: 'It was refunded.' },
    ]);
    expect(first.outputs['key']).toBe(first.runId);
    expect(first.outputs['seen']).not.toBe(second.outputs['seen']);
  });

  it('takes the run id it is given, and has the run traced under it', async () => {
    const runId = '019aa0e2-0000-7000-8000-000000000001';
    expect(await target.call(inputs('ok'), { signal: signal(), timeoutMs: 10_000, runId })).toMatchObject({
      runId,
    });
    await target.close();
    const { openTraceStore } = await import('../../store/index.ts');
    const store = await openTraceStore({ path: join(cwd, '.sluice', 'traces.db') });
    try {
      expect(await store.find(runId)).toMatchObject({ kind: 'found', trace: { id: runId } });
    } finally {
      await store.close();
    }
  });

  it('takes a throw and a slow run for failures of the agent', async () => {
    expect(await target.call(inputs('throw'), { signal: signal(), timeoutMs: 10_000 })).toMatchObject({
      kind: 'agent_failed',
      error: 'node broke',
    });
    expect(await target.call(inputs('slow'), { signal: signal(), timeoutMs: 50 })).toMatchObject({
      kind: 'agent_failed',
      error: 'No answer within the time limit of 50 ms.',
    });
  });

  it('takes a model provider that refuses for its limits for no failure of the agent', async () => {
    expect(await target.call(inputs('quota'), { signal: signal(), timeoutMs: 10_000 })).toMatchObject({
      kind: 'unavailable',
      error: 'no more today',
    });
  });
});
