import type { EvaluatorInfo } from '../experiment.ts';

/** What is declared of a score key. */
export interface ScoreSettings
  extends Pick<EvaluatorInfo, 'direction' | 'range' | 'gate' | 'fingerprint' | 'judge'> {
  /** Key of the evaluator that gives it. */
  readonly owner: string;
}

/** The evaluator that gives a score key: `judge` gives `judge` and, of several results, `judge.tone`. */
export function ownerOf<Owner extends { readonly key: string }>(
  key: string,
  evaluators: readonly Owner[],
): Owner | undefined {
  let owner: Owner | undefined;
  for (const candidate of evaluators) {
    if (candidate.key === key) return candidate;
    // Of `a` and `a.b`, `a.b.c` is a result of the latter.
    const isLonger = candidate.key.length > (owner?.key.length ?? -1);
    if (isLonger && key.startsWith(`${candidate.key}.`)) owner = candidate;
  }
  return owner;
}

/**
 * How the scores under a key are read: as its evaluator declares. One of several results of an evaluator, `key.name`,
 * has its evaluator's direction and range, and is advisory: what the gate judges is the mean under the evaluator's own
 * key. Undefined for a key that no evaluator gives.
 */
export function scoreSettings(key: string, evaluators: readonly EvaluatorInfo[]): ScoreSettings | undefined {
  const owner = ownerOf(key, evaluators);
  return owner && { ...owner, owner: owner.key, gate: owner.gate && owner.key === key };
}
