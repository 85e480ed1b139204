import { z } from 'zod';
import type { Sequence } from '../../core/index.ts';
import {
  EXPERIMENT_SCHEMA_VERSION,
  type Experiment,
  experimentHeadSchema,
  type ScoredCall,
  scoredCallSchema,
} from '../experiment.ts';
import { type Verdict, verdictSchema } from '../gate/index.ts';

export const comparedBaselineSchema = z.strictObject({
  /** The run it was made of. */
  runId: z.string(),
  acceptedAt: z.iso.datetime(),
  /** Commit of the working tree of that run; absent outside git. */
  commit: z.string().optional(),
});
/** The baseline that a run was compared with. */
export type ComparedBaseline = z.infer<typeof comparedBaselineSchema>;

export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(EXPERIMENT_SCHEMA_VERSION),
  head: experimentHeadSchema,
  finishedAt: z.iso.datetime(),
  /** Null for a run that was not gated. */
  verdict: verdictSchema.nullable(),
  /** What it was compared with; absent without a baseline. */
  baseline: comparedBaselineSchema.optional(),
  /** In dataset order, repeats of an example together. */
  calls: z.array(scoredCallSchema),
});
/** The content of `results.json` as its schema parses it. */
export type ParsedResults = z.infer<typeof resultsSchema>;
/** The content of `results.json`. The calls of a large run are made when they are asked for. */
export interface Results extends Omit<ParsedResults, 'calls'> {
  readonly calls: Sequence<ScoredCall>;
}

/** `results.json` without its calls. */
export const resultsHeadSchema = resultsSchema.omit({ calls: true });
/** See {@link resultsHeadSchema}. */
export type ResultsHead = z.infer<typeof resultsHeadSchema>;

/** A finished run with its verdict and the baseline it was compared with, as it is persisted. */
export function toResults(
  experiment: Experiment,
  verdict: Verdict | undefined,
  baseline?: ComparedBaseline | undefined,
): Results {
  return {
    schemaVersion: EXPERIMENT_SCHEMA_VERSION,
    head: experiment.head,
    finishedAt: experiment.finishedAt,
    verdict: verdict ?? null,
    ...(baseline === undefined
      ? {}
      : {
          baseline: {
            runId: baseline.runId,
            acceptedAt: baseline.acceptedAt,
            ...(baseline.commit === undefined ? {} : { commit: baseline.commit }),
          },
        }),
    calls: experiment.calls,
  };
}

/** Calls in one piece of the text: few enough to hold, many enough that writing them costs little. */
const CALLS_PER_PIECE = 500;

/**
 * The text of `results.json` in pieces: one call a line, so that a large file can still be read and searched by line, and
 * written without being in memory.
 */
export function* resultsText({ calls, ...head }: Results): Generator<string> {
  const fields = Object.entries(head).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`,
  );
  yield `{\n  ${[...fields, '"calls": ['].join(',\n  ')}`;
  let lines: string[] = [];
  let separator = '\n    ';
  for (const call of calls) {
    lines.push(`${separator}${JSON.stringify(call)}`);
    separator = ',\n    ';
    if (lines.length < CALLS_PER_PIECE) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
  yield calls.length === 0 ? ']\n}\n' : '\n  ]\n}\n';
}

/** The text of `results.json`. */
export function formatResults(results: Results): string {
  return [...resultsText(results)].join('');
}
