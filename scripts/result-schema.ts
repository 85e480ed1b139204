import { z } from 'zod';
import { resultsSchema } from '../src/evals/reports/results.ts';

/** Where the published schema of `results.json` is, from the root of the repository. */
export const RESULTS_SCHEMA_FILE = 'schemas/results.schema.json';

/** The JSON Schema (draft 2020-12) of `results.json`, made of the schema that reads and writes it. Ends with a newline. */
export function resultsJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(resultsSchema, { target: 'draft-2020-12' });
  const version = resultsSchema.shape.schemaVersion.value;
  return `${JSON.stringify(
    {
      $schema,
      title: `Results of an evaluation run, format ${version}`,
      description: 'The content of results.json, as sluice eval writes it and sluice eval --json prints it.',
      ...schema,
    },
    null,
    2,
  )}\n`;
}
