import { EXIT, type ExitCode } from '../../core/index.ts';
import { openTraceStore, pruneAll, type TraceStore } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { formatCount, formatMoment, plainLine } from '../trace-view/index.ts';
import { storePath } from './stored-trace.ts';
import type { TracesPruneValues } from './traces-prune.ts';

/** Removes old traces from the embedded store, in steps, so that a process that is writing to it is not held up. */
export async function runTracesPrune(values: TracesPruneValues, context: CommandContext): Promise<ExitCode> {
  const { clock, logger, signal, stdout, stderr } = context;
  const { dryRun: isDryRun, project } = values;
  const path = storePath(context);
  const beforeMs = clock.now() - values.olderThan;
  const store = await openTraceStore({ path, readOnly: isDryRun, create: false, logger, clock });
  try {
    const removed = await pruneAll(store, { ...ofProject(project), beforeMs, isDryRun, clock, signal });
    const pinned = await pinnedBefore(store, beforeMs, project);
    const told = { removed, pinned, beforeMs, ...ofProject(project), dryRun: isDryRun };
    stdout.write(values.json ? `${JSON.stringify(told)}\n` : `${sentence(told)}\n`);
  } finally {
    await store.close();
  }
  if (!signal.aborted) return EXIT.pass;
  stderr.write('Interrupted: the same command goes on where it stopped.\n');
  return EXIT.interrupted;
}

function ofProject(project: string | undefined): { project?: string } {
  return project === undefined ? {} : { project };
}

async function pinnedBefore(
  store: TraceStore,
  beforeMs: number,
  project: string | undefined,
): Promise<number> {
  const pinned = await store.list({ ...ofProject(project), isPinned: true, limit: Number.MAX_SAFE_INTEGER });
  return pinned.filter(({ startTimeMs }) => startTimeMs < beforeMs).length;
}

function sentence(told: {
  readonly removed: number;
  readonly pinned: number;
  readonly beforeMs: number;
  readonly project?: string;
  readonly dryRun: boolean;
}): string {
  const of = told.project === undefined ? '' : ` of project ${plainLine(told.project)}`;
  const traces = `${formatCount(told.removed, 'trace')}${of} that started before ${formatMoment(told.beforeMs)}`;
  const done = told.dryRun ? `Would remove ${traces}.` : `Removed ${traces}.`;
  return told.pinned === 0 ? done : `${done} ${formatCount(told.pinned, 'pinned trace')} of that age kept.`;
}
