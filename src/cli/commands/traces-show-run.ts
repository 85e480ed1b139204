import { EXIT, type ExitCode, sluiceHome, type Trace, traceStorePath, UsageError } from '../../core/index.ts';
import { MIN_PREFIX_LENGTH, openTraceStore, type TraceLookup } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { plainLine, renderTrace, safeJson } from '../trace-view/index.ts';

/** The parsed words and flags of `sluice traces show`. */
export interface TracesShowValues {
  readonly id: string;
  readonly full: boolean;
  readonly json: boolean;
}

/**
 * Prints one trace of the embedded store.
 *
 * @throws UsageError `TRACE_NOT_FOUND` or `TRACE_AMBIGUOUS`.
 */
export async function runTracesShow(values: TracesShowValues, context: CommandContext): Promise<ExitCode> {
  const { stdout, logger, clock } = context;
  const path = traceStorePath(sluiceHome(context.env, context.cwd));
  const store = await openTraceStore({ path, readOnly: true, logger, clock });
  try {
    const trace = requireTrace(await store.find(values.id), values.id, path);
    stdout.write(
      values.json
        ? `${safeJson(trace)}\n`
        : renderTrace(trace, { isFull: values.full, color: stdout.color, nowMs: clock.now() }),
    );
    return EXIT.pass;
  } finally {
    await store.close();
  }
}

function requireTrace(lookup: TraceLookup, id: string, path: string): Trace {
  switch (lookup.kind) {
    case 'found':
      return lookup.trace;
    case 'missing':
      throw new UsageError('TRACE_NOT_FOUND', `No trace or span ${JSON.stringify(id)} in ${path}.`, {
        hint: `See what is there: sluice traces list. An id can be shortened to ${MIN_PREFIX_LENGTH} characters or more.`,
      });
    case 'ambiguous':
      throw new UsageError('TRACE_AMBIGUOUS', `${JSON.stringify(id)} fits several traces in ${path}.`, {
        hint: `Give the whole id of one of them, newest first:\n  ${lookup.ids.map(plainLine).join('\n  ')}`,
      });
  }
}
