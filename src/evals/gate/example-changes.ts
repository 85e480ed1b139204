import type { Sequence } from '../../core/index.ts';
import type { SideScores } from './pair-scores.ts';
import type { PairedPlaces } from './pairing.ts';
import { gainOf } from './rule.ts';
import type { ScoreKey } from './score-key.ts';
import { type MeasuredCall, type MeasuredExample, measurementOf } from './score-set.ts';
import type { ExampleChange } from './verdict.ts';

/** An example whose mean over the repeats changed under a key. */
export interface ChangedPair {
  readonly key: ScoreKey;
  /** Its place in the candidate. */
  readonly place: number;
  readonly before: number;
  readonly after: number;
  /** How much better it is, in a measure that evaluators share; below 0 for worse, never 0. */
  readonly gain: number;
}

/** The examples that changed under a key, critical ones included; none under a key that is not gated or not comparable. */
export function* changedPairs(
  key: ScoreKey,
  pairs: PairedPlaces,
  { candidate, baseline }: SideScores,
): Generator<ChangedPair> {
  if (!key.gated || key.incomparable !== undefined) return;
  for (const [index, place] of pairs.candidate.entries()) {
    const before = baseline.meanAt(pairs.baseline[index] ?? 0);
    const after = candidate.meanAt(place);
    if (before === null || after === null) continue;
    const gain = gainOf(key.direction, before, after);
    if (gain !== 0) yield { key, place, before, after, gain: gain / spread(key, before) };
  }
}

/** What happened in the examples that changed, largest change first. */
export function exampleChanges(
  changes: readonly ChangedPair[],
  candidate: Sequence<MeasuredExample>,
): { readonly worse: ExampleChange[]; readonly better: ExampleChange[] } {
  const ordered = (some: readonly ChangedPair[]) =>
    some
      .toSorted((a, b) => Math.abs(b.gain) - Math.abs(a.gain))
      .flatMap((change) => {
        const example = candidate.at(change.place);
        return example === undefined ? [] : [describe(example, change)];
      });
  return {
    worse: ordered(changes.filter(({ gain }) => gain < 0)),
    better: ordered(changes.filter(({ gain }) => gain >= 0)),
  };
}

/** What a change is measured against, so that changes of different evaluators can be put in one order. */
function spread(key: ScoreKey, before: number): number {
  const [min, max] = key.range;
  if (min !== null && max !== null && max > min) return max - min;
  return Math.abs(before) || 1;
}

function describe({ id, calls }: MeasuredExample, { key, before, after }: ChangedPair): ExampleChange {
  const call = worstCall(calls, key);
  const comment = call?.status === 'agent_failed' ? call.error : call?.comments?.[key.key];
  return {
    exampleId: id,
    key: key.key,
    before,
    after,
    agentFailed: calls.some(({ status }) => status === 'agent_failed'),
    ...(comment === undefined ? {} : { comment }),
    ...(call?.runId === undefined ? {} : { runId: call.runId }),
  };
}

function worstCall(calls: readonly MeasuredCall[], key: ScoreKey): MeasuredCall | undefined {
  let worst: { call: MeasuredCall; score: number } | undefined;
  for (const call of calls) {
    const score = measurementOf(call, key);
    if (typeof score !== 'number') continue;
    if (worst === undefined || gainOf(key.direction, worst.score, score) < 0) worst = { call, score };
  }
  return worst?.call;
}
