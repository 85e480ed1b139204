import { defineCommand } from '../define-command.ts';
import { type FlagValues, list, requiredText, toggle } from '../flag.ts';
import { traceFilterFlags } from './trace-filter.ts';

const positionals = {
  ids: list('Ids of traces, or their first characters (4 or more). Or choose with the options.', '<id>'),
};

const flags = {
  ...traceFilterFlags,
  all: toggle('Every run in the store.'),
  out: requiredText('The file to write: one trace as JSON in each line.', '<file.jsonl>'),
  force: toggle('Overwrite the file when it is there.'),
  json: toggle('Print {"path": ..., "traces": ...} instead of a sentence.'),
};

/** What `sluice traces export` is called with. */
export type TracesExportValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice traces export`. */
export const tracesExport = defineCommand({
  path: ['traces', 'export'],
  describe: 'Write recorded runs to a file that only you can read.',
  positionals,
  flags,
  examples: [
    ['sluice traces export 0199a3c4 0199b7d1 --out two.jsonl', 'the runs whose ids begin like this'],
    ['sluice traces export --status error --since 7d --out failures.jsonl', 'the failures of the last week'],
  ],
  load: async () => (await import('./traces-export-run.ts')).runTracesExport,
});
