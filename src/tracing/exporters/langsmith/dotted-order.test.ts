import fc from 'fast-check';
import { convertToDottedOrderFormat } from 'langsmith/run_trees';
import { describe, expect, it } from 'vitest';
import { microsecondIso, orderSegment, parseDottedOrder } from './dotted-order.ts';

const uuid = fc.uuid({ version: [4, 7] });
const millis = fc.double({ min: 0, max: 4e12, noNaN: true });

describe('dotted orders', () => {
  it('are written as langsmith writes them, with microseconds in place of its counter', () => {
    const id = '0199a000-0000-7000-8000-000000000001';
    const timeMs = Date.UTC(2026, 0, 31, 12, 30, 5, 7);
    expect(orderSegment(timeMs + 0.042, id)).toBe(convertToDottedOrderFormat(timeMs, id, 42).dottedOrder);
    expect(microsecondIso(timeMs + 0.042)).toBe('2026-01-31T12:30:05.007042Z');
  });

  it('carry rounded microseconds over into the next second', () => {
    expect(microsecondIso(999.9996)).toBe('1970-01-01T00:00:01.000000Z');
  });

  it('sort as the times they were made from', () => {
    fc.assert(
      fc.property(millis, millis, uuid, (a, b, id) => {
        fc.pre(Math.abs(a - b) >= 0.002);
        expect(orderSegment(a, id) < orderSegment(b, id)).toBe(a < b);
      }),
    );
  });

  it('are read back, whatever their depth', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(millis, uuid), { minLength: 1, maxLength: 6 }), (runs) => {
        const text = runs.map(([time, id]) => orderSegment(time, id)).join('.');
        expect(parseDottedOrder(text)).toEqual({
          traceId: runs[0]![1],
          runId: runs.at(-1)![1],
          dottedOrder: text,
        });
      }),
    );
  });

  it('are not read from anything else', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseDottedOrder(value)).toBeUndefined();
      }),
    );
    expect(parseDottedOrder('20260131T123005007042Z')).toBeUndefined();
  });
});
