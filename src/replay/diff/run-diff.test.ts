import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../core/index.ts';
import { diffRuns, judgeReplay } from './run-diff.ts';
import type { RunShape } from './run-shape.ts';

const outcome = fc.constantFrom(...OUTCOMES);
const shape = (path: readonly string[], answer?: string): RunShape => ({
  outcome: 'success',
  error: undefined,
  failedIn: undefined,
  path,
  toolCalls: path.map((name) => ({ name, args: '{}', outcome: 'success' })),
  answer,
});

describe('judgeReplay', () => {
  it('finds no fault with the same outcome, except that a failure still fails', () => {
    fc.assert(
      fc.property(outcome, (same) => {
        expect(judgeReplay(same, same)).toBe(same === 'error' ? 'failing' : 'same');
      }),
    );
  });

  it.each([
    ['error', 'success', 'fixed'],
    ['error', 'handled_error', 'fixed'],
    ['error', 'interrupted', 'fixed'],
    ['error', 'cancelled', 'failing'],
    ['success', 'error', 'worse'],
    ['success', 'handled_error', 'worse'],
    ['handled_error', 'success', 'same'],
    ['interrupted', 'success', 'same'],
    ['cancelled', 'error', 'worse'],
  ] as const)('takes %s that becomes %s for %s', (before, after, verdict) => {
    expect(judgeReplay(before, after)).toBe(verdict);
  });

  it('never calls an error fixed or the same', () => {
    fc.assert(
      fc.property(outcome, (before) => {
        expect(['failing', 'worse']).toContain(judgeReplay(before, 'error'));
      }),
    );
  });
});

describe('diffRuns', () => {
  it('finds no divergence between a run and itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.option(fc.string(), { nil: undefined }), (path, answer) => {
        const diff = diffRuns(shape(path, answer), shape(path, answer));
        expect([diff.path.divergesAt, diff.toolCalls.divergesAt, diff.answerChanged]).toEqual([
          undefined,
          undefined,
          false,
        ]);
      }),
    );
  });

  it('names the first place where two paths part', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), (path, seed) => {
        const at = seed % path.length;
        const changed = path.map((node, index) => (index === at ? `${node}!` : node));
        expect(diffRuns(shape(path), shape(changed)).path.divergesAt).toBe(at);
        expect(diffRuns(shape(path), shape(path.slice(0, at))).path.divergesAt).toBe(at);
      }),
    );
  });
});
