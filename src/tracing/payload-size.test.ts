import { AIMessage, ToolMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { payloadSize } from './payload-size.ts';

const TEXT = 'x'.repeat(10_000);
const sizeOf = (payload: unknown) => payloadSize(payload, new WeakSet());

describe('payloadSize', () => {
  it('counts text and binary data wherever they stand', () => {
    for (const payload of [TEXT, [TEXT], { a: { b: [TEXT] } }, new Uint8Array(10_000)]) {
      expect(sizeOf(payload)).toBeGreaterThanOrEqual(10_000);
      expect(sizeOf(payload)).toBeLessThan(10_500);
    }
  });

  it.each([
    ['content', new AIMessage(TEXT)],
    ['content in parts', new AIMessage({ content: [{ type: 'text', text: TEXT }] })],
    ['tool calls', new AIMessage({ content: '', tool_calls: [{ id: '1', name: 'find', args: { TEXT } }] })],
    ['additional arguments', new AIMessage({ content: '', additional_kwargs: { audio: { data: TEXT } } })],
    ['metadata of the response', new AIMessage({ content: '', response_metadata: { logprobs: [TEXT] } })],
    ['artifact', new ToolMessage({ content: '', tool_call_id: '1', artifact: { pages: [TEXT] } })],
  ])('counts the %s of a message, once', (_what, message) => {
    expect(sizeOf([message])).toBeGreaterThanOrEqual(10_000);
    expect(sizeOf([message])).toBeLessThan(11_500);
  });

  it('counts what several payloads share once', () => {
    const seen = new WeakSet();
    const message = new AIMessage(TEXT);
    expect(payloadSize({ messages: [message] }, seen)).toBeGreaterThan(10_000);
    expect(payloadSize({ messages: [message, 'new'] }, seen)).toBeLessThan(200);
  });

  it('runs no code of the user', () => {
    const payload = {
      get size(): string {
        throw new Error('ran');
      },
      text: TEXT,
    };
    expect(sizeOf(payload)).toBeGreaterThanOrEqual(10_000);
  });

  it('ends on cycles and looks at a bounded number of members', () => {
    const cyclic: Record<string, unknown> = { TEXT };
    cyclic['self'] = cyclic;
    expect(sizeOf(cyclic)).toBeLessThan(10_500);
    const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
    expect(sizeOf([deep, TEXT])).toBeGreaterThan(10_000);
    let looked = 0;
    const counting = {
      ownKeys: () => {
        looked += 1;
        return [];
      },
    };
    const wide = Array.from({ length: 100_000 }, () => new Proxy({}, counting));
    expect(sizeOf(wide)).toBeLessThan(2_000_000);
    expect(looked).toBeLessThanOrEqual(2_000);
  });
});
