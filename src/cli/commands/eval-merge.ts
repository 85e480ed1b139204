import { defineCommand } from '../define-command.ts';
import { choice, decimal, type FlagValues, list, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  folders: list('Run folders of all shards, such as .sluice/runs/<run-id>.', '<folders>'),
};

const flags = {
  from: text('Take every run folder below this one, such as where CI downloaded its artifacts.', '<dir>'),
  config: withDefault(
    text('Configuration file: .ts, .js, .mjs, .json or .yaml.', '<file>'),
    'sluice.config.* here',
  ),
  threshold: withDefault(
    decimal("Allowed relative drop of every evaluator, in place of the suite's: 0.05 is 5%.", {
      min: 0,
      max: 1,
    }),
    'the suite, then 0.05',
  ),
  rule: withDefault(
    choice('Which rule decides: literal is the mean against the limit.', ['literal', 'strict', 'lenient']),
    'the suite, then literal',
  ),
  baseline: withDefault(
    text("Compare with this file: a baseline, or the results.json of the main branch's run.", '<file>'),
    'SLUICE_BASELINE, then datasets/baselines/<suite>.json',
  ),
  allowChanged: list(
    'Compare this evaluator although it changed since the baseline. May be repeated.',
    '<key>',
  ),
  noGate: toggle('Only put the shards together: print the scores, compare nothing, exit 0.'),
  comment: toggle(
    'Put the summary on the pull request of this GitHub workflow, in one comment that is updated.',
  ),
  json: toggle('Print the results as JSON to standard output; the report goes to standard error.'),
};

/** What `sluice eval merge` was called with. */
export type EvalMergeValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice eval merge [folders..]`. */
export const evalMerge = defineCommand({
  path: ['eval', 'merge'],
  describe: 'Gate the shards of one run together; the exit code is the verdict.',
  positionals,
  flags,
  examples: [
    ['$0 eval merge --from artifacts', 'gate the shards that a matrix of jobs uploaded'],
    ['$0 eval merge runs/shard-1 runs/shard-2', 'gate two run folders'],
  ],
  load: async () => (await import('./eval-merge-run.ts')).runEvalMerge,
});
