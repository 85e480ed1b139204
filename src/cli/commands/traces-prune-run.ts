import { EXIT, type ExitCode } from '../../core/index.ts';
import { openTraceStore, pruneAll, type TraceStore } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { formatCount, formatMoment } from '../trace-view/index.ts';
import { storePath } from './stored-trace.ts';
import type { TracesPruneValues } from './traces-prune.ts';

/** Removes old traces from the embedded store, in steps, so that a process that is writing to it is not held up. */
export async function runTracesPrune(values: TracesPruneValues, context: CommandContext): Promise<ExitCode> {
  const { clock, logger, signal, stdout, stderr } = context;
  const { dryRun: isDryRun } = values;
  const path = storePath(context);
  const beforeMs = clock.now() - values.olderThan;
  const store = await openTraceStore({ path, readOnly: isDryRun, create: false, logger, clock });
  try {
    const removed = await pruneAll(store, { beforeMs, isDryRun, clock, signal });
    const pinned = await pinnedBefore(store, beforeMs);
    const told = { removed, pinned, beforeMs, dryRun: isDryRun };
    stdout.write(values.json ? `${JSON.stringify(told)}\n` : `${sentence(told)}\n`);
  } finally {
    await store.close();
  }
  if (!signal.aborted) return EXIT.pass;
  stderr.write('Interrupted: the same command goes on where it stopped.\n');
  return EXIT.interrupted;
}

async function pinnedBefore(store: TraceStore, beforeMs: number): Promise<number> {
  const pinned = await store.list({ isPinned: true, limit: Number.MAX_SAFE_INTEGER });
  return pinned.filter(({ startTimeMs }) => startTimeMs < beforeMs).length;
}

function sentence(told: {
  readonly removed: number;
  readonly pinned: number;
  readonly beforeMs: number;
  readonly dryRun: boolean;
}): string {
  const traces = `${formatCount(told.removed, 'trace')} that started before ${formatMoment(told.beforeMs)}`;
  const done = told.dryRun ? `Would remove ${traces}.` : `Removed ${traces}.`;
  return told.pinned === 0 ? done : `${done} ${formatCount(told.pinned, 'pinned trace')} of that age kept.`;
}
