import { AIMessage } from '@langchain/core/messages';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePayload, SharedCopies } from './payload.ts';
import { NO_REDACTION, type Redaction } from './redaction/index.ts';

const LIMIT = 1024 * 1024;
const encode = (value: unknown) => encodePayload(value, LIMIT).value;

describe('encodePayload', () => {
  it('gives back plain JSON as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(JSON.parse(JSON.stringify(encode(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('never throws and always gives JSON, whatever it is handed', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          expect(JSON.stringify(encodePayload(value, LIMIT).value)).toBeTypeOf('string');
        },
      ),
    );
  });

  it('stays within a small multiple of its limit and says that it cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 50, maxLength: 500 }), { minLength: 20 }),
        fc.integer({ min: 0, max: 900 }),
        (texts, limit) => {
          const { value, truncated } = encodePayload({ texts }, limit);
          expect(truncated).toBe(true);
          expect(JSON.stringify(value).length).toBeLessThan(2 * limit + 200);
        },
      ),
    );
  });

  it('marks a text that was cut with what is missing', () => {
    expect(encodePayload('x'.repeat(30), 10)).toEqual({
      value: `${'x'.repeat(10)}… [20 characters left out]`,
      truncated: true,
    });
  });

  it('stops at a cycle but repeats what is merely shared', () => {
    const shared = { a: 1 };
    const cyclic: Record<string, unknown> = { first: shared, second: shared };
    cyclic['self'] = cyclic;
    expect(encode(cyclic)).toEqual({ first: { a: 1 }, second: { a: 1 }, self: '[Circular]' });
  });

  it('survives getters, proxies and toJSON that throw', () => {
    const hostile = {
      get secret() {
        throw new Error('no');
      },
      fine: 1,
    };
    const trap = new Proxy(
      {},
      {
        ownKeys() {
          throw new TypeError('no');
        },
      },
    );
    const json = {
      toJSON() {
        throw new Error('no');
      },
    };
    expect(encode([hostile, trap, json])).toEqual([
      '[Unreadable: Error]',
      '[Unreadable: TypeError]',
      '[Unreadable: Error]',
    ]);
  });

  it('keeps errors, maps, sets, dates, big numbers and binary data readable', () => {
    const value = {
      error: Object.assign(new TypeError('bad'), { status: 500 }),
      map: new Map([['a', 1]]),
      set: new Set([1, 2]),
      date: new Date(0),
      big: 2n ** 64n,
      nan: Number.NaN,
      bytes: new Uint8Array(5),
      fn: () => 1,
    };
    expect(encode(value)).toEqual({
      error: { name: 'TypeError', message: 'bad', status: 500 },
      map: [['a', 1]],
      set: [1, 2],
      date: '1970-01-01T00:00:00.000Z',
      big: '18446744073709551616',
      nan: 'NaN',
      bytes: '[Binary: 5 bytes]',
    });
  });

  it('keeps a member called __proto__ as data and changes no prototype', () => {
    const encoded = encode(JSON.parse('{"__proto__": {"polluted": true}}')) as Record<string, unknown>;
    expect(JSON.stringify(encoded)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('writes a LangChain message in its serialized form', () => {
    expect(encode(new AIMessage('hello'))).toMatchObject({
      lc: 1,
      type: 'constructor',
      id: ['langchain_core', 'messages', 'AIMessage'],
      kwargs: { content: 'hello' },
    });
  });

  it('gives the same with the copies of other payloads as without, whatever the limit and wherever a value stands', () => {
    // A rule that goes by the keys that lead to a value, as those with a path do.
    const byPlace: Redaction = {
      ...NO_REDACTION,
      text: (text, trail) => (trail?.[0] === 'private' ? '[redacted]' : text),
    };
    const message = fc
      .record({ content: fc.string({ maxLength: 60 }), id: fc.option(fc.string(), { nil: undefined }) })
      .map(({ content, id }) => new AIMessage({ content, ...(id === undefined ? {} : { id }) }));
    const scenario = fc.array(message, { minLength: 1, maxLength: 4 }).chain((pool) => {
      const items = fc.array(fc.constantFrom(...pool), { maxLength: 5 });
      const payload = fc.record({ key: fc.constantFrom('messages', 'private'), items, limit: fc.nat(1_500) });
      return fc.array(payload, { minLength: 1, maxLength: 6 });
    });
    fc.assert(
      fc.property(scenario, (payloads) => {
        const shared = new SharedCopies();
        for (const { key, items, limit } of payloads) {
          const value = { [key]: items };
          expect(encodePayload(value, limit, byPlace, shared)).toEqual(encodePayload(value, limit, byPlace));
        }
      }),
    );
  });

  it('copies a message that stands in many payloads once', () => {
    let copied = 0;
    const message = {
      toJSON() {
        copied += 1;
        return { content: 'hello' };
      },
    };
    const shared = new SharedCopies();
    const [first, second] = [1, 2].map(
      () => encodePayload({ messages: [message] }, LIMIT, NO_REDACTION, shared).value,
    ) as [{ messages: unknown[] }, { messages: unknown[] }];
    expect(copied).toBe(1);
    expect(second.messages[0]).toBe(first.messages[0]);
  });

  it('copies anew what stands inside itself: the mark depends on where it is met', () => {
    const shared = new SharedCopies();
    const inner: { toJSON?: () => unknown } = {};
    const outer = { toJSON: () => ({ inner }) };
    inner.toJSON = () => ({ outer });
    const both = () =>
      [outer, inner].map((value) => encodePayload({ value }, LIMIT, NO_REDACTION, shared).value);
    expect(both()).toEqual([
      { value: { inner: { outer: '[Circular]' } } },
      { value: { outer: { inner: '[Circular]' } } },
    ]);
  });
});
