import { defineCommand } from '../define-command.ts';
import { type FlagValues, text, toggle } from '../flag.ts';

const positionals = { suite: text('Suite. Not needed where there is only one baseline.') };
const flags = { json: toggle('Print it as JSON.') };

/** What `sluice baseline show` was called with. */
export type BaselineShowValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice baseline show [suite]`. */
export const baselineShow = defineCommand({
  path: ['baseline', 'show'],
  describe: 'Print the accepted baseline of a suite: its means, and what it was made of.',
  positionals,
  flags,
  examples: [
    ['$0 baseline show', 'print the only baseline'],
    ['$0 baseline show support --json', 'print the baseline of a suite as JSON'],
  ],
  load: async () => (await import('./baseline-show-run.ts')).runBaselineShow,
});
