import { exampleScore } from './bounds.ts';
import type { Pair } from './pairing.ts';
import { gainOf } from './rule.ts';
import type { ScoreKey } from './score-key.ts';
import { type MeasuredCall, measurementOf } from './score-set.ts';
import type { ExampleChange } from './verdict.ts';

/** Examples whose mean over the repeats changed under a gated evaluator, critical ones included, largest change first. */
export function exampleChanges(
  pairs: readonly Pair[],
  keys: readonly ScoreKey[],
): { readonly worse: ExampleChange[]; readonly better: ExampleChange[] } {
  const worse: { change: ExampleChange; size: number }[] = [];
  const better: { change: ExampleChange; size: number }[] = [];
  for (const key of keys) {
    if (!key.gated || key.incomparable !== undefined) continue;
    for (const pair of pairs) {
      const before = exampleScore(pair.baseline, key)?.measured ?? null;
      const after = exampleScore(pair.candidate, key)?.measured ?? null;
      if (before === null || after === null) continue;
      const gain = gainOf(key.direction, before, after);
      if (gain === 0) continue;
      const size = Math.abs(gain) / spread(key, before);
      (gain < 0 ? worse : better).push({ change: describe(pair, key, before, after), size });
    }
  }
  const ordered = (changes: typeof worse) =>
    changes.sort((a, b) => b.size - a.size).map(({ change }) => change);
  return { worse: ordered(worse), better: ordered(better) };
}

/** What a change is measured against, so that changes of different evaluators can be put in one order. */
function spread(key: ScoreKey, before: number): number {
  const [min, max] = key.range;
  if (min !== null && max !== null && max > min) return max - min;
  return Math.abs(before) || 1;
}

function describe(pair: Pair, key: ScoreKey, before: number, after: number): ExampleChange {
  const call = worstCall(pair.candidate.calls, key);
  const comment = call?.status === 'agent_failed' ? call.error : call?.comments?.[key.key];
  return {
    exampleId: pair.candidate.id,
    key: key.key,
    before,
    after,
    agentFailed: pair.candidate.calls.some(({ status }) => status === 'agent_failed'),
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
