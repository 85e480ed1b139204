import { defineCommand } from '../define-command.ts';
import { integer, toggle, withDefault } from '../flag.ts';
import { traceFilterFlags } from './trace-filter.ts';

/** `sluice traces list`. */
export const tracesList = defineCommand({
  path: ['traces', 'list'],
  describe: 'List recorded runs, newest first.',
  positionals: {},
  flags: {
    ...traceFilterFlags,
    pinned: toggle('Only runs that are pinned.'),
    limit: withDefault(integer('How many at most.', { min: 1 }), '50'),
    json: toggle('Print a JSON array instead of a table.'),
  },
  examples: [
    ['sluice traces list --status error', 'the runs that failed'],
    ['sluice traces list --since 24h --json', 'the last day, for another program'],
  ],
  load: async () => (await import('./traces-list-run.ts')).runTracesList,
});
