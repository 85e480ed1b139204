import { defineCommand } from '../define-command.ts';
import { type FlagValues, text, withDefault } from '../flag.ts';
import { reportFlags } from './gate-flags.ts';

const positionals = {
  runId: text('Id of a finished run, or its first characters (4 or more). Default: the newest one.'),
};

const flags = {
  suite: text('Take the newest finished run of this suite.', '<name>'),
  baseline: withDefault(
    text('Show scores beside those of this baseline file.', '<file>'),
    'SLUICE_BASELINE, then datasets/baselines/<suite>.json, where the run was compared with it',
  ),
  comment: reportFlags.comment,
  json: reportFlags.json,
};

/** What `sluice report` was called with. */
export type ReportValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice report [run-id]`. */
export const report = defineCommand({
  path: ['report'],
  describe:
    'Make the reports of a finished run again: report.html, summary.md, junit.xml and the one on the terminal. The exit code is 0 whatever its verdict was.',
  positionals,
  flags,
  examples: [
    ['$0 report', 'the newest finished run'],
    ['$0 report 0199a3c4', 'the run whose id begins like this'],
    ['$0 report --comment', 'comment on the pull request in a step of its own'],
  ],
  load: async () => (await import('./report-run.ts')).runReport,
});
