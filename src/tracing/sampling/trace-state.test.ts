import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjustedCount,
  exportedTraceState,
  formatTraceState,
  incomingSampling,
  parseTraceParent,
  parseTraceState,
  rejectionThreshold,
} from './index.ts';

const bits = fc.bigInt({ min: 0n, max: 2n ** 56n - 1n });

describe('tracestate', () => {
  it('gives back what was written, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.record({ threshold: bits, randomness: bits }, { requiredKeys: [] }),
        fc.uniqueArray(fc.constantFrom('ab:1', 'p:x', 'zz9:A.b_c-d'), { maxLength: 3 }),
        fc.uniqueArray(fc.constantFrom('vendor=1', 'tenant@sys=a b', 'x/y=:;!'), { maxLength: 3 }),
        (sampling, otherFields, otherMembers) => {
          const state = { ...sampling, otherFields, otherMembers };
          expect(parseTraceState(formatTraceState(state))).toEqual(state);
        },
      ),
    );
  });

  it('never throws, keeps no malformed part, and is stable once read', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^(ot=)?((th|rv|x):[0-9a-fA-F]{0,16};?){0,4}(,[a-z]{1,3}=[ -~]{0,9}){0,3}$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const state = parseTraceState(text);
        expect(parseTraceState(formatTraceState(state))).toEqual(state);
      }),
    );
  });

  it.each([
    ['ot=th:e6666666666668', { threshold: 0xe6666666666668n }],
    ['ot=th:8', { threshold: 2n ** 55n }],
    ['ot=th:0;rv:00000000000001', { threshold: 0n, randomness: 1n }],
    ['ot=th:', {}],
    ['ot=th:E6', {}],
    ['ot=th:123456789012345', {}],
    ['ot=rv:8', {}],
    ['ot=rv:0000000000000g', {}],
    ['other=th:8', {}],
  ])('reads %s', (header, sampling) => {
    const { otherFields: _fields, otherMembers: _members, ...read } = parseTraceState(header);
    expect(read).toEqual(sampling);
  });

  it('writes a threshold without the zeros at its end, and 0 for everything', () => {
    expect(formatTraceState({ threshold: rejectionThreshold(0.1) })).toBe('ot=th:e6666666666668');
    expect(formatTraceState({ threshold: rejectionThreshold(0.5) })).toBe('ot=th:8');
    expect(formatTraceState({ threshold: rejectionThreshold(1) })).toBe('ot=th:0');
    expect(formatTraceState({})).toBe('');
    expect(() => formatTraceState({ threshold: rejectionThreshold(0) })).toThrow(RangeError);
  });

  it('decides by the trace id of the caller unless it names other random bits', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    expect(incomingSampling(traceId, 'ot=th:8')).toEqual({
      threshold: 2n ** 55n,
      randomness: 0x48eb211c80319cn,
    });
    expect(incomingSampling(traceId)).toEqual({ randomness: 0x48eb211c80319cn });
    expect(incomingSampling(traceId, 'ot=rv:00000000000001')).toEqual({ randomness: 1n });
  });
});

describe('parseTraceParent', () => {
  const parts = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
  };

  it.each([
    ['of version 00', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    [
      'of a later version, as far as it knows it',
      '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
    ],
  ])('reads one %s', (_what, header) => {
    expect(parseTraceParent(header)).toEqual(parts);
  });

  it.each([
    ['a version that is not allowed', 'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['no trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['no parent', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['more than its version has', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more'],
    ['upper case', '00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01'],
    ['letters that are no digits', '00-zz-b7ad6b7169203331-01'],
    ['another type', 5],
    ['nothing', undefined],
  ])('refuses one with %s', (_what, header) => {
    expect(parseTraceParent(header)).toBeUndefined();
  });
});

describe('the tracestate of an exported trace', () => {
  const low = '0af7651916cd43dd8400000000000001';
  const high = '0af7651916cd43dd84ffffffffffffff';

  it('has the threshold of the rate it was kept at', () => {
    expect(
      exportedTraceState({
        traceIdHex: high,
        weight: adjustedCount(rejectionThreshold(0.1)),
        sampled: true,
        incoming: {},
      }),
    ).toBe('ot=th:e6666666666668');
  });

  it('says so where every run is kept, by its own rate or by that of its caller', () => {
    const all = { traceIdHex: low, weight: 1, sampled: true };
    expect(exportedTraceState({ ...all, incoming: {} })).toBe('ot=th:0');
    const parentState = 'ot=th:0,vendor=1';
    expect(exportedTraceState({ ...all, incoming: incomingSampling(low, parentState), parentState })).toBe(
      parentState,
    );
  });

  it("has the caller's threshold to the last bit, its random bits, and what others wrote", () => {
    const parentState = 'ot=th:123456789abcde;rv:fffffffffffff0;ab:1,vendor=1';
    const incoming = incomingSampling(low, parentState);
    const weight = adjustedCount(0x123456789abcden);
    expect(exportedTraceState({ traceIdHex: low, weight, sampled: true, incoming, parentState })).toBe(
      parentState,
    );
  });

  it('has no threshold where the trace was kept for itself', () => {
    const parentState = 'ot=th:8,vendor=1';
    const incoming = incomingSampling(low, parentState);
    expect(exportedTraceState({ traceIdHex: low, weight: 1, sampled: false, incoming, parentState })).toBe(
      'vendor=1',
    );
  });

  it('names the random bits where the trace is exported under another id than the one decided by', () => {
    const incoming = incomingSampling(high, 'ot=th:8');
    expect(exportedTraceState({ traceIdHex: low, weight: 2, sampled: true, incoming })).toBe(
      'ot=th:8;rv:ffffffffffffff',
    );
  });

  it('never has a threshold above its random bits', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
    fc.assert(
      fc.property(
        hex,
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.record({ threshold: bits, randomness: bits }, { requiredKeys: [] }),
        (traceIdHex, weight, incoming) => {
          const state = parseTraceState(exportedTraceState({ traceIdHex, weight, sampled: true, incoming }));
          const randomness = state.randomness ?? BigInt(`0x${traceIdHex.slice(-14)}`);
          expect(state.threshold ?? 0n).toBeLessThanOrEqual(randomness);
        },
      ),
    );
  });
});
