import type { Call, Score, ScoredCall } from '../experiment.ts';

/** Texts that are kept once: more different ones than this are of a judge that explains every score. */
const MAX_SHARED = 10_000;

/**
 * Makes what stays in memory of a finished call: without what was answered, and with texts that many calls have in common,
 * such as the comments of evaluators, in memory once. In a run of 100,000 calls that is most of the memory.
 */
export function callSlimmer(): (
  call: Call | ScoredCall,
  same: Pick<Call, 'exampleId' | 'contentHash'>,
) => ScoredCall {
  const texts = new Map<string, string>();
  const share = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < MAX_SHARED) texts.set(text, text);
    return text;
  };
  const plain = new Map<string, Score>();
  const shareScore = (score: Score): Score => {
    const comment = score.status === 'not_measured' ? score.reason : score.comment;
    const value = score.status === 'scored' ? score.score : '';
    const key = `${score.status} ${value} ${comment ?? ''}`;
    const known = plain.get(key);
    if (known !== undefined) return known;
    if (plain.size < MAX_SHARED) plain.set(key, score);
    return score;
  };
  return (call, { exampleId, contentHash }) => {
    const { outputs: _outputs, scores, ...rest }: Call = call;
    const shared = Object.entries(scores).map(([key, score]): [string, Score] => [
      share(key),
      shareScore(score),
    ]);
    return { ...rest, exampleId, contentHash, scores: Object.fromEntries(shared) };
  };
}
