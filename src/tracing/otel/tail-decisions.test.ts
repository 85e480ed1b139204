import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TailDecision, TailDecisions } from './index.ts';

describe('tail decisions', () => {
  it('reach who waits for the run, once, and nobody else', () => {
    const decisions = new TailDecisions();
    const heard: string[] = [];
    decisions.subscribe('a', (decision) => heard.push(`1 ${decision}`));
    decisions.subscribe('a', (decision) => heard.push(`2 ${decision}`));
    decisions.subscribe('b', (decision) => heard.push(`b ${decision}`));
    decisions.decide('a', 'drop');
    decisions.decide('a', 'keep');
    expect(heard).toEqual(['1 drop', '2 drop']);
  });

  it('reach at once who comes late', () => {
    const decisions = new TailDecisions();
    decisions.decide('a', 'keep');
    const heard: string[] = [];
    decisions.subscribe('a', (decision) => heard.push(decision));
    expect(heard).toEqual(['keep']);
  });

  it('that are not final are followed by another one', () => {
    const decisions = new TailDecisions();
    const heard: string[] = [];
    decisions.subscribe('a', (decision) => heard.push(`early ${decision}`));
    decisions.decide('a', 'aside');
    const leave = decisions.subscribe('a', (decision) => heard.push(`gone ${decision}`));
    decisions.subscribe('a', (decision) => heard.push(`late ${decision}`));
    leave();
    decisions.decide('a', 'keep');
    decisions.decide('a', 'drop');
    expect(heard).toEqual(['early aside', 'gone aside', 'late aside', 'early keep', 'late keep']);
    expect(decisions.of('a')).toBe('drop');
  });

  it('do not reach who no longer waits', () => {
    const decisions = new TailDecisions();
    const heard: string[] = [];
    decisions.subscribe('a', (decision) => heard.push(decision))();
    decisions.decide('a', 'keep');
    expect(heard).toEqual([]);
  });

  it('are remembered for the last runs only, a later decision of the same run replacing the first', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom<TailDecision>('keep', 'drop'));
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 3 }), (steps, maxRemembered) => {
        const decisions = new TailDecisions({ maxRemembered });
        for (const [run, decision] of steps) decisions.decide(run, decision);
        const recent = [...new Set(steps.map(([run]) => run).reverse())].slice(0, maxRemembered);
        for (const run of ['a', 'b', 'c', 'd'] as const) {
          const last = steps.findLast(([name]) => name === run)?.[1];
          expect(decisions.of(run)).toBe(recent.includes(run) ? last : undefined);
        }
      }),
    );
  });
});
