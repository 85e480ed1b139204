import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeTrace, runId } from '../../../test/support/traces.ts';
import type { SpoolEntry } from './entry.ts';
import { TraceCache } from './trace-cache.ts';

function written(sequence: number, sizeBytes: number): SpoolEntry {
  return {
    sequence,
    sizeBytes,
    precious: false,
    timeMs: 0,
    trace: makeTrace({ id: runId(sequence) }),
    done: undefined,
    offset: 0,
  };
}

const cached = (entries: readonly SpoolEntry[]) => entries.filter(({ trace }) => trace !== undefined);
const bytesOf = (entries: readonly SpoolEntry[]) =>
  entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 60 }) }) },
  fc.record({ pass: fc.nat({ max: 40 }) }),
  fc.record({ removeEvery: fc.integer({ min: 2, max: 5 }) }),
);

describe('TraceCache', () => {
  it('stays within its size, and keeps the newest that fit of those not passed or removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new TraceCache(100);
        const entries: SpoolEntry[] = [];
        let kept: SpoolEntry[] = [];
        for (const one of steps) {
          if ('add' in one) {
            const entry = written(entries.length + 1, one.add);
            entries.push(entry);
            kept.push(entry);
            cache.add(entry);
            while (bytesOf(kept) > 100) kept.shift();
          } else if ('pass' in one) {
            cache.removeThrough(one.pass);
            kept = kept.filter(({ sequence }) => sequence > one.pass);
          } else {
            const goes = ({ sequence }: SpoolEntry) => sequence % one.removeEvery === 0;
            cache.remove(entries.filter(goes));
            kept = kept.filter((entry) => !goes(entry));
          }
          expect(cached(entries)).toEqual(kept);
        }
      }),
    );
  });

  it('leaves the traces of those it disowns, and begins anew', () => {
    const cache = new TraceCache(100);
    const first = written(1, 90);
    cache.add(first);
    cache.disown();
    const second = written(2, 90);
    cache.add(second);
    expect(cached([first, second])).toEqual([first, second]);
  });
});
