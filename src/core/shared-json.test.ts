import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  restoreShared,
  type SharedJson,
  SharedJsonError,
  SharingWriter,
  splitReferences,
} from './shared-json.ts';

/** Through text, as it is stored. */
const roundTrip = (values: readonly unknown[]) =>
  restoreShared(JSON.parse(written(new SharingWriter(values))) as SharedJson);

const written = ({ shared, values }: SharedJson) => JSON.stringify({ shared, values });

/** The text of a value with that of what it refers to in its place. */
function expanded(writer: SharingWriter, value: unknown): string {
  const whole = (text: string): string =>
    splitReferences(text)
      .map((piece, at) => {
        if (at % 2 === 0) return piece;
        const part = writer.sharedText(Number(piece));
        return writer.isLiteral(Number(piece)) ? part : whole(part);
      })
      .join('');
  return whole(JSON.stringify(writer.pack(value)));
}

/** JSON whose objects are drawn from a pool, so that some stand in several places, and some look like references. */
const repetitive = fc
  .array(
    fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.nat(5).map(($shared) => ({ $shared })),
      fc.constant({ $shared: 'x' }),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .chain((pool) => {
    const member = fc.constantFrom(...pool);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        member,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'b', '$shared', '__proto__', 'toString'), tie('tree'), {
          maxKeys: 4,
        }),
      ),
    }));
    return fc.array(tree, { maxLength: 5 });
  });

describe('shared JSON', () => {
  it('is restored to what it was, and what was given is not changed', () => {
    fc.assert(
      fc.property(repetitive, (values) => {
        const before = JSON.stringify(values);
        expect(JSON.stringify(roundTrip(values))).toBe(before);
        expect(JSON.stringify(values)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it('has the same text as each value alone once its references are followed, and packs other values too', () => {
    fc.assert(
      fc.property(repetitive, repetitive, (values, others) => {
        const writer = new SharingWriter(values);
        for (const value of [...values, ...others, { both: [values, others] }])
          expect(expanded(writer, value)).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
    const quoted = { text: '{"$shared":0}' };
    const writer = new SharingWriter([quoted, quoted]);
    expect(expanded(writer, [quoted, { $shared: 7 }])).toBe(JSON.stringify([quoted, { $shared: 7 }]));
  });

  it('writes what stands in several places once, and restores it as one object', () => {
    const message = { content: 'long'.repeat(1_000), parts: [{ a: 1 }] };
    const values = [{ messages: [message] }, { messages: [message, { other: 1 }] }];
    const text = written(new SharingWriter(values));
    expect(text.length).toBeLessThan(message.content.length + 200);
    const [first, second] = roundTrip(values) as { messages: unknown[] }[];
    expect(second?.messages[0]).toEqual(message);
    expect(second?.messages[0]).toBe(first?.messages[0]);
  });

  it('shares nothing where nothing repeats', () => {
    const values = [{ a: 1 }, [{ a: 1 }]];
    const { shared, values: packed } = new SharingWriter(values);
    expect(shared).toEqual([]);
    expect(packed[0]).toBe(values[0]);
  });

  it.each([
    ['nowhere', { shared: [], values: [{ $shared: 0 }] }],
    ['itself', { shared: [{ a: { $shared: 0 } }], values: [{ $shared: 0 }] }],
    ['what comes later', { shared: [{ a: { $shared: 1 } }, 1], values: [{ $shared: 1 }] }],
    ['half an entry', { shared: [1, 2], values: [{ $shared: 0.5 }] }],
    ['an entry below 0', { shared: [1], values: [{ $shared: -1 }] }],
  ])('refuses a reference to %s', (_what, json) => {
    expect(() => restoreShared(json)).toThrow(SharedJsonError);
  });

  it('refuses what would grow beyond all bounds, without making it', () => {
    const ref = ($shared: number) => ({ $shared });
    const shared: unknown[] = [['lol']];
    for (let n = 0; n < 30; n += 1) shared.push(Array.from({ length: 10 }, () => ref(n)));
    expect(() => restoreShared({ shared, values: [ref(30)] })).toThrow('add up to too much');
    expect(() =>
      restoreShared({ shared: [], values: [JSON.parse('['.repeat(2_000) + ']'.repeat(2_000))] }),
    ).toThrow('nested too deeply');
  });
});
