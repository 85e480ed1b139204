import { defineCommand } from '../define-command.ts';
import { requiredText, toggle } from '../flag.ts';

/** `sluice dataset validate`. */
export const datasetValidate = defineCommand({
  path: ['dataset', 'validate'],
  describe: 'Check a dataset and report every mistake with its file, line and field.',
  positionals: { file: requiredText('The dataset: .jsonl, .yaml, .json or .csv.') },
  flags: { json: toggle('Print the mistakes, or what is in it, as JSON.') },
  examples: [
    [
      '$0 dataset validate datasets/support.jsonl',
      'list every mistake and exit with 2, or say what is in it',
    ],
    ['$0 dataset validate datasets/support.csv --json', 'the same for another program'],
  ],
  load: async () => (await import('./dataset-validate-run.ts')).runDatasetValidate,
});
