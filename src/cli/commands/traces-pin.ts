import { defineCommand } from '../define-command.ts';
import { type FlagValues, requiredText, text, withDefault } from '../flag.ts';

const positionals = {
  id: requiredText(
    'Id of the trace or of any span in it, or the first characters of a trace id (4 or more).',
    '<id>',
  ),
};

const flags = {
  reason: withDefault(text('Why it must stay, for whoever wonders later.', '<text>'), 'pinned by hand'),
};

/** What `sluice traces pin` is called with. */
export type TracesPinValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice traces pin`. */
export const tracesPin = defineCommand({
  path: ['traces', 'pin'],
  describe: 'Keep a recorded run whatever its age.',
  positionals,
  flags,
  examples: [['sluice traces pin 0199a3c4 --reason incident-42', 'the run whose id begins like this']],
  load: async () => (await import('./traces-pin-run.ts')).runTracesPin,
});
