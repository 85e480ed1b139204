import { defineCommand } from '../define-command.ts';
import { requiredText, toggle } from '../flag.ts';

/** `sluice dataset validate`. */
export const datasetValidate = defineCommand({
  path: ['dataset', 'validate'],
  describe: 'Check a dataset and report every mistake with its file, line and field.',
  positionals: { file: requiredText('The dataset: .jsonl, .yaml, .json or .csv.') },
  flags: { json: toggle('Print a JSON object instead of lines.') },
  examples: [
    ['sluice dataset validate datasets/golden.jsonl', 'every mistake, or a summary; exit code 2 or 0'],
    ['sluice dataset validate datasets/golden.csv --json', 'the same for another program'],
  ],
  load: async () => (await import('./dataset-validate-run.ts')).runDatasetValidate,
});
