import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/any-text.ts';
import { payloadView } from './payload.ts';
import { visibleText } from './visible-text.ts';

const whole = { maxChars: 10_000 };
const text = (value: string) => ({ text: value, cut: 0 });

describe('a payload in a report', () => {
  it('is a conversation in the forms of LangChain and OpenAI, with tool calls and tool errors', () => {
    const forms = [
      { type: 'human', content: 'Hi' },
      ['user', 'Hi'],
      'Hi',
      {
        lc: 1,
        type: 'constructor',
        id: ['langchain_core', 'messages', 'HumanMessage'],
        kwargs: { content: 'Hi' },
      },
    ];
    for (const form of forms)
      expect(payloadView({ messages: [form] }, whole).turns).toEqual([
        { speaker: 'user', text: text('Hi'), calls: [] },
      ]);
    const { turns, rest } = payloadView(
      {
        messages: [
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ function: { name: 'find', arguments: '{"a":1}' } }],
          },
          {
            type: 'ai',
            content: [{ type: 'text', text: 'a' }, 'b'],
            tool_calls: [{ name: 'look', args: { b: 2 } }],
          },
          { type: 'tool', name: 'look', status: 'error', content: 'no' },
        ],
        intent: 'x',
      },
      whole,
    );
    expect(turns).toEqual([
      { speaker: 'assistant', text: text(''), calls: [{ name: 'find', args: text('{"a":1}') }] },
      { speaker: 'assistant', text: text('a\nb'), calls: [{ name: 'look', args: text('{"b":2}') }] },
      { speaker: 'tool look (error)', text: text('no'), calls: [] },
    ]);
    expect(rest).toEqual(text('{\n  "intent": "x"\n}'));
  });

  it('is JSON where it is no conversation, so that nothing is hidden', () => {
    for (const messages of [[{ role: 'user', content: 'a' }, { some: 'thing' }], 'text', [], [[1, 2, 3]]])
      expect(payloadView({ messages }, whole)).toEqual({
        turns: [],
        turnsCut: 0,
        rest: text(JSON.stringify({ messages }, null, 2)),
      });
  });

  it('leaves out the conversation that came before', () => {
    const before = [{ role: 'user', content: 'one' }];
    const messages = [
      { type: 'human', content: 'one' },
      { type: 'ai', content: 'two' },
    ];
    const { turns } = payloadView({ messages }, { ...whole, after: { messages: before } });
    expect(turns.map(({ speaker }) => speaker)).toEqual(['assistant']);
  });

  it('says how much it cuts, in the first text that does not fit and in those after it', () => {
    const messages = [
      { type: 'human', content: 'a'.repeat(30) },
      { type: 'ai', content: 'b'.repeat(5) },
    ];
    const { turns } = payloadView({ messages }, { maxChars: 10 });
    expect(turns.map((turn) => turn.text)).toEqual([
      { text: 'a'.repeat(10), cut: 20 },
      { text: '', cut: 5 },
    ]);
    const many = Array.from({ length: 70 }, () => ({ type: 'ai', content: 'x' }));
    expect(payloadView({ messages: many }, whole)).toMatchObject({ turnsCut: 10, turns: { length: 60 } });
  });

  it('stays within its bound for any value, never cuts a character in two, and marks every cut', () => {
    const content = anyText({ maxLength: 80 });
    const value = fc.record({
      messages: fc.array(fc.record({ type: fc.constantFrom('human', 'ai', 'tool'), content })),
      more: fc.jsonValue(),
    });
    fc.assert(
      fc.property(value, fc.nat(200), (payload, maxChars) => {
        const { turns, rest } = payloadView(payload, { maxChars });
        const texts = [...turns.map((turn) => turn.text), ...(rest === null ? [] : [rest])];
        expect(texts.reduce((sum, each) => sum + each.text.length, 0)).toBeLessThanOrEqual(maxChars);
        for (const each of texts) expect(each.text.isWellFormed()).toBe(true);
        for (const [index, turn] of turns.entries())
          if (turn.text.cut === 0) expect(turn.text.text).toBe(visibleText(payload.messages[index]!.content));
      }),
      { seed: 3 },
    );
  });
});

describe('text made visible', () => {
  it('writes out what is not seen and keeps everything else', () => {
    expect(visibleText('a\u001B[31m\u202Eb\u0000\r\nc\td\u{1F468}\u200D\u{1F469}')).toBe(
      'a[U+001B][31m[U+202E]b[U+0000]\nc\td\u{1F468}\u200D\u{1F469}',
    );
    fc.assert(
      fc.property(anyText(), (given) => {
        expect(visibleText(given)).not.toMatch(/[^\P{Cc}\n\t]|[^\P{Cf}\u200C\u200D]|\p{Cs}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });
});
