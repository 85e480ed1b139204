import { describe, expect, it } from 'vitest';
import { keepRuleSchema } from './index.ts';

/** The first complaint about a rule, as `field: text`. */
function complaint(rule: unknown): string | undefined {
  const [issue] = keepRuleSchema.safeParse(rule).error?.issues ?? [];
  return issue && `${issue.path.join('.')}: ${issue.message}`;
}

describe('a rule of what to keep', () => {
  it.each<readonly [unknown, string]>([
    ['error', ': must be a rule such as {type: "error"}'],
    [null, ': must be a rule such as {type: "error"}'],
    [{}, 'type: must be "error", "outcome", "slower_than", "path" or "custom"'],
    [{ type: 'slow' }, 'type: must be "error", "outcome", "slower_than", "path" or "custom"'],
    [{ type: 'error', scope: 'all' }, 'scope: must be "any_span" or "root"'],
    [
      { type: 'outcome' },
      'outcomes: must be a list with at least one of "success", "error", "handled_error", "interrupted", "cancelled" or "drained"',
    ],
    [
      { type: 'outcome', outcomes: [] },
      'outcomes: must be a list with at least one of "success", "error", "handled_error", "interrupted", "cancelled" or "drained"',
    ],
    [
      { type: 'outcome', outcomes: ['failed'] },
      'outcomes.0: must be "success", "error", "handled_error", "interrupted", "cancelled" or "drained"',
    ],
    [{ type: 'slower_than', ms: '10s' }, 'ms: must be a number of milliseconds, 0 or more'],
    [{ type: 'slower_than', ms: -1 }, 'ms: must be a number of milliseconds, 0 or more'],
    [{ type: 'slower_than' }, 'ms: must be a number of milliseconds, 0 or more'],
    [{ type: 'slower_than', ms: 1, seconds: 3 }, ': has no "seconds"; its fields are type and ms'],
    [{ type: 'path', node: 'ask' }, 'rate: must be a number from 0 to 1'],
    [{ type: 'path', node: 'ask', rate: 5 }, 'rate: must be a number from 0 to 1'],
    [{ type: 'path', node: 'ask', rate: -0.1 }, 'rate: must be a number from 0 to 1'],
    [{ type: 'path', node: '', rate: 1 }, 'node: must be a name'],
    [{ type: 'path', tag: 5, rate: 1 }, 'tag: must be a name'],
    [
      { type: 'path', route: '/a', rate: 1 },
      ': has no "route"; its fields are type, graph, node, tool, model, tag, metadata and rate',
    ],
    [
      { type: 'path', rate: 1 },
      ': a path needs a graph, node, tool, model, tag or metadata value; use sampleRate for all runs',
    ],
    [
      { type: 'path', metadata: {}, rate: 1 },
      'metadata: must be an object with at least one value, such as {route: "/checkout"}',
    ],
    [
      { type: 'path', metadata: '/checkout', rate: 1 },
      'metadata: must be an object with at least one value, such as {route: "/checkout"}',
    ],
    [
      { type: 'path', metadata: { route: ['/a'] }, rate: 1 },
      'metadata.route: must be a text, a number, true or false',
    ],
    [
      { type: 'custom', predicate: () => true },
      'name: must be 1 to 64 letters, digits, ".", "_" and "-"; it names the rule',
    ],
    [
      { type: 'custom', name: 'a b', predicate: () => true },
      'name: must be 1 to 64 letters, digits, ".", "_" and "-"; it names the rule',
    ],
    [{ type: 'custom', name: 'a' }, 'predicate: must be a function from a run to true or false'],
  ])('like %j is refused with what would be right', (rule, text) => {
    expect(complaint(rule)).toBe(text);
  });

  it('has its defaults filled in', () => {
    expect(keepRuleSchema.parse({ type: 'error' })).toEqual({ type: 'error', scope: 'any_span' });
  });
});
