import { defineCommand } from '../define-command.ts';
import { type FlagValues, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  runId: text('Finished run, by its id or the first characters of it. Default: the newest finished one.'),
};

const flags = {
  suite: withDefault(
    text('Suite whose newest finished run is accepted.', '<name>'),
    'the only suite that was run',
  ),
  json: toggle('Print what was accepted as JSON.'),
};

/** What `sluice baseline accept` was called with. */
export type BaselineAcceptValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice baseline accept [run-id]`. */
export const baselineAccept = defineCommand({
  path: ['baseline', 'accept'],
  describe:
    'Make a finished run the baseline of its suite: writes datasets/baselines/<suite>.json, which belongs in git.',
  positionals,
  flags,
  examples: [
    ['$0 baseline accept', 'accept the newest finished run'],
    ['$0 baseline accept --suite support', 'accept the newest finished run of a suite'],
    ['$0 baseline accept 0193f1c2', 'accept the run whose id begins with this'],
  ],
  load: async () => (await import('./baseline-accept-run.ts')).runBaselineAccept,
});
