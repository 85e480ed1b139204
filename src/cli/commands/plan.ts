import { defineCommand } from '../define-command.ts';
import { decimal, type FlagValues, integer, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  suite: text(
    'Suite whose baseline says how much its scores vary. Not needed where there is only one baseline.',
  ),
};

const flags = {
  gate: toggle('Plan the size of an evaluation: what a gate of so many examples and repeats can see.'),
  examples: withDefault(
    integer('Examples of the dataset.', { min: 1, max: 1_000_000 }),
    'those of the baseline',
  ),
  repeats: withDefault(integer('How often each example is run.', { min: 1, max: 1_000 }), '1'),
  baselineRepeats: withDefault(
    integer('How often each was run for the baseline.', { min: 1, max: 1_000 }),
    'those of the baseline, else 5',
  ),
  drop: withDefault(text('The drop that should be seen: 10% or 0.1.', '<share>'), 'twice the limit'),
  threshold: withDefault(text('The limit of the gate: 5% or 0.05.', '<share>'), '5%'),
  mean: text('Mean score of the agent, in place of a baseline: 0.85.', '<score>'),
  flakiness: withDefault(
    decimal('Mean variance of the scores of one example over its runs.', { max: 1 }),
    'that of the baseline',
  ),
  power: withDefault(text('How often the drop should be seen.', '<share>'), '80%'),
  baseline: withDefault(
    text('A baseline file, or the results.json of a run with repeats.', '<file>'),
    'SLUICE_BASELINE, then the accepted one',
  ),
  json: toggle('Print it as JSON.'),
};

/** What `sluice plan` was called with. */
export type PlanValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice plan [suite] --gate`. */
export const plan = defineCommand({
  path: ['plan'],
  describe: 'Say how many examples and repeats a gate needs to see a drop, and what the present ones see.',
  positionals,
  flags,
  examples: [
    ['$0 plan --gate', 'what the accepted baseline sees, and what a drop of 10% needs'],
    [
      '$0 plan support --gate --drop 7% --repeats 3',
      'the same for a drop of 7% with three runs of each example',
    ],
    ['$0 plan --gate --mean 0.85 --examples 50', 'before there is a baseline'],
  ],
  load: async () => (await import('./plan-gate.ts')).runPlan,
});
