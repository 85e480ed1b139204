import { defineCommand } from '../define-command.ts';
import { duration, type FlagValues, list, requiredText, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  traceId: requiredText('Id of the recorded run, as sluice traces list shows it, or the beginning of it.'),
};

const flags = {
  graph: text('Graph to run it on: ./file.ts#export.', '<file#export>'),
  target: text('Deployed agent to run it on: langserve:URL.', '<spec>'),
  configurable: list(
    'A value that nodes read from config.configurable, which traces do not hold. Can be given several times.',
    '<key=value>',
  ),
  timeout: withDefault(duration('Time limit of the replay.'), '2m'),
  json: toggle('Print the comparison as JSON.'),
};

/** What `sluice replay` was called with. */
export type ReplayValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice replay <trace-id>`. */
export const replay = defineCommand({
  path: ['replay'],
  describe:
    'Run a recorded input again, on a fresh thread in memory, and show what changed. Exit code 0: the failure is gone, or nothing got worse; 1: it still fails, or got worse; 3: it cannot be replayed.',
  positionals,
  flags,
  examples: [
    ['$0 replay 0198c3f2 --graph ./src/agent.ts#graph', 'run a recorded failure on a patched graph'],
    ['$0 replay 0198c3f2 --target langserve:http://127.0.0.1:8000/agent', 'run it on a deployed build'],
  ],
  load: async () => (await import('./replay-run.ts')).runReplay,
});
