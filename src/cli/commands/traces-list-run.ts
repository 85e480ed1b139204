import { EXIT, type ExitCode, type Outcome, sluiceHome, traceStorePath } from '../../core/index.ts';
import { DEFAULT_LIST_LIMIT, openTraceStore, type TraceQuery } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { renderTraceList, safeJson } from '../trace-view/index.ts';

/** The parsed flags of `sluice traces list`. */
export interface TracesListValues {
  readonly status: Outcome | undefined;
  /** Milliseconds before now. */
  readonly since: number | undefined;
  readonly name: string | undefined;
  readonly thread: string | undefined;
  readonly limit: number | undefined;
  readonly json: boolean;
}

/** Prints the traces of the embedded store that match. */
export async function runTracesList(values: TracesListValues, context: CommandContext): Promise<ExitCode> {
  const { stdout, stderr, logger } = context;
  const path = traceStorePath(sluiceHome(context.env, context.cwd));
  const limit = values.limit ?? DEFAULT_LIST_LIMIT;
  const nowMs = context.clock.now();
  const store = await openTraceStore({ path, readOnly: true, logger, clock: context.clock });
  try {
    // One more than asked for tells whether there are more.
    const found = await store.list({ ...queryOf(values, nowMs), limit: limit + 1 });
    const traces = found.slice(0, limit);
    if (values.json) stdout.write(`${safeJson(traces)}\n`);
    else if (traces.length > 0) stdout.write(renderTraceList(traces, { ...styleOf(context), nowMs }));
    else if ((await store.list({ limit: 1 })).length > 0) stdout.write(`No trace in ${path} matches.\n`);
    else {
      stdout.write(`No traces in ${path} yet. Wrap a graph with traceGraph() or run \`sluice serve\`.\n`);
    }
    if (found.length > limit) stderr.write(`Showing the newest ${limit}; --limit shows more.\n`);
    return EXIT.pass;
  } finally {
    await store.close();
  }
}

function styleOf({ stdout }: CommandContext) {
  return { columns: stdout.columns, isTerminal: stdout.isTerminal, color: stdout.color };
}

function queryOf(values: TracesListValues, nowMs: number): TraceQuery {
  return {
    ...(values.status !== undefined && { outcome: values.status }),
    ...(values.since !== undefined && { sinceMs: nowMs - values.since }),
    ...(values.name !== undefined && { name: values.name }),
    ...(values.thread !== undefined && { threadId: values.thread }),
  };
}
