import { defineCommand } from '../define-command.ts';
import { choice, decimal, duration, type FlagValues, integer, text, toggle, withDefault } from '../flag.ts';
import { gateFlags, reportFlags } from './gate-flags.ts';

const positionals = {
  suite: text('Suite of sluice.config.ts. Not needed where there is only one.'),
};

const flags = {
  config: gateFlags.config,
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
  threshold: gateFlags.threshold,
  rule: gateFlags.rule,
  rerun: withDefault(
    choice('When the whole dataset is run again before the verdict.', ['close', 'on-breach', 'off']),
    'the suite, then close',
  ),
  baseline: gateFlags.baseline,
  pairedTarget: text(
    'Measure this target first, in the same job, and compare with it: what changed for both, such as the provider, is no regression.',
    '<spec>',
  ),
  allowChanged: gateFlags.allowChanged,
  budgetUsd: withDefault(
    decimal("End without a verdict when the agent's answers cost so much."),
    'the suite',
  ),
  budgetTokens: withDefault(
    integer("End without a verdict when the agent's answers take so many tokens.", { min: 1 }),
    'the suite',
  ),
  budgetTime: withDefault(duration('End without a verdict after this time, such as 15m.'), 'the suite'),
  shard: text('Run one part of the examples, such as 2/4; gate the parts with sluice eval merge.', '<i/n>'),
  calibrate: integer('Run everything so many times and say how often chance alone would fail the gate.', {
    min: 2,
    max: 100,
  }),
  cache: toggle('Take answers of earlier runs where there are some, to work on evaluators. Needs --no-gate.'),
  watch: toggle('Run again whenever the agent, the dataset or the configuration changes, until Ctrl-C.'),
  fresh: toggle('Start over, even where an unfinished run of the same could be resumed.'),
  noGate: toggle('Only measure: print the scores, compare nothing, exit 0.'),
  comment: reportFlags.comment,
  json: reportFlags.json,
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
    [
      '$0 eval support --target langserve:http://127.0.0.1:8001/agent --paired-target langserve:http://127.0.0.1:8000/agent',
      'compare a new build with the one of the main branch, both running now',
    ],
    ['$0 eval support --calibrate 5', 'see how often the gate would fail by chance'],
    ['$0 eval support --json > results.json', 'keep the results'],
  ],
  load: async () => (await import('./eval-run.ts')).runEval,
});
