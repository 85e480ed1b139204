import { EXIT, type ExitCode, sluiceHome } from '../../core/index.ts';
import { DEFAULT_LIST_LIMIT, openTraceStore } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { renderTraceList, safeJson } from '../trace-view/index.ts';
import { storePath } from './stored-trace.ts';
import { filterQuery, type TraceFilterValues } from './trace-filter.ts';
import { waitingNote } from './waiting-traces.ts';

/** The parsed flags of `sluice traces list`. */
export interface TracesListValues extends TraceFilterValues {
  readonly pinned: boolean;
  readonly limit: number | undefined;
  readonly json: boolean;
}

/** Prints the traces of the embedded store that match. */
export async function runTracesList(values: TracesListValues, context: CommandContext): Promise<ExitCode> {
  const { stdout, stderr, logger } = context;
  const path = storePath(context);
  const limit = values.limit ?? DEFAULT_LIST_LIMIT;
  const nowMs = context.clock.now();
  const store = await openTraceStore({ path, readOnly: true, logger, clock: context.clock });
  try {
    // One more than asked for tells whether there are more.
    const found = await store.list({
      ...filterQuery(values, nowMs),
      ...(values.pinned && { isPinned: true }),
      limit: limit + 1,
    });
    const traces = found.slice(0, limit);
    const waiting = await waitingNote(sluiceHome(context.env, context.cwd));
    const isEmpty = traces.length === 0 && (await store.list({ limit: 1 })).length === 0;
    if (values.json) stdout.write(`${safeJson(traces)}\n`);
    else if (traces.length > 0) stdout.write(renderTraceList(traces, { ...styleOf(context), nowMs }));
    else if (!isEmpty) stdout.write(`No trace in ${path} matches.\n`);
    else {
      const advice = 'Wrap a graph with traceGraph() or run `sluice serve`.';
      stdout.write(`No traces in ${path} yet. ${waiting ?? advice}\n`);
    }
    if (waiting !== undefined && (!isEmpty || values.json)) stderr.write(`${waiting}\n`);
    if (found.length > limit) stderr.write(`Showing the newest ${limit}; --limit shows more.\n`);
    return EXIT.pass;
  } finally {
    await store.close();
  }
}

function styleOf({ stdout }: CommandContext) {
  return { columns: stdout.columns, isTerminal: stdout.isTerminal, color: stdout.color };
}
