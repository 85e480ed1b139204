import { errorMessage, isRecord } from '../../core/index.ts';
import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import type { Score } from '../experiment.ts';

/** Longest comment kept of a score, in characters: a judge's reasoning, not a transcript. */
const MAX_COMMENT_LENGTH = 2_000;
/** A mean of scores may leave its range by a rounding error. */
const ROUNDING = 1e-9;

/**
 * Asks one evaluator for the score of one call and brings what it returns into one shape. Booleans become 0 and 1; a
 * null or absent score does not apply; a throw, a number that is not finite or outside of the evaluator's range, and
 * anything that is no result are not measured, with the reason.
 *
 * The score stands under the evaluator's key. Of several results the mean of those that apply does, not measured if one
 * of them is not; each is also kept under `key.name`. Never throws.
 */
export async function scoreCall(evaluator: Evaluator, args: EvaluatorArgs): Promise<Record<string, Score>> {
  const { key } = evaluator;
  try {
    const returned: unknown = await evaluator.evaluate(args, args.example);
    if (isRecord(returned) && Array.isArray(returned['results'])) {
      return severalScores(evaluator, returned['results']);
    }
    if (Array.isArray(returned)) return severalScores(evaluator, returned);
    return { [key]: toScore(evaluator, returned) };
  } catch (thrown) {
    return { [key]: notMeasured(`The evaluator threw: ${errorMessage(thrown)}`) };
  }
}

function severalScores(evaluator: Evaluator, results: readonly unknown[]): Record<string, Score> {
  const { key } = evaluator;
  if (results.length === 0) return { [key]: notMeasured('The evaluator returned an empty list of results.') };
  const scores = new Map<string, Score>();
  let own: Score | undefined;
  for (const [index, result] of results.entries()) {
    const score = toScore(evaluator, result);
    const name = nameOf(result) ?? String(index);
    if (name === key && results.length === 1) own = score;
    else scores.set(uniqueName(`${key}.${name}`, scores), score);
  }
  return Object.fromEntries([[key, own ?? mean([...scores.values()])], ...scores]);
}

function uniqueName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let unique = name;
  for (let count = 2; taken.has(unique); count += 1) unique = `${name}.${count}`;
  return unique;
}

function mean(scores: readonly Score[]): Score {
  const missing = scores.find((score) => score.status === 'not_measured');
  if (missing !== undefined) return missing;
  const values = scores.flatMap((score) => (score.status === 'scored' ? [score.score] : []));
  if (values.length === 0) return { status: 'not_applicable' };
  return { status: 'scored', score: values.reduce((sum, value) => sum + value, 0) / values.length };
}

function nameOf(result: unknown): string | undefined {
  if (!isRecord(result)) return undefined;
  const name = result['key'] ?? result['name'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function toScore(evaluator: Evaluator, result: unknown): Score {
  if (!isRecord(result)) {
    return notMeasured(`The evaluator returned ${kindOf(result)} instead of a result such as { score: 1 }.`);
  }
  const { score: given, comment: said } = result;
  const comment = typeof said === 'string' && said !== '' ? { comment: clipped(said) } : {};
  if (given === null || given === undefined) return { status: 'not_applicable', ...comment };
  const score = typeof given === 'boolean' ? Number(given) : given;
  if (typeof score !== 'number')
    return notMeasured(`The evaluator's score is ${kindOf(given)}, not a number.`);
  if (!Number.isFinite(score)) return notMeasured(`The evaluator's score is ${score}.`);
  const [min, max] = evaluator.range;
  if ((min !== null && score < min - ROUNDING) || (max !== null && score > max + ROUNDING)) {
    return notMeasured(
      `The evaluator's score ${score} is outside of its range ${min ?? '-∞'} to ${max ?? '∞'}: set its range.`,
    );
  }
  return {
    status: 'scored',
    score: Math.min(Math.max(score, min ?? score), max ?? score),
    ...comment,
  };
}

function notMeasured(reason: string): Score {
  return { status: 'not_measured', reason: clipped(reason) };
}

function clipped(text: string): string {
  return text.length > MAX_COMMENT_LENGTH ? `${text.slice(0, MAX_COMMENT_LENGTH - 1)}…` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
