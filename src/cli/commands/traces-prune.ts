import { defineCommand } from '../define-command.ts';
import { duration, required, text, toggle } from '../flag.ts';

/** The parsed flags of `sluice traces prune`. */
export interface TracesPruneValues {
  /** Milliseconds before now. */
  readonly olderThan: number;
  readonly project: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `sluice traces prune`. */
export const tracesPrune = defineCommand({
  path: ['traces', 'prune'],
  describe: 'Remove old recorded runs for good, other than pinned ones, and hand their space back.',
  positionals: {},
  flags: {
    olderThan: required(duration('Remove runs that started longer ago than this, such as 14d.')),
    project: text('Only runs of this project.', '<name>'),
    dryRun: toggle('Only say how many there are.'),
    json: toggle('Print {"removed": ...} instead of a sentence.'),
  },
  examples: [
    ['sluice traces prune --older-than 14d --dry-run', 'how many runs are older than two weeks'],
    ['sluice traces prune --older-than 14d', 'remove them'],
    ['sluice traces prune --older-than 1d --project scratch', 'remove those of one project'],
  ],
  load: async () => (await import('./traces-prune-run.ts')).runTracesPrune,
});
