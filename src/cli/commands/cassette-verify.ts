import { defineCommand } from '../define-command.ts';
import { duration, type FlagValues, list, required, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  files: list('Cassettes, or folders of them. Without any: datasets/cassettes.', '<path>'),
};

const flags = {
  graph: required(text('Graph that they are played on: ./file.ts#export.', '<file#export>')),
  timeout: withDefault(duration('Time limit of one cassette.'), '2m'),
  json: toggle('Print what was found as JSON.'),
};

/** What `sluice cassette verify` was called with. */
export type CassetteVerifyValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice cassette verify`. */
export const cassetteVerify = defineCommand({
  path: ['cassette', 'verify'],
  describe:
    'Tell which cassettes have gone stale: the graph makes other calls now than those that were recorded. Exit code 0: all fit; 1: some are stale; 3: some cannot be played.',
  positionals,
  flags,
  examples: [
    ['$0 cassette verify --graph ./src/agent.ts#graph', 'every cassette in datasets/cassettes, offline'],
    ['$0 cassette verify tests/refund.sluice-cassette.json --graph ./src/agent.ts#graph', 'one of them'],
  ],
  load: async () => (await import('./cassette-verify-run.ts')).runCassetteVerify,
});
