import { defineCommand } from '../define-command.ts';
import { requiredText, toggle } from '../flag.ts';

/** `sluice traces show`. */
export const tracesShow = defineCommand({
  path: ['traces', 'show'],
  describe: 'Show one recorded run: the tree of its steps, and where and why it failed.',
  positionals: {
    id: requiredText(
      'Id of the trace or of any span in it, or the first characters of a trace id (4 or more).',
      '<id>',
    ),
  },
  flags: {
    full: toggle('Show payloads, messages and stacks in full.'),
    json: toggle('Print the whole record as JSON.'),
  },
  examples: [
    ['sluice traces show 0199a3c4', 'the run whose id begins like this'],
    ['sluice traces show 0199a3c4 --json', 'its record, for another program'],
  ],
  load: async () => (await import('./traces-show-run.ts')).runTracesShow,
});
