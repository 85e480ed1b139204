import { z } from 'zod';
import {
  EXPERIMENT_SCHEMA_VERSION,
  type Experiment,
  experimentHeadSchema,
  scoredCallSchema,
} from '../experiment.ts';
import { type Verdict, verdictSchema } from '../gate/index.ts';

export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(EXPERIMENT_SCHEMA_VERSION),
  head: experimentHeadSchema,
  finishedAt: z.iso.datetime(),
  /** Null for a run that was not gated. */
  verdict: verdictSchema.nullable(),
  /** In dataset order, repeats of an example together. */
  calls: z.array(scoredCallSchema),
});
/** The content of `results.json`. */
export type Results = z.infer<typeof resultsSchema>;

/** A finished run with its verdict, as it is persisted. */
export function toResults(experiment: Experiment, verdict: Verdict | undefined): Results {
  return {
    schemaVersion: EXPERIMENT_SCHEMA_VERSION,
    head: experiment.head,
    finishedAt: experiment.finishedAt,
    verdict: verdict ?? null,
    calls: [...experiment.calls],
  };
}

/** The text of `results.json`: one call a line, so that a large file can still be read and searched by line. */
export function formatResults({ calls, ...head }: Results): string {
  const fields = Object.entries(head).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`,
  );
  const lines = calls.map((call) => `    ${JSON.stringify(call)}`);
  fields.push(lines.length === 0 ? '"calls": []' : `"calls": [\n${lines.join(',\n')}\n  ]`);
  return `{\n  ${fields.join(',\n  ')}\n}\n`;
}
