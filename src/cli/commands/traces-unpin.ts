import { defineCommand } from '../define-command.ts';
import { requiredText } from '../flag.ts';

/** The parsed words of `sluice traces unpin`. */
export interface TracesUnpinValues {
  readonly id: string;
}

/** `sluice traces unpin`. */
export const tracesUnpin = defineCommand({
  path: ['traces', 'unpin'],
  describe: 'Let a pinned run be removed at its age again.',
  positionals: {
    id: requiredText(
      'Id of the trace or of any span in it, or the first characters of a trace id (4 or more).',
      '<id>',
    ),
  },
  flags: {},
  examples: [['sluice traces unpin 0199a3c4', 'the run whose id begins like this']],
  load: async () => (await import('./traces-pin-run.ts')).runTracesUnpin,
});
