import {
  AIMessage,
  type AIMessageChunk,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { concat } from '@langchain/core/utils/stream';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { assistPrompt, CLASSIFY_PROMPT, draftPrompt } from '../prompts.ts';
import { type Classification, classificationSchema } from '../state.ts';
import { toolSpecs } from '../tools/specs.ts';
import { OfflineChatModel } from './index.ts';
import { findOrderId } from './text.ts';

const model = new OfflineChatModel();
const refund: Classification = { intent: 'refund', orderId: 'a1001', upset: false };
const policy = { refundLimitCents: 100_00, returnWindowDays: 30, today: '2026-11-20' };

const usageSchema = z.strictObject({
  input_tokens: z.number(),
  output_tokens: z.number(),
  total_tokens: z.number(),
});

function usageOf(message: AIMessageChunk): z.infer<typeof usageSchema> {
  return usageSchema.parse(message.usage_metadata);
}

function result(name: string, content: object): ToolMessage {
  return new ToolMessage({ tool_call_id: 'x', name, content: JSON.stringify(content) });
}

describe('classifying', () => {
  const classifier = model.withStructuredOutput(classificationSchema, { name: 'classify_request' });
  const classify = (prompt: string, ...texts: string[]) =>
    classifier.invoke([new SystemMessage(prompt), ...texts.map((text) => new HumanMessage(text))]);

  test('follows the hints in the prompt', async () => {
    expect(await classify(CLASSIFY_PROMPT, 'Please refund a 1001, this is outrageous')).toEqual({
      intent: 'refund',
      orderId: 'a 1001',
      upset: true,
    });
  });

  test('a changed prompt changes the result', async () => {
    const changed = CLASSIFY_PROMPT.replace('(refund, money back,', '(');
    expect(await classify(changed, 'I want a refund')).toMatchObject({ intent: 'unclear' });
  });

  test('goes back to earlier messages where the latest says nothing', async () => {
    expect(await classify(CLASSIFY_PROMPT, 'cancel A-1004', 'pretty please')).toMatchObject({
      intent: 'cancel',
      orderId: 'A-1004',
    });
    expect(await classify(CLASSIFY_PROMPT, 'cancel my order', 'A-1004')).toMatchObject({ intent: 'cancel' });
  });
});

describe('choosing tools', () => {
  const choose = model.bindTools(Object.values(toolSpecs));
  const plan = (request: Classification, ...results: ToolMessage[]) =>
    choose.invoke([new SystemMessage(assistPrompt(request)), new HumanMessage('refund a1001'), ...results]);

  test('follows the procedure, passing on the order as written and then as found', async () => {
    const first = await plan(refund);
    expect(first.tool_calls).toMatchObject([{ name: 'look_up_order', args: { orderId: 'a1001' } }]);
    const found = result('look_up_order', { ok: true, outcome: 'order.delivered', orderId: 'A-1001' });
    const second = await plan(refund, found);
    expect(second.tool_calls).toMatchObject([{ name: 'refund_order', args: { orderId: 'A-1001' } }]);
    const paid = result('refund_order', { ok: true, outcome: 'refund.completed' });
    expect((await plan(refund, found, paid)).tool_calls).toEqual([]);
  });

  test('stops at a result that is not ok and hands over when asked to', async () => {
    const missing = result('look_up_order', { ok: false, outcome: 'order.not_found' });
    expect((await plan(refund, missing)).tool_calls).toEqual([]);
    const failed = result('look_up_order', { ok: false, outcome: 'tool.failed', handOver: true });
    expect((await plan(refund, failed)).tool_calls).toMatchObject([{ name: 'escalate_to_person' }]);
  });

  test('never calls a tool it was not given', async () => {
    const few = model.bindTools([toolSpecs.search_articles]);
    const reply = await few.invoke([new SystemMessage(assistPrompt(refund)), new HumanMessage('refund')]);
    expect(reply.tool_calls).toEqual([]);
  });
});

describe('writing', () => {
  const prompt = draftPrompt({ request: refund, stepLimitReached: false }, policy);
  const paid = { ok: true, outcome: 'refund.completed', orderId: 'A-1', items: 'mug', amount: '5.00 EUR' };
  const write = async (system: string, facts: object) =>
    (
      await model.invoke([
        new SystemMessage(system),
        new HumanMessage('refund'),
        result('refund_order', facts),
      ])
    ).text;

  test('fills the guide with the facts of the results', async () => {
    expect(await write(prompt, paid)).toContain('refund of 5.00 EUR for order A-1 (mug) has been completed');
    expect(await write(prompt.replace('has been completed', 'is done'), paid)).toContain('is done');
  });

  test('states nothing it was not told', async () => {
    const { amount: _, ...withoutAmount } = paid;
    const text = await write(prompt, withoutAmount);
    expect(text).not.toContain('completed');
    expect(text).not.toContain('undefined');
  });

  test('results of an earlier turn do not count', async () => {
    const reply = await model.invoke([
      new SystemMessage(prompt),
      new HumanMessage('refund'),
      new AIMessage({ content: '', tool_calls: [{ id: 'x', name: 'refund_order', args: {} }] }),
      result('refund_order', paid),
      new AIMessage('Your refund has been completed.'),
      new HumanMessage('and now?'),
    ]);
    expect(reply.text).not.toContain('completed');
  });
});

describe('as a chat model', () => {
  const messages = [
    new SystemMessage(
      draftPrompt({ request: { ...refund, intent: 'smalltalk' }, stepLimitReached: false }, policy),
    ),
    new HumanMessage('Hello'),
  ];

  test('streams what it would answer at once, with the same usage', async () => {
    const whole = await model.invoke(messages);
    const chunks: AIMessageChunk[] = [];
    for await (const chunk of await model.stream(messages)) chunks.push(chunk);
    const streamed = chunks.reduce((sum, chunk) => concat(sum, chunk));
    expect(chunks.length).toBeGreaterThan(5);
    expect(streamed.text).toBe(whole.text);
    expect(streamed.usage_metadata).toMatchObject(usageOf(whole));
    expect(usageOf(whole).total_tokens).toBeGreaterThan(100);
  });

  test('streams tool calls too', async () => {
    const bound = model.bindTools(Object.values(toolSpecs));
    const input = [new SystemMessage(assistPrompt(refund)), new HumanMessage('refund')];
    const chunks: AIMessageChunk[] = [];
    for await (const chunk of await bound.stream(input)) chunks.push(chunk);
    const streamed = chunks.reduce((sum, chunk) => concat(sum, chunk));
    expect(streamed.tool_calls).toEqual((await bound.invoke(input)).tool_calls);
    expect(streamed.tool_calls).toHaveLength(1);
  });

  test('usage grows with what it reads', async () => {
    const short = await model.invoke([new HumanMessage('a')]);
    const long = await model.invoke([new HumanMessage('a'.repeat(400))]);
    expect(usageOf(long).input_tokens - usageOf(short).input_tokens).toBe(99);
  });

  test('takes tools in the form of OpenAI as well', async () => {
    const parameters = z.toJSONSchema(toolSpecs.look_up_order.schema);
    const bound = model.bindTools([{ type: 'function', function: { name: 'look_up_order', parameters } }]);
    const reply = await bound.invoke([new SystemMessage(assistPrompt(refund)), new HumanMessage('refund')]);
    expect(reply.tool_calls).toMatchObject([{ name: 'look_up_order', args: { orderId: 'a1001' } }]);
  });

  test('stops when it is aborted', async () => {
    await expect(model.invoke(messages, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

test.each([
  ['where is a-1002', 'a-1002'],
  ['A 1012?', 'A 1012'],
  ['cancel #1008!', '#1008'],
  ['my order number is 1023.', '1023'],
  ['order no. 1015', '1015'],
  ['A-1OO1 please', 'A-1OO1'],
  ['not A-1001 but A-1002', 'A-1002'],
  ['1030', '1030'],
  ['A-12345678', 'A-12345678'],
  ['I paid 1299 EUR in 2026', undefined],
  ['a tool', undefined],
])('the order number in %j', (text, id) => {
  expect(findOrderId(text)).toBe(id);
});
