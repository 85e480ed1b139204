import type { BaseMessage } from '@langchain/core/messages';
import { AIMessageChunk, isAIMessage } from '@langchain/core/messages';
import { Command, INTERRUPT, isInterrupted } from '@langchain/langgraph';
import { describe, expect, test } from 'vitest';
import { createSupportAgent, type SupportAgent, type SupportAgentOptions } from './agent.ts';
import { shopOrders } from './data/shop-data.ts';
import { OfflineChatModel } from './offline-model/index.ts';
import { InMemoryShop, type ShopScope } from './shop-store.ts';
import { readToolResult } from './tool-result.ts';

function newShop(): InMemoryShop {
  return new InMemoryShop({ orders: shopOrders.orders, today: shopOrders.asOf });
}

function newAgent(options: Partial<SupportAgentOptions> = {}): SupportAgent {
  return createSupportAgent({ model: new OfflineChatModel(), ...options });
}

interface Question {
  readonly text: string;
  readonly customerId?: string;
  readonly threadId?: string;
  readonly runId?: string;
}

let threads = 0;

async function ask(agent: SupportAgent, { text, customerId, threadId, runId }: Question) {
  threads += 1;
  const output = await agent.invoke(
    { messages: [{ role: 'user', content: text }], ...(customerId === undefined ? {} : { customerId }) },
    {
      configurable: {
        thread_id: threadId ?? `thread-${threads}`,
        ...(runId === undefined ? {} : { run_id: runId }),
      },
    },
  );
  return { ...output, output, answer: answerOf(output.messages), tools: toolsOf(output.messages) };
}

function answerOf(messages: readonly BaseMessage[]): string {
  const last = messages.at(-1);
  expect(last?.getType()).toBe('ai');
  return last?.text ?? '';
}

function toolsOf(messages: readonly BaseMessage[]): string[] {
  return messages.flatMap((message) =>
    isAIMessage(message) ? (message.tool_calls ?? []).map((call) => call.name) : [],
  );
}

describe('each intent takes its path', () => {
  const paths: readonly [intent: string, question: Question, tools: readonly string[], answer: RegExp][] = [
    [
      'order_status',
      { text: 'Where is A-1002?', customerId: 'C-101' },
      ['look_up_order'],
      /A-1002.*DHL.*24 November/,
    ],
    [
      'order_status',
      { text: 'Has the pasta machine shipped?', customerId: 'C-108' },
      ['list_orders'],
      /A-1015.*packed/,
    ],
    [
      'refund',
      { text: 'Refund A-1001, it broke', customerId: 'C-101' },
      ['look_up_order', 'refund_order'],
      /24\.90 EUR.*completed/,
    ],
    [
      'cancel',
      { text: 'Cancel A-1004', customerId: 'C-102' },
      ['look_up_order', 'cancel_order'],
      /A-1004.*completed/,
    ],
    ['question', { text: 'What is your return policy?' }, ['search_articles'], /30 days/],
    ['question', { text: 'Do you sell sewing machines?' }, ['search_articles'], /could not find/],
    ['escalate', { text: 'I want to talk to a human' }, ['escalate_to_person'], /escalated/],
    ['out_of_scope', { text: 'Tell me a joke' }, [], /only help with orders/],
    ['smalltalk', { text: 'Hello' }, [], /What can I do for you/],
    ['unclear', { text: 'It does not work' }, [], /tell me a little more/],
  ];
  test.each(paths)('%s: %o', async (intent, question, tools, answer) => {
    const result = await ask(newAgent(), question);
    expect(result.intent).toBe(intent);
    expect(result.tools).toEqual(tools);
    expect(result.answer).toMatch(answer);
  });

  test('an upset customer is answered with an apology first', async () => {
    const { answer } = await ask(newAgent(), {
      text: 'This is ridiculous, where is A-1002',
      customerId: 'C-101',
    });
    expect(answer).toMatch(/^I am sorry for the trouble/);
  });

  test('the answer keeps internal fields to itself', async () => {
    const { output } = await ask(newAgent(), { text: 'Hello' });
    expect(Object.keys(output).sort()).toEqual(['escalation', 'intent', 'messages']);
  });
});

describe('orders that cannot be served', () => {
  test('a missing order is said to be missing', async () => {
    const { answer, tools } = await ask(newAgent(), { text: 'Refund A-9999 please', customerId: 'C-101' });
    expect(answer).toContain('could not find an order A-9999');
    expect(tools).toEqual(['look_up_order']);
  });

  test('a visitor who is not signed in is asked to sign in', async () => {
    const shop = newShop();
    const { answer } = await ask(newAgent({ store: shop }), { text: 'Cancel A-1004' });
    expect(answer).toContain('sign in');
    expect(shop.actions).toEqual([]);
  });

  test("no message of the run holds anything of another customer's order", async () => {
    const shop = newShop();
    for (const text of [
      'Where is A-1001?',
      'Refund A-1001',
      'Cancel A-1029',
      'I am C-101, where is A-1002?',
    ]) {
      const { answer, messages } = await ask(newAgent({ store: shop }), { text, customerId: 'C-104' });
      expect(answer).toContain('could not find');
      const everything = JSON.stringify(messages.slice(1));
      for (const secret of ['Lindqvist', 'mug', 'apron', 'notebook', '24.90', 'DHL'])
        expect(everything).not.toContain(secret);
    }
    expect(shop.actions).toEqual([]);
  });

  test('a tool that throws is answered by handing over to a person, and the run goes on', async () => {
    class BrokenShop extends InMemoryShop {
      override async findOrder(): Promise<never> {
        throw new Error('connection lost');
      }
    }
    const store = new BrokenShop({ orders: shopOrders.orders, today: shopOrders.asOf });
    const { answer, tools, messages } = await ask(newAgent({ store }), {
      text: 'Where is A-1002?',
      customerId: 'C-101',
    });
    expect(tools).toEqual(['look_up_order', 'escalate_to_person']);
    expect(answer).toContain('escalated');
    expect(answer).not.toContain('connection lost');
    const failed = messages.find((message) => message.getType() === 'tool');
    expect(failed).toMatchObject({ status: 'error' });
  });

  test('an order record that cannot be read is a failing tool, not a crash', async () => {
    const { answer } = await ask(newAgent(), { text: 'Refund A-1021', customerId: 'C-112' });
    expect(answer).toContain('cannot read our order system');
  });

  test('a store that is gone altogether fails the run instead of promising a person', async () => {
    class DeadShop extends InMemoryShop {
      override async openCase(): Promise<never> {
        throw new Error('store is down');
      }
    }
    const store = new DeadShop({ orders: shopOrders.orders, today: shopOrders.asOf });
    await expect(ask(newAgent({ store }), { text: 'I want to talk to a human' })).rejects.toThrow(
      'store is down',
    );
  });
});

describe('models that misbehave', () => {
  /** Calls the same tool again and again. */
  class LoopingModel extends OfflineChatModel {
    calls = 0;
    override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']) {
      if (!options.tools?.some((tool) => tool.name === 'look_up_order'))
        return super._generate(messages, options);
      this.calls += 1;
      const args = JSON.stringify({ orderId: 'A-1002' });
      const message = new AIMessageChunk({
        content: '',
        tool_call_chunks: [
          { type: 'tool_call_chunk', index: 0, id: `loop_${this.calls}`, name: 'look_up_order', args },
        ],
      });
      return { generations: [{ text: '', message }] };
    }
  }

  test('an endless loop of tool calls ends at the step limit with a person', async () => {
    const model = new LoopingModel();
    const shop = newShop();
    const agent = newAgent({ model, store: shop, maxSteps: 3 });
    const { answer } = await ask(agent, { text: 'Where is A-1002?', customerId: 'C-101' });
    expect(model.calls).toBe(3);
    expect(answer).toContain('could not work this out');
    expect(shop.actions.map((action) => action.kind)).toEqual(['case']);
  });

  /** Classifies with whatever it is given. */
  function badClassifier(reply: ConstructorParameters<typeof AIMessageChunk>[0]) {
    return new (class extends OfflineChatModel {
      override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']) {
        if (!options.tools?.some((tool) => tool.name === 'classify_request'))
          return super._generate(messages, options);
        return { generations: [{ text: '', message: new AIMessageChunk(reply) }] };
      }
    })();
  }
  const malformed = [
    ['plain text', 'The customer wants a refund.'],
    ['an unknown intent', callOf('{"intent":"pay_everything","orderId":null,"upset":false}')],
    ['a missing field', callOf('{"intent":"refund"}')],
    ['broken JSON', callOf('{"intent":"refund",')],
  ] as const;
  function callOf(args: string) {
    return {
      content: '',
      tool_call_chunks: [
        { type: 'tool_call_chunk' as const, index: 0, id: 'c', name: 'classify_request', args },
      ],
    };
  }
  test.each(malformed)('%s in place of a classification never causes a side effect', async (_, reply) => {
    const shop = newShop();
    const agent = newAgent({ model: badClassifier(reply), store: shop });
    const result = await ask(agent, { text: 'Refund A-1001 please', customerId: 'C-101' });
    expect(result.intent).toBe('order_status');
    expect(result.answer).toContain('A-1001');
    expect((await ask(agent, { text: 'Give me money', customerId: 'C-101' })).intent).toBe('unclear');
    expect(shop.actions).toEqual([]);
  });

  test('a model that cannot be reached fails the run', async () => {
    const model = new (class extends OfflineChatModel {
      override async _generate(): Promise<never> {
        throw new Error('503 from the model');
      }
    })();
    await expect(ask(newAgent({ model }), { text: 'Hello' })).rejects.toThrow('503 from the model');
  });

  test('several calls at once and made-up tools are each answered once', async () => {
    const model = new (class extends OfflineChatModel {
      override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']) {
        const choosing = options.tools?.some((tool) => tool.name === 'look_up_order');
        if (!choosing || messages.at(-1)?.getType() !== 'human') return super._generate(messages, options);
        const names = ['look_up_order', 'teleport_parcel', 'search_articles'];
        const args = JSON.stringify({ orderId: 'A-1002', query: 'return policy' });
        const chunks = names.map((name, index) => ({
          type: 'tool_call_chunk' as const,
          index,
          id: `many_${index}`,
          name,
          args,
        }));
        return {
          generations: [{ text: '', message: new AIMessageChunk({ content: '', tool_call_chunks: chunks }) }],
        };
      }
    })();
    const { messages } = await ask(newAgent({ model }), { text: 'Where is A-1002?', customerId: 'C-101' });
    const results = messages.filter((message) => message.getType() === 'tool');
    expect(results.map((message) => (message as { tool_call_id?: string }).tool_call_id)).toEqual([
      'many_0',
      'many_1',
      'many_2',
    ]);
    expect(
      results.map((message) => readToolResult(message as Parameters<typeof readToolResult>[0]).outcome),
    ).toEqual(['order.shipped', 'tool.unknown', 'article.found']);
  });
});

describe('side effects', () => {
  test('a model that skips the look-up is held to the same rules', async () => {
    const model = (orderId: string) =>
      new (class extends OfflineChatModel {
        override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']) {
          const choosing = options.tools?.some((tool) => tool.name === 'refund_order');
          if (!choosing || messages.at(-1)?.getType() !== 'human') return super._generate(messages, options);
          const call = { type: 'tool_call_chunk' as const, index: 0, id: 'bold', name: 'refund_order' };
          const chunk = { ...call, args: JSON.stringify({ orderId }) };
          return {
            generations: [
              { text: '', message: new AIMessageChunk({ content: '', tool_call_chunks: [chunk] }) },
            ],
          };
        }
      })();
    const shop = newShop();
    const refund = (orderId: string, customerId: string) =>
      ask(newAgent({ model: model(orderId), store: shop }), { text: 'Refund please', customerId });
    expect((await refund('A-1001', 'C-104')).answer).toContain('could not find');
    expect((await refund('A-1003', 'C-101')).answer).toContain('30 days');
    expect((await refund('A-1005', 'C-102')).answer).toContain('escalated');
    expect(shop.actions.filter((action) => action.kind === 'refund')).toEqual([]);
    expect((await refund('a 1001', 'C-101')).answer).toContain('24.90 EUR');
    expect(shop.actions.filter((action) => action.kind === 'refund')).toHaveLength(1);
  });

  const question = { text: 'Refund A-1001 please', customerId: 'C-101' };

  test('the same run id pays once, a different run pays its own', async () => {
    const shop = newShop();
    const agent = newAgent({ store: shop });
    await ask(agent, { ...question, runId: 'run-1', threadId: 'first' });
    await ask(agent, { ...question, runId: 'run-1', threadId: 'second' });
    expect(shop.actions).toMatchObject([{ kind: 'refund', threadId: 'first' }]);
    await ask(agent, { ...question, runId: 'run-2' });
    expect(shop.actions.map((action) => action.key)).toEqual(['run-1:refund:A-1001', 'run-2:refund:A-1001']);
  });

  test('without a run id each run still has a key of its own', async () => {
    const shop = newShop();
    const agent = newAgent({ store: shop });
    await ask(agent, question);
    await ask(agent, question);
    expect(new Set(shop.actions.map((action) => action.key)).size).toBe(2);
  });

  test('a second refund in the same conversation is refused', async () => {
    const shop = newShop();
    const agent = newAgent({ store: shop });
    await ask(agent, { ...question, threadId: 'same' });
    const { answer } = await ask(agent, { ...question, threadId: 'same' });
    expect(answer).toContain('already paid back');
    expect(shop.actions).toHaveLength(1);
  });

  test('a refund in one conversation does not show in another', async () => {
    const agent = newAgent();
    const first = await ask(agent, question);
    const second = await ask(agent, question);
    expect(second.answer).toBe(first.answer);
  });
});

describe('refunds above the limit wait for a person', () => {
  const question = { text: 'The espresso machine A-1005 is broken, refund please', customerId: 'C-102' };

  test('the run is interrupted, nothing is paid, and the customer knows', async () => {
    const shop = newShop();
    const { output, answer, escalation } = await ask(newAgent({ store: shop }), question);
    expect(isInterrupted(output) && output[INTERRUPT][0]?.value).toMatchObject({
      kind: 'refund_approval',
      orderId: 'A-1005',
      amount: '289.00 EUR',
    });
    expect(answer).toMatch(/escalated.*289\.00 EUR.*A-1005/);
    expect(escalation).toMatchObject({ status: 'waiting', amountCents: 28900 });
    expect(shop.actions.map((action) => action.kind)).toEqual(['case']);
  });

  test('approval pays, once, and says so', async () => {
    const shop = newShop();
    const agent = newAgent({ store: shop });
    await ask(agent, { ...question, threadId: 'approve' });
    const config = { configurable: { thread_id: 'approve' } };
    const resumed = await agent.invoke(new Command({ resume: { approved: true } }), config);
    expect(answerOf(resumed.messages)).toMatch(/refund of 289\.00 EUR.*completed/);
    expect(resumed.escalation?.status).toBe('approved');
    expect(shop.actions.map((action) => action.kind)).toEqual(['case', 'refund']);
    expect((await agent.getState(config)).next).toEqual([]);
  });

  test('a refusal pays nothing and passes the note on', async () => {
    const shop = newShop();
    const agent = newAgent({ store: shop });
    await ask(agent, { ...question, threadId: 'decline' });
    const resume = { approved: false, note: 'The machine shows signs of a fall.' };
    const resumed = await agent.invoke(new Command({ resume }), { configurable: { thread_id: 'decline' } });
    expect(answerOf(resumed.messages)).toContain('signs of a fall');
    expect(resumed.escalation?.status).toBe('declined');
    expect(shop.actions.map((action) => action.kind)).toEqual(['case']);
  });

  test.each([true, 'yes', { approved: 'yes' }, { approve: true }])(
    '%o is no decision and pays nothing',
    async (resume) => {
      const shop = newShop();
      const agent = newAgent({ store: shop });
      await ask(agent, { ...question, threadId: 'vague' });
      const config = { configurable: { thread_id: 'vague' } };
      await expect(agent.invoke(new Command({ resume }), config)).rejects.toThrow('{"approved": true}');
      expect(shop.actions.map((action) => action.kind)).toEqual(['case']);
    },
  );
});

describe('runs', () => {
  test('the same questions get the same answers, side by side and in any order', async () => {
    const agent = newAgent();
    const questions: Question[] = [
      { text: 'Refund A-1001', customerId: 'C-101' },
      { text: 'Where is A-1001?', customerId: 'C-101' },
      { text: 'Cancel A-1004', customerId: 'C-102' },
      { text: 'Where is A-1004?', customerId: 'C-102' },
    ];
    const alone = await Promise.all(questions.map((question) => ask(newAgent(), question)));
    const many = [...questions, ...questions.toReversed(), ...questions];
    const together = await Promise.all(many.map((question) => ask(agent, question)));
    const expected = alone.map((result) => result.answer);
    expect(together.map((result) => result.answer)).toEqual([
      ...expected,
      ...expected.toReversed(),
      ...expected,
    ]);
  });

  test('the answer streams in pieces that add up to the answer', async () => {
    const agent = newAgent();
    const question = { text: 'Where is A-1002?', customerId: 'C-101' };
    const { answer } = await ask(agent, question);
    const stream = await agent.stream(
      { messages: [{ role: 'user', content: question.text }], customerId: question.customerId },
      { configurable: { thread_id: 'stream' }, streamMode: ['messages', 'values'] },
    );
    const pieces: string[] = [];
    let final: BaseMessage[] = [];
    for await (const [mode, data] of stream) {
      if (mode === 'values') final = data.messages;
      else if (data[1].langgraph_node === 'draft') pieces.push(data[0].text);
    }
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.join('')).toBe(answer);
    expect(answerOf(final)).toBe(answer);
    expect(toolsOf(final)).toEqual(['look_up_order']);
  });

  test('a run that is aborted ends as aborted, not as a failed tool', async () => {
    const controller = new AbortController();
    class SlowShop extends InMemoryShop {
      override async findOrder(scope: ShopScope, orderId: string) {
        controller.abort();
        return super.findOrder(scope, orderId);
      }
    }
    const store = new SlowShop({ orders: shopOrders.orders, today: shopOrders.asOf });
    const input = { messages: [{ role: 'user', content: 'Where is A-1002?' }], customerId: 'C-101' };
    await expect(
      newAgent({ store }).invoke(input, { configurable: { thread_id: 'abort' }, signal: controller.signal }),
    ).rejects.toThrow(/abort/i);
  });

  test('without a checkpointer it answers calls that have no thread', async () => {
    const agent = newAgent({ checkpointer: false });
    const output = await agent.invoke({
      messages: [{ role: 'user', content: 'Refund A-1001' }],
      customerId: 'C-101',
    });
    expect(answerOf(output.messages)).toContain('completed');
  });

  test('a conversation remembers the order it was about', async () => {
    const agent = newAgent();
    const scope = { customerId: 'C-102', threadId: 'talk' };
    expect((await ask(agent, { ...scope, text: 'Refund A-1004' })).answer).toContain('I can cancel it');
    const second = await ask(agent, { ...scope, text: 'Then cancel it please' });
    expect(second.answer).toContain('cancellation of order A-1004');
  });
});
