import { AIMessage, AIMessageChunk } from '@langchain/core/messages';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitMessage } from './split-message.ts';

const joined = (chunks: readonly AIMessageChunk[]) => chunks.reduce((whole, chunk) => whole.concat(chunk));

describe('splitting a message', () => {
  it('gives chunks that join to the message, in the recorded pieces or in words', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(
          fc.record({ name: fc.constantFrom('f', 'g'), args: fc.dictionary(fc.string(), fc.string()) }),
          {
            maxLength: 3,
          },
        ),
        fc.option(fc.array(fc.nat(5)), { nil: undefined }),
        (content, calls, pieces) => {
          const message = new AIMessage({
            content,
            tool_calls: calls.map((call, index) => ({
              ...call,
              id: `c${index}`,
              type: 'tool_call' as const,
            })),
          });
          const whole = joined(splitMessage(message, pieces));
          expect(whole.content).toBe(content);
          expect(whole.tool_calls).toEqual(message.tool_calls);
        },
      ),
      { seed: 13 },
    );
  });

  it('takes the recorded pieces where they fit, and words where they do not', () => {
    const texts = (pieces: readonly unknown[] | undefined) =>
      splitMessage(new AIMessage('Hello big world'), pieces).map(({ content }) => content);
    expect(texts([2, 0, 13])).toEqual(['He', '', 'llo big world']);
    for (const other of [undefined, [], [2, 3], ['x'], [-1, 16], [[2, [0, 4]], 13]]) {
      expect(texts(other)).toEqual(['Hello', ' big', ' world']);
    }
    expect(splitMessage(new AIMessage(''), undefined)).toHaveLength(1);
  });

  it('keeps content in blocks in one chunk', () => {
    const content = [{ type: 'text' as const, text: 'a' }];
    expect(splitMessage(new AIMessageChunk({ content }), [1]).map((chunk) => chunk.content)).toEqual([
      content,
    ]);
  });
});
