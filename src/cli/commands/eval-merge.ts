import { defineCommand } from '../define-command.ts';
import { type FlagValues, list, text, toggle } from '../flag.ts';
import { gateFlags, reportFlags } from './gate-flags.ts';

const positionals = {
  folders: list('Run folders of all shards, such as .sluice/runs/<run-id>.', '<folders>'),
};

const flags = {
  from: text('Take every run folder below this one, such as where CI downloaded its artifacts.', '<dir>'),
  config: gateFlags.config,
  threshold: gateFlags.threshold,
  rule: gateFlags.rule,
  baseline: gateFlags.baseline,
  allowChanged: gateFlags.allowChanged,
  noGate: toggle('Only put the shards together: print the scores, compare nothing, exit 0.'),
  comment: reportFlags.comment,
  json: reportFlags.json,
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
