import { defineCommand } from '../define-command.ts';
import { type FlagValues, integer, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  suite: text('Suite whose runs are shown. Default: every suite.'),
};

const flags = {
  limit: withDefault(
    integer('Runs of each suite, the newest ones.', { min: 1, max: 10_000 }),
    '20; 200 with --html and --json',
  ),
  html: toggle('Write .sluice/history.html, a page of its own, and print its path.'),
  json: toggle('Print the runs as JSON.'),
};

/** What `sluice history` was called with. */
export type HistoryValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice history [suite]`. */
export const history = defineCommand({
  path: ['history'],
  describe: 'Show past runs with their verdicts and the trend of each evaluator.',
  positionals,
  flags,
  examples: [
    ['$0 history', 'the newest runs of every suite'],
    ['$0 history support --limit 50', 'more runs of one suite'],
    ['$0 history --html', 'a page with the trends'],
  ],
  load: async () => (await import('./history-run.ts')).runHistory,
});
