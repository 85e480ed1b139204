import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { messagesStateReducer } from '@langchain/langgraph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toWire } from './index.ts';

const toolCall = {
  id: 'call-1',
  name: 'refund',
  args: { order: 'A-7', cents: 1250 },
  type: 'tool_call' as const,
};
const usage = { input_tokens: 12, output_tokens: 5, total_tokens: 17 };

describe('toWire of messages', () => {
  it('sends every field a reader of the conversation needs', () => {
    const message = new AIMessage({
      id: 'm1',
      name: 'support',
      content: 'On it.',
      tool_calls: [toolCall],
      usage_metadata: usage as never,
      response_metadata: { model: 'offline' },
    });
    expect(toWire({ messages: [message] })).toEqual({
      messages: [
        {
          type: 'ai',
          content: 'On it.',
          id: 'm1',
          name: 'support',
          tool_calls: [toolCall],
          invalid_tool_calls: [],
          usage_metadata: usage as never,
          additional_kwargs: {},
          response_metadata: { model: 'offline' },
        },
      ],
    });
  });

  it('sends a tool message with its call, status and artifact', () => {
    const message = new ToolMessage({
      content: 'no such order',
      tool_call_id: 'call-1',
      status: 'error',
      artifact: { tried: ['A-7'] },
    });
    expect(toWire(message)).toMatchObject({
      type: 'tool',
      content: 'no such order',
      tool_call_id: 'call-1',
      status: 'error',
      artifact: { tried: ['A-7'] },
    });
  });

  it('keeps the role of a message of no fixed type', () => {
    expect(toWire(new ChatMessage('hello', 'user'))).toMatchObject({ type: 'generic', role: 'user' });
  });

  it('leaves out the id and name of a message that has none', () => {
    expect(Object.keys(toWire(new HumanMessage('hi')) as object)).toEqual([
      'type',
      'content',
      'additional_kwargs',
      'response_metadata',
    ]);
  });

  it('recognises a message of an old version, which has only _getType', () => {
    const old = { _getType: () => 'human', content: 'hi', lc_kwargs: {}, additional_kwargs: {} };
    expect(toWire(old)).toEqual({
      type: 'human',
      content: 'hi',
      additional_kwargs: {},
      response_metadata: {},
    });
  });

  it("is taken back by LangGraph's reducer as the same conversation", () => {
    const conversation = [
      new SystemMessage({ id: '1', content: 'Be kind.' }),
      new HumanMessage({ id: '2', content: [{ type: 'text', text: 'Where is A-7?' }] }),
      new AIMessage({
        id: '3',
        content: '',
        tool_calls: [toolCall],
        invalid_tool_calls: [
          { id: 'x', name: 'bad', args: '{', error: 'no JSON', type: 'invalid_tool_call' },
        ],
        usage_metadata: usage as never,
      }),
      new ToolMessage({
        id: '4',
        content: 'shipped',
        tool_call_id: 'call-1',
        name: 'refund',
        status: 'success',
      }),
      new AIMessageChunk({ id: '5', content: 'It is on its way.' }),
      new ChatMessage({ id: '6', content: 'thanks', role: 'user' }),
    ];
    const taken = messagesStateReducer([], JSON.parse(JSON.stringify(toWire(conversation))));
    const typed = taken.map((message: BaseMessage) => [message.getType(), message.id, message.content]);
    expect(typed).toEqual([
      ['system', '1', 'Be kind.'],
      ['human', '2', [{ type: 'text', text: 'Where is A-7?' }]],
      ['ai', '3', ''],
      ['tool', '4', 'shipped'],
      ['ai', '5', 'It is on its way.'],
      ['human', '6', 'thanks'],
    ]);
    const [, , ai, tool] = taken as unknown as [unknown, unknown, AIMessage, ToolMessage];
    expect(ai.tool_calls).toEqual([toolCall]);
    expect(ai.invalid_tool_calls).toHaveLength(1);
    expect(ai.usage_metadata).toEqual(usage);
    expect([tool.tool_call_id, tool.name, tool.status]).toEqual(['call-1', 'refund', 'success']);
  });

  it('is taken back with content blocks of version 1 and their tool calls', () => {
    const message = new AIMessage({
      id: '1',
      contentBlocks: [{ type: 'text', text: 'Refunding.' }, toolCall],
    });
    const [taken] = messagesStateReducer([], [toWire(message)] as never) as unknown as [AIMessage];
    expect(taken.contentBlocks).toEqual(message.contentBlocks);
    expect(taken.tool_calls).toEqual(message.tool_calls);
  });

  it('lets a removal through', () => {
    const before = [new HumanMessage({ id: '1', content: 'a' }), new HumanMessage({ id: '2', content: 'b' })];
    const after = messagesStateReducer(before, [toWire(new RemoveMessage({ id: '1' }))] as never);
    expect(after.map((message) => message.id)).toEqual(['2']);
  });
});

describe('toWire of interrupts', () => {
  it('keeps id and value, and nothing internal', () => {
    const output = { __interrupt__: [{ id: 'i1', value: { amount: 900n }, ns: ['node:1'], when: 'during' }] };
    expect(toWire(output)).toEqual({ __interrupt__: [{ id: 'i1', value: { amount: '900' } }] });
  });

  it('keeps a value that is nothing', () => {
    expect(toWire({ __interrupt__: [{ id: 'i1' }] })).toEqual({ __interrupt__: [{ id: 'i1', value: null }] });
  });
});

describe('toWire of other values', () => {
  it('gives dates, maps, sets, big integers and bytes a JSON form', () => {
    expect(
      toWire({
        at: new Date(0),
        never: new Date(Number.NaN),
        map: new Map([['a', 1]]),
        pairs: new Map([[1, 'a']]),
        set: new Set(['x']),
        big: 12345678901234567890n,
        bytes: new Uint8Array([104, 105]),
        url: new URL('http://127.0.0.1/x'),
        boxed: Object('text'),
      }),
    ).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      map: { a: 1 },
      pairs: [[1, 'a']],
      set: ['x'],
      big: '12345678901234567890',
      bytes: 'aGk=',
      url: 'http://127.0.0.1/x',
      boxed: 'text',
    });
  });

  it('follows JSON.stringify for what JSON cannot hold', () => {
    const value = { f: () => 1, u: undefined, s: Symbol('s'), n: Number.NaN, i: [undefined, () => 1, -0] };
    expect(toWire(value)).toEqual({ n: null, i: [null, null, 0] });
    expect(toWire(undefined)).toBeNull();
  });

  it('sends what an error says, neither its stack nor what it carries', () => {
    const error = Object.assign(new TypeError('no such order'), {
      request: { headers: { authorization: 'secret' } },
      toJSON: () => ({ headers: { authorization: 'secret' } }),
    });
    expect(toWire({ error })).toEqual({ error: { name: 'TypeError', message: 'no such order' } });
  });

  it('marks a cycle and repeats what is only shared', () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { x: shared, y: shared };
    value['self'] = value;
    expect(toWire(value)).toEqual({ x: { a: 1 }, y: { a: 1 }, self: '[Circular]' });
  });

  it('loses only the member that cannot be read', () => {
    const value = {
      good: 1,
      get bad(): never {
        throw new Error('private');
      },
      worse: {
        toJSON(): never {
          throw new Error('private');
        },
      },
    };
    expect(toWire(value)).toEqual({ good: 1, bad: '[Unreadable]', worse: '[Unreadable]' });
  });

  it('survives any depth', () => {
    let value: unknown = 'bottom';
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(JSON.stringify(toWire(value))).toContain('[Too deep]');
  });

  it('treats a member called __proto__ as data', () => {
    const wire = toWire(JSON.parse('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(JSON.stringify(wire)).toBe('{"__proto__":{"polluted":true}}');
    expect(wire['polluted']).toBeUndefined();
  });

  it('never throws, gives JSON, and changes nothing when applied again', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withNullPrototype: true,
      withObjectString: true,
      key: fc.oneof(
        fc.string(),
        fc.constantFrom('__interrupt__', '__proto__', 'content', 'getType', 'toJSON'),
      ),
    });
    fc.assert(
      fc.property(anything, (value) => {
        const wire = toWire(value);
        expect(JSON.parse(JSON.stringify(wire))).toEqual(wire);
        expect(toWire(wire)).toEqual(wire);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('leaves plain JSON as it is', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((json) => !JSON.stringify(json).includes('__interrupt__')),
        (json) => {
          expect(JSON.stringify(toWire(json))).toBe(JSON.stringify(json));
        },
      ),
      { seed: 2 },
    );
  });
});
