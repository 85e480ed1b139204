import type { Outcome } from '../../core/index.ts';
import type { RunShape, ToolCall } from './run-shape.ts';

/** A sequence before and after, and where the two first part. */
export interface SequenceDiff<Item> {
  readonly before: readonly Item[];
  readonly after: readonly Item[];
  /** Index of the first item that differs; undefined when they are the same. */
  readonly divergesAt: number | undefined;
}

/** What changed between a recorded run and its replay. */
export interface RunDiff {
  readonly before: RunShape;
  readonly after: RunShape;
  readonly path: SequenceDiff<string>;
  readonly toolCalls: SequenceDiff<ToolCall>;
  readonly answerChanged: boolean;
}

/**
 * `fixed`: the recorded failure is gone. `same`: there was no failure and the outcome is no worse. `failing`: it still
 * fails. `worse`: the outcome is worse than the recorded one. `stopped`: it came to a call that nothing recorded fits, or
 * that is not allowed, and could not go on. `unproven`: the failure is gone, and does not come back on the baseline either.
 */
export type ReplayVerdict = 'fixed' | 'same' | 'failing' | 'worse' | 'stopped' | 'unproven';

/** From best to worst; a run that recovered is worse than one that never failed. */
const SEVERITY: Readonly<Record<Outcome, number>> = {
  success: 0,
  handled_error: 1,
  interrupted: 2,
  drained: 3,
  cancelled: 4,
  error: 5,
};

/** Compares two runs of the same input. */
export function diffRuns(before: RunShape, after: RunShape): RunDiff {
  return {
    before,
    after,
    path: diffSequence(before.path, after.path, (a, b) => a === b),
    toolCalls: diffSequence(
      before.toolCalls,
      after.toolCalls,
      (a, b) => a.name === b.name && a.args === b.args && a.outcome === b.outcome,
    ),
    answerChanged: before.answer !== after.answer,
  };
}

/** Judges a replay by the two outcomes. A run that was cancelled has not shown that it works. */
export function judgeReplay(before: Outcome, after: Outcome): ReplayVerdict {
  if (before === 'error') return after === 'error' || after === 'cancelled' ? 'failing' : 'fixed';
  return SEVERITY[after] > SEVERITY[before] ? 'worse' : 'same';
}

function diffSequence<Item>(
  before: readonly Item[],
  after: readonly Item[],
  equal: (a: Item, b: Item) => boolean,
): SequenceDiff<Item> {
  const length = Math.max(before.length, after.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [before[index], after[index]];
    if (a === undefined || b === undefined || !equal(a, b)) return { before, after, divergesAt: index };
  }
  return { before, after, divergesAt: undefined };
}
