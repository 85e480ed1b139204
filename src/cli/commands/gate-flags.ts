import { choice, decimal, list, text, toggle, withDefault } from '../flag.ts';

/** Flags of the commands that print a report of a run. */
export const reportFlags = {
  comment: toggle(
    'Put the summary on the pull request that the workflow runs for, in place of the last one.',
  ),
  json: toggle('Print the results as JSON to standard output; the report goes to standard error.'),
};

/** Flags of the commands that compare a run with its baseline. */
export const gateFlags = {
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
};
