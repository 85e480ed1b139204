import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FULL_PAYLOAD, payloadLines, SHORT_PAYLOAD } from './payload-text.ts';

const message = (name: string, kwargs: object) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', name],
  kwargs,
});

describe('payloadLines', () => {
  it('shows a conversation as it was held', () => {
    const messages = [
      message('SystemMessage', { content: 'Be kind.' }),
      message('HumanMessage', { content: 'Hello.\nWhere is it?' }),
      message('AIMessage', { content: 'Let me look.', tool_calls: [{ name: 'lookup', args: { id: 'A' } }] }),
      message('ToolMessage', { content: 'timeout', name: 'lookup', status: 'error' }),
      message('AIMessageChunk', { content: [{ type: 'text', text: 'Sorry.' }, { type: 'image_url' }] }),
    ];
    expect(payloadLines({ messages }, SHORT_PAYLOAD)).toEqual([
      'messages:',
      '  system: Be kind.',
      '  human: Hello.',
      '    Where is it?',
      '  ai: Let me look. [calls lookup({"id":"A"})]',
      '  tool lookup (error): timeout',
      '  ai: Sorry. [image_url]',
    ]);
  });

  it('reads plain messages, and takes other objects with a role or a type for what they are', () => {
    const openAiCall = { type: 'function', function: { name: 'lookup', arguments: '{"id":"A"}' } };
    expect(
      payloadLines(
        [
          { role: 'user', content: 'Hi' },
          { type: 'ai', content: 'Ho' },
          { role: 'assistant', content: '', tool_calls: [openAiCall] },
          { type: 'shipping', content: 'box' },
          message('Document', { pageContent: 'text' }),
        ],
        SHORT_PAYLOAD,
      ),
    ).toEqual([
      'user: Hi',
      'ai: Ho',
      'assistant: [calls lookup({"id":"A"})]',
      '- type: shipping',
      '  content: box',
      '- Document',
      '    pageContent: text',
    ]);
  });

  it('nests objects and arrays and tells what is empty', () => {
    const value = { a: { b: [1, { c: true, d: [] }, [null, 'x']] }, e: {}, f: '' };
    expect(payloadLines(value, SHORT_PAYLOAD)).toEqual([
      'a:',
      '  b:',
      '    - 1',
      '    - c: true',
      '      d: []',
      '    - - null',
      '      - x',
      'e: {}',
      'f: ""',
    ]);
    expect(payloadLines('just text', SHORT_PAYLOAD)).toEqual(['just text']);
    expect(payloadLines([], SHORT_PAYLOAD)).toEqual(['[]']);
  });

  it('never shows more than its limits and says what is missing', () => {
    const limits = { lines: 5, lineLength: 20, depth: 3 };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const shown = payloadLines(value, limits);
        const whole = payloadLines(value, { ...limits, lines: Number.POSITIVE_INFINITY });
        expect(shown.slice(0, 5)).toEqual(whole.slice(0, 5));
        if (whole.length > 5)
          expect(shown.at(5)).toMatch(new RegExp(`^… ${whole.length - 5} more lines?; --full`));
        expect(shown.length).toBe(Math.min(whole.length, 6));
      }),
      { seed: 3 },
    );
  });

  it('shows any JSON value without a character that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = payloadLines(value, FULL_PAYLOAD).join('\n');
        expect(text).not.toMatch(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('survives nesting deeper than calls can go', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    expect(payloadLines(deep, FULL_PAYLOAD).join('')).toContain('[…]');
    expect(payloadLines({ list: deep }, SHORT_PAYLOAD).join('')).toContain('[…]');
  });
});
