import { type Sequence, sequenceOf } from '../../core/index.ts';
import type { EvaluatorInfo, Experiment, Score, ScoredCall } from '../experiment.ts';
import { callsByExample } from './calls-by-example.ts';

/** One measurement: a score, null where the evaluator does not apply, or that it could not be measured. Never NaN. */
export type Measurement = number | null | 'not_measured';

/** One call with its measurements. */
export interface MeasuredCall {
  readonly status: 'answered' | 'agent_failed' | 'not_measured';
  readonly error?: string | undefined;
  readonly runId?: string | undefined;
  /** By score key. */
  readonly scores: Readonly<Record<string, Measurement>>;
  /** What the evaluators said about their scores, by score key. */
  readonly comments?: Readonly<Record<string, string>> | undefined;
}

/** One example with all its repeats. */
export interface MeasuredExample {
  readonly id: string;
  readonly contentHash: string;
  readonly critical: boolean;
  /** Examples of the same name vary together, such as the turns of one conversation. Absent: it varies by itself. */
  readonly cluster?: string | undefined;
  /** One per repeat; at least one. */
  readonly calls: readonly MeasuredCall[];
}

/** One side of a comparison: a finished run or an accepted baseline. */
export interface ScoreSet {
  readonly evaluators: readonly EvaluatorInfo[];
  /** In dataset order, ids unique. Large sets make each when it is asked for. */
  readonly examples: Sequence<MeasuredExample>;
  readonly timeoutMs: number;
  /** Where the agent was. Absent where it is not known. */
  readonly target?: string | undefined;
  /** The split the run was limited to; absent for the whole dataset. */
  readonly split?: string | undefined;
}

/**
 * A finished experiment as one side of a comparison. Calls of the same example are its repeats. Its examples are made of the
 * experiment's calls when they are asked for: nothing is copied.
 */
export function toScoreSet(experiment: Pick<Experiment, 'head' | 'calls'>): ScoreSet {
  const { evaluators, timeoutMs, target, split } = experiment.head;
  const groups = callsByExample(experiment.calls);
  const examples = sequenceOf(groups.length, (index) => toExample(groups.at(index)));
  return { evaluators, examples, timeoutMs, target, split };
}

function toExample(calls: readonly ScoredCall[] = []): MeasuredExample {
  const [first] = calls;
  if (first === undefined) throw new TypeError('An example has at least one call.');
  const { exampleId, contentHash, critical, cluster } = first;
  return {
    id: exampleId,
    contentHash,
    critical,
    ...(cluster === undefined ? {} : { cluster }),
    calls: calls.map(toMeasuredCall),
  };
}

function toMeasuredCall({ status, error, runId, scores: given }: ScoredCall): MeasuredCall {
  const scores: Record<string, Measurement> = {};
  let comments: Record<string, string> | undefined;
  for (const key of Object.keys(given)) {
    const score = given[key];
    if (score === undefined) continue;
    put(scores, key, toMeasurement(score));
    const comment = commentOf(score);
    if (comment === undefined) continue;
    comments ??= {};
    put(comments, key, comment);
  }
  return { status, error, runId, scores, comments };
}

/** Also for a key that means something else to an object. */
function put<Value>(record: Record<string, Value>, key: string, value: Value): void {
  if (key !== '__proto__') record[key] = value;
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A score as a measurement. */
export function toMeasurement(score: Score): Measurement {
  if (score.status === 'scored') return score.score;
  return score.status === 'not_applicable' ? null : 'not_measured';
}

function commentOf(score: Score): string | undefined {
  return score.status === 'not_measured' ? score.reason : score.comment;
}

/**
 * The measurement of a key in a call. What a call without an answer would have scored is not known. A failed agent is
 * given the worst score of a key that its call does not have: evaluators that name the keys of their results themselves
 * were never asked.
 */
export function measurementOf(
  call: MeasuredCall,
  { key, worst }: { readonly key: string; readonly worst: number | null },
): Measurement {
  if (call.status === 'not_measured') return 'not_measured';
  const own = Object.hasOwn(call.scores, key) ? (call.scores[key] ?? null) : null;
  if (call.status === 'agent_failed') return typeof own === 'number' ? own : (worst ?? 'not_measured');
  return own;
}
