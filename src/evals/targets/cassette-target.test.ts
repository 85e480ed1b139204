import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HumanMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { record, tempHome } from '../../../test/support/recorded-run.ts';
import { systemClock } from '../../core/index.ts';
import { loadGraph } from '../../loading/index.ts';
import { cassetteOf, type ReplayableGraph, saveCassette } from '../../replay/index.ts';
import { createTarget } from './create-target.ts';

const AGENT = (prompt: string) => `
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
const model = new FakeListChatModel({ responses: ['the recorded answer', 'another answer'] });
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('answer', async ({ messages }) => ({
    messages: [await model.invoke([{ role: 'system', content: '${prompt}' }, ...messages])],
  }))
  .addEdge(START, 'answer')
  .compile();
`;

/** In the checkout, where the packages are found. */
async function project(prompt: string) {
  const cwd = await tempHome();
  await symlink(join(process.cwd(), 'node_modules'), join(cwd, 'node_modules'));
  await writeFile(join(cwd, 'agent.mjs'), AGENT(prompt));
  return cwd;
}

const call = { signal: new AbortController().signal, timeoutMs: 5_000 };

describe('a target on cassettes', () => {
  it('answers as recorded, again and again, in the form of a server', async () => {
    const cwd = await project('be kind');
    const graph = (await loadGraph('./agent.mjs#graph', { cwd })) as ReplayableGraph;
    const trace = await record(graph, { messages: [new HumanMessage('hello')] });
    await saveCassette(cassetteOf(trace, { savedAtMs: 0 }), join(cwd, 'cassettes/'));
    const options = { cwd, env: {}, clock: systemClock(), cassettes: 'cassettes' };
    const target = await createTarget('graph:./agent.mjs#graph', options);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect(await target.call({ messages: [{ role: 'user', content: 'hello' }] }, call)).toMatchObject({
        kind: 'answered',
        outputs: { messages: [{ type: 'human' }, { type: 'ai', content: 'the recorded answer' }] },
      });
    }
    await expect(target.call({ messages: [] }, call)).rejects.toMatchObject({ code: 'CASSETTE_MISSING' });
    await target.close();
    await writeFile(join(cwd, 'patched.mjs'), AGENT('be brief'));
    const patched = await createTarget('graph:./patched.mjs#graph', options);
    await expect(
      patched.call({ messages: [{ role: 'user', content: 'hello' }] }, call),
    ).rejects.toMatchObject({ code: 'CASSETTE_STALE' });
    await patched.close();
  });

  it('refuses cassettes for an agent that is deployed, and a path without any', async () => {
    const options = { cwd: await tempHome(), env: {}, clock: systemClock(), cassettes: 'cassettes' };
    await expect(createTarget('langserve:http://127.0.0.1:1', options)).rejects.toMatchObject({
      code: 'CASSETTES_NEED_GRAPH',
    });
    await expect(createTarget('graph:./agent.mjs#graph', options)).rejects.toMatchObject({
      code: 'CASSETTE_MISSING',
    });
  });
});
