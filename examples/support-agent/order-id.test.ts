import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizeOrderId } from './order-id.ts';

test.each([
  'A-1007',
  'a-1007',
  'a1007',
  'A 1007',
  '#1007',
  '1007',
  'order no. 1007',
  'Order number A-1007',
  'A-1OO7',
  'A‑1007',
  'Ａ－１００７',
])('%s is A-1007', (written) => {
  expect(normalizeOrderId(written)).toBe('A-1007');
});

test.each(['', 'A-', 'A-100', 'A-10077', 'B-1007', 'the mugs', 'A-1007 and A-1008'])(
  '%j is no order id',
  (written) => {
    expect(normalizeOrderId(written)).toBeUndefined();
  },
);

test('an id in any case and with any separators is itself, and is left alone the second time', () => {
  const separators = fc.string({ unit: fc.constantFrom(' ', '-', '.', '_', '–'), maxLength: 3 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9999 }), fc.boolean(), separators, (number, lower, separator) => {
      const digits = String(number).padStart(4, '0');
      const normal = normalizeOrderId(`${lower ? 'a' : 'A'}${separator}${digits}`);
      expect(normal).toBe(`A-${digits}`);
      expect(normalizeOrderId(normal ?? '')).toBe(normal);
    }),
  );
});

test('any text gives an id in the shop’s form or none', () => {
  fc.assert(fc.property(fc.string(), (text) => /^(A-\d{4})?$/.test(normalizeOrderId(text) ?? '')));
});
