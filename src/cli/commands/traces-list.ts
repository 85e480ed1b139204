import { OUTCOMES } from '../../core/index.ts';
import { defineCommand } from '../define-command.ts';
import { choice, duration, integer, text, toggle, withDefault } from '../flag.ts';

/** `sluice traces list`. */
export const tracesList = defineCommand({
  path: ['traces', 'list'],
  describe: 'List recorded runs, newest first.',
  positionals: {},
  flags: {
    status: choice(`Only runs with this outcome: ${OUTCOMES.join(', ')}.`, OUTCOMES),
    since: duration('Only runs that started within this time, such as 30m, 24h or 7d.'),
    name: text('Only runs of the graph of this name.', '<name>'),
    thread: text('Only runs of this thread.', '<id>'),
    limit: withDefault(integer('How many at most.', { min: 1 }), '50'),
    json: toggle('Print a JSON array instead of a table.'),
  },
  examples: [
    ['sluice traces list --status error', 'the runs that failed'],
    ['sluice traces list --since 24h --json', 'the last day, for another program'],
  ],
  load: async () => (await import('./traces-list-run.ts')).runTracesList,
});
