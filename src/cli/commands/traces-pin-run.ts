import { EXIT, type ExitCode } from '../../core/index.ts';
import { openTraceStore, type TraceStore } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { plainLine } from '../trace-view/index.ts';
import { requireTrace, storePath } from './stored-trace.ts';
import type { TracesPinValues } from './traces-pin.ts';
import type { TracesUnpinValues } from './traces-unpin.ts';

const DEFAULT_REASON = 'pinned by hand';

/**
 * Pins a trace of the embedded store.
 *
 * @throws UsageError `TRACE_NOT_FOUND` or `TRACE_AMBIGUOUS`.
 */
export function runTracesPin(values: TracesPinValues, context: CommandContext): Promise<ExitCode> {
  const pin = { reason: values.reason ?? DEFAULT_REASON, pinnedAtMs: context.clock.now() };
  return changeTrace(values.id, context, async (store, id) => {
    // Somebody may have removed it in between.
    if (!(await store.pin(id, pin))) requireTrace({ kind: 'missing' }, values.id, storePath(context));
    return `Pinned ${plainLine(id)}: ${plainLine(pin.reason)}`;
  });
}

/**
 * Unpins a trace of the embedded store. One that was not pinned is no error: it is as it was asked to be.
 *
 * @throws UsageError `TRACE_NOT_FOUND` or `TRACE_AMBIGUOUS`.
 */
export function runTracesUnpin(values: TracesUnpinValues, context: CommandContext): Promise<ExitCode> {
  return changeTrace(values.id, context, async (store, id) =>
    (await store.unpin(id)) ? `Unpinned ${plainLine(id)}.` : `${plainLine(id)} was not pinned.`,
  );
}

async function changeTrace(
  idOrPrefix: string,
  context: CommandContext,
  change: (store: TraceStore, id: string) => Promise<string>,
): Promise<ExitCode> {
  const { clock, logger, stdout } = context;
  const path = storePath(context);
  const store = await openTraceStore({ path, create: false, logger, clock });
  try {
    const { trace } = requireTrace(await store.find(idOrPrefix), idOrPrefix, path);
    stdout.write(`${await change(store, trace.id)}\n`);
    return EXIT.pass;
  } finally {
    await store.close();
  }
}
