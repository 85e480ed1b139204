import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

describe('a bounded map', () => {
  it('has the youngest entries, takes each out once, and holds no more than twice as many', () => {
    const operation = fc.record({ key: fc.nat(30), take: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(operation), (maxSize, operations) => {
        const map = new BoundedMap<number, number>(maxSize);
        const expected = new Map<number, number>();
        for (const [index, { key, take }] of operations.entries()) {
          if (take) {
            const taken = map.take(key);
            if (expected.has(key)) expect(taken).toBe(expected.get(key));
            expect(map.get(key)).toBeUndefined();
          } else map.set(key, index);
          expected.delete(key);
          if (!take) expected.set(key, index);
          for (const oldest of [...expected.keys()].slice(0, -maxSize)) expected.delete(oldest);
        }
        for (const [key, value] of expected) expect(map.get(key)).toBe(value);
        const held = Array.from({ length: 31 }, (_, key) => key).filter((key) => map.get(key) !== undefined);
        expect(held.length).toBeLessThanOrEqual(2 * maxSize);
      }),
    );
  });
});
