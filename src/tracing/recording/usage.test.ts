import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Usage } from '../../core/index.ts';
import { addUsage, countedUsages, readUsage } from './usage.ts';

const reported = { input_tokens: 7, output_tokens: 2, total_tokens: 9 };
const usage: Usage = { inputTokens: 7, outputTokens: 2, totalTokens: 9 };

describe('the usage of a model call', () => {
  it.each([
    ['on the message of a chat model', { generations: [[{ message: { usage_metadata: reported } }]] }],
    [
      'on the result of an older model',
      {
        generations: [],
        llmOutput: { tokenUsage: { promptTokens: 7, completionTokens: 2, totalTokens: 9 } },
      },
    ],
    ['beside the outputs of a traceable', { choices: [], usage_metadata: reported }],
  ])('is read where it stands: %s', (_where, result) => {
    expect(readUsage(result)).toEqual(usage);
  });

  it('is read once where it stands twice', () => {
    const message = { usage_metadata: reported };
    expect(readUsage({ generations: [[{ message }]], usage_metadata: reported })).toEqual(usage);
  });

  it.each([undefined, null, 'text', [], {}, { usage_metadata: 9 }])('is none in %j', (result) => {
    expect(readUsage(result)).toBeUndefined();
  });
});

interface Node {
  readonly id: string;
  readonly parentId: string | null;
  readonly usage: Usage | undefined;
}

const sum = (spans: readonly Node[]) =>
  [...countedUsages(spans, (span) => span.usage).values()].reduce(addUsage, {
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
  });

describe('the usage of a trace', () => {
  it('counts calls side by side, and of calls around each other the innermost', () => {
    const spans: Node[] = [
      { id: 'graph', parentId: null, usage: undefined },
      { id: 'traceable', parentId: 'graph', usage },
      { id: 'chain', parentId: 'traceable', usage: undefined },
      { id: 'model', parentId: 'chain', usage },
      { id: 'beside', parentId: 'graph', usage },
    ];
    const counted = countedUsages(spans, (span) => span.usage);
    expect([...counted.keys()].map(({ id }) => id)).toEqual(['model', 'beside']);
    expect(sum(spans).totalTokens).toBe(18);
  });

  it('is that of the enclosing call where the inner one reports nothing', () => {
    const zero = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
    expect(
      sum([
        { id: 'outer', parentId: null, usage },
        { id: 'inner', parentId: 'outer', usage: zero },
      ]),
    ).toEqual(usage);
  });

  it('is the sum of the innermost reporting calls of any tree, and ends on a loop', () => {
    const tree = fc.array(fc.record({ parent: fc.nat(9), tokens: fc.option(fc.nat(5)) }), { maxLength: 10 });
    fc.assert(
      fc.property(tree, (nodes) => {
        const spans = nodes.map(
          ({ parent, tokens }, at): Node => ({
            id: `${at}`,
            parentId: parent === at ? null : `${parent}`,
            usage:
              tokens === null ? undefined : { inputTokens: tokens, outputTokens: 0, totalTokens: tokens },
          }),
        );
        const encloses = (outer: Node, inner: Node) => {
          const seen = new Set<Node>([inner]);
          for (let at = spans.find(({ id }) => id === inner.parentId); at !== undefined && !seen.has(at); ) {
            if (at === outer) return true;
            seen.add(at);
            const { parentId } = at;
            at = spans.find(({ id }) => id === parentId);
          }
          return false;
        };
        const expected = spans
          .filter(
            (span) => !spans.some((inner) => (inner.usage?.totalTokens ?? 0) > 0 && encloses(span, inner)),
          )
          .reduce((total, span) => total + (span.usage?.totalTokens ?? 0), 0);
        expect(sum(spans).totalTokens).toBe(expected);
      }),
    );
  });
});
