import { type ExampleChange, formatScore } from '../gate/index.ts';

/** An example with everything that changed about it, in words that are not yet safe to print. */
export interface ChangedExample {
  readonly exampleId: string;
  readonly agentFailed: boolean;
  /** `key before -> after`, one for each evaluator. */
  readonly scores: readonly string[];
  /** What evaluators or the failed agent said, each once. */
  readonly comments: readonly string[];
  /** The runs with the worst scores, each once. */
  readonly runIds: readonly string[];
}

/** Puts the changes of one example together: a failed agent is one event, however many evaluators count it. */
export function changedExamples(changes: readonly ExampleChange[]): ChangedExample[] {
  const byId = Map.groupBy(changes, (change) => change.exampleId);
  return [...byId].map(([exampleId, own]) => ({
    exampleId,
    agentFailed: own.some((change) => change.agentFailed),
    scores: own.map(({ key, before, after }) => `${key} ${formatScore(before)} -> ${formatScore(after)}`),
    comments: [...new Set(own.flatMap(({ comment }) => comment ?? []))],
    runIds: [...new Set(own.flatMap(({ runId }) => runId ?? []))],
  }));
}

/**
 * The same examples with the first of each kind in front, so that a list that is cut shows everything that went wrong. A
 * kind is what was said first about it.
 */
export function kindsFirst(examples: readonly ChangedExample[]): ChangedExample[] {
  const kindOf = ({ agentFailed, comments, scores }: ChangedExample) =>
    JSON.stringify([agentFailed, comments[0] ?? scores[0]]);
  const kinds = [...Map.groupBy(examples, kindOf).values()];
  return [...kinds.flatMap((same) => same.slice(0, 1)), ...kinds.flatMap((same) => same.slice(1))];
}
