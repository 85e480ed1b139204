import type { EvaluatorInfo, Experiment, Score } from '../experiment.ts';

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
  /** In dataset order, ids unique. */
  readonly examples: readonly MeasuredExample[];
  readonly timeoutMs: number;
  /** Where the agent was. Absent where it is not known. */
  readonly target?: string | undefined;
  /** The split the run was limited to; absent for the whole dataset. */
  readonly split?: string | undefined;
}

/** A finished experiment as one side of a comparison. Calls of the same example are its repeats. */
export function toScoreSet(experiment: Pick<Experiment, 'head' | 'calls'>): ScoreSet {
  const examples = new Map<string, MeasuredExample & { calls: MeasuredCall[] }>();
  for (const call of experiment.calls) {
    const known = examples.get(call.exampleId);
    const example = known ?? {
      id: call.exampleId,
      contentHash: call.contentHash,
      critical: call.critical,
      ...(call.cluster === undefined ? {} : { cluster: call.cluster }),
      calls: [],
    };
    if (known === undefined) examples.set(call.exampleId, example);
    const scores = Object.entries(call.scores);
    example.calls.push({
      status: call.status,
      error: call.error,
      runId: call.runId,
      scores: Object.fromEntries(scores.map(([key, score]) => [key, toMeasurement(score)])),
      comments: Object.fromEntries(scores.flatMap(([key, score]) => commentOf(key, score))),
    });
  }
  const { evaluators, timeoutMs, target, split } = experiment.head;
  return { evaluators, examples: [...examples.values()], timeoutMs, target, split };
}

/** A score as a measurement. */
export function toMeasurement(score: Score): Measurement {
  if (score.status === 'scored') return score.score;
  return score.status === 'not_applicable' ? null : 'not_measured';
}

function commentOf(key: string, score: Score): [key: string, comment: string][] {
  const comment = score.status === 'not_measured' ? score.reason : score.comment;
  return comment === undefined ? [] : [[key, comment]];
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
