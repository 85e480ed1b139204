import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { record, tempHome } from '../../test/support/recorded-run.ts';
import { cassetteOf, type ReplayableGraph, replay, saveCassette } from './index.ts';

let lookUps = 0;
const lookUp = tool(async ({ id }: { id: string }) => `order ${id}, look-up ${++lookUps}`, {
  name: 'look_up',
  description: 'x',
  schema: z.object({ id: z.string() }),
});
const model = new FakeListChatModel({ responses: ['Your order is on its way.', 'something else'] });

function agent({ mended }: { mended: boolean }) {
  return new StateGraph(MessagesAnnotation)
    .addNode('find', async ({ messages }) => {
      const found = await lookUp.invoke({ id: 'A-7' });
      const answer = await model.invoke([...messages, new HumanMessage(String(found))]);
      if (!mended) throw new TypeError("reading 'status'");
      return { messages: [answer] };
    })
    .addEdge(START, 'find')
    .compile() as unknown as ReplayableGraph;
}

const failed = () => record(agent({ mended: false }), { messages: [new HumanMessage('where is it?')] });

describe('replay', () => {
  it('shows in a test that a failure is gone, without calling anything', async () => {
    const trace = await failed();
    const before = [lookUps, model.i];
    const run = await replay(trace, { graph: agent({ mended: true }) });
    expect(run.verdict).toBe('fixed');
    expect(run.calls.map(({ match }) => match)).toEqual(['exact', 'exact']);
    expect((run.outputs as { messages: BaseMessage[] }).messages.at(-1)?.text).toBe(
      'Your order is on its way.',
    );
    expect([lookUps, model.i]).toEqual(before);
  });

  it('takes a cassette, and the file of one', async () => {
    const cassette = cassetteOf(await failed(), { savedAtMs: 0 });
    const file = await saveCassette(cassette, `${await tempHome()}/`);
    for (const source of [cassette, file]) {
      expect((await replay(source, { graph: agent({ mended: false }) })).verdict).toBe('failing');
      expect((await replay(source, { graph: agent({ mended: true }) })).verdict).toBe('fixed');
    }
  });
});
