import { defineCommand } from '../define-command.ts';
import { decimal, duration, type FlagValues, integer, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  suite: text('Suite of sluice.config.ts. Not needed where there is only one.'),
};

const flags = {
  config: withDefault(
    text('Configuration file: .ts, .js, .mjs, .json or .yaml.', '<file>'),
    'sluice.config.* here',
  ),
  target: withDefault(
    text('Where the agent is: langserve:URL or graph:./file.ts#export.', '<spec>'),
    'SLUICE_TARGET, then the suite',
  ),
  split: withDefault(text('Take the examples of this split only.', '<name>'), 'the suite, then all examples'),
  repeats: withDefault(
    integer('How often each example is run.', { min: 1, max: 1_000 }),
    'the suite, then 1',
  ),
  concurrency: withDefault(integer('Calls under way at once.', { min: 1, max: 1_000 }), 'the suite, then 4'),
  timeout: withDefault(
    duration("Time limit of one call, such as 30s; passing it is the agent's failure."),
    'the suite, then 60s',
  ),
  threshold: withDefault(
    decimal("Allowed relative drop of every evaluator, in place of the suite's: 0.05 is 5%.", {
      min: 0,
      max: 1,
    }),
    'the suite, then 0.05',
  ),
  fresh: toggle('Start over, even where an unfinished run of the same could be resumed.'),
  noGate: toggle('Only measure: print the scores, compare nothing, exit 0.'),
  json: toggle('Print the results as JSON to standard output; the report goes to standard error.'),
};

/** What `sluice eval` was called with. */
export type EvalValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice eval [suite]`. */
export const evalCommand = defineCommand({
  path: ['eval'],
  describe:
    'Run a suite against the agent and compare its scores with the baseline; the exit code is the verdict.',
  positionals,
  flags,
  examples: [
    ['$0 eval', 'run the only suite of sluice.config.ts'],
    [
      '$0 eval support --target langserve:http://127.0.0.1:8000/agent --split smoke',
      'run the smoke split of a suite against a deployed agent',
    ],
    [
      '$0 eval support --target graph:./agent.ts#graph --no-gate',
      'measure a graph in this process, without a verdict',
    ],
    ['$0 eval support --json > results.json', 'keep the results'],
  ],
  load: async () => (await import('./eval-run.ts')).runEval,
});
