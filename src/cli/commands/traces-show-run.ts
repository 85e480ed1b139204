import { EXIT, type ExitCode } from '../../core/index.ts';
import type { CommandContext } from '../command.ts';
import { renderTrace, safeJson } from '../trace-view/index.ts';
import { findInStore } from './stored-trace.ts';

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
  const { stdout, clock } = context;
  const stored = await findInStore(values.id, context);
  stdout.write(
    values.json
      ? `${safeJson(stored.trace)}\n`
      : renderTrace(stored, { isFull: values.full, color: stdout.color, nowMs: clock.now() }),
  );
  return EXIT.pass;
}
