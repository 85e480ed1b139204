import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSpan, makeTrace } from '../../../test/support/traces.ts';
import type { Span } from '../../core/index.ts';
import { spanTree } from './span-tree.ts';

function drawn(spans: readonly Span[]): string[] {
  return spanTree(makeTrace({ id: 'root', spans: [...spans] })).map(
    (line) => `${line.branch}${line.span.id}`,
  );
}

const span = (id: string, parentId: string | null, startTimeMs = 0) =>
  makeSpan({ id, parentId, startTimeMs });

describe('spanTree', () => {
  it('draws parents before children and siblings in the order they started', () => {
    expect(
      drawn([
        span('root', null),
        span('b', 'root', 2),
        span('b1', 'b'),
        span('a', 'root', 1),
        span('a1', 'a'),
        span('a2', 'a'),
      ]),
    ).toEqual(['root', '├─ a', '│  ├─ a1', '│  └─ a2', '└─ b', '   └─ b1']);
  });

  it('keeps the branches below connected past further lines of a span', () => {
    const lines = spanTree(
      makeTrace({
        id: 'root',
        spans: [span('root', null), span('a', 'root'), span('a1', 'a'), span('b', 'root')],
      }),
    );
    expect(lines.map((line) => line.stem)).toEqual(['│ ', '│  │ ', '│       ', '     ']);
  });

  it('hangs spans without a parent in the trace, and circles, from the root', () => {
    expect(
      drawn([span('root', null), span('lost', 'gone'), span('x', 'y'), span('y', 'x'), span('self', 'self')]),
    ).toEqual(['root', '├─ lost', '├─ x', '├─ y', '└─ self']);
  });

  it('draws every span exactly once, whatever the parents are', () => {
    const ids = ['root', 'a', 'b', 'c', 'd', 'e'];
    const anySpan = fc.record({
      id: fc.constantFrom(...ids),
      parentId: fc.constantFrom(null, ...ids),
      startTimeMs: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(anySpan, { minLength: 1, maxLength: 12 }), (fields) => {
        const spans = fields.map((each) => makeSpan(each));
        const lines = spanTree(makeTrace({ id: 'root', spans }));
        expect(lines).toHaveLength(spans.length);
        expect(new Set(lines.map((line) => line.span))).toEqual(new Set(spans));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it('draws a chain deeper than calls can go', () => {
    const depth = 3_000;
    const spans = Array.from({ length: depth }, (_, n) => span(`${n}`, n === 0 ? null : `${n - 1}`));
    expect(spanTree(makeTrace({ id: '0', spans }))).toHaveLength(depth);
  });
});
