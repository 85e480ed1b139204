import { sluiceHome, type Trace, traceStorePath, UsageError } from '../../core/index.ts';
import { MIN_PREFIX_LENGTH, openTraceStore, type TraceLookup } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { plainLine, type StoredTrace } from '../trace-view/index.ts';

/**
 * The trace that an id, the run id of one of its spans, or the beginning of an id names in the embedded store.
 *
 * @throws UsageError `TRACE_NOT_FOUND` or `TRACE_AMBIGUOUS`.
 */
export async function findStoredTrace(id: string, context: CommandContext): Promise<Trace> {
  return (await findInStore(id, context)).trace;
}

/** {@link findStoredTrace}, with its pin. */
export async function findInStore(id: string, context: CommandContext): Promise<StoredTrace> {
  const { logger, clock } = context;
  const path = storePath(context);
  const store = await openTraceStore({ path, readOnly: true, logger, clock });
  try {
    return requireTrace(await store.find(id), id, path);
  } finally {
    await store.close();
  }
}

/** The embedded store of the home that the environment names. */
export function storePath({ env, cwd }: Pick<CommandContext, 'env' | 'cwd'>): string {
  return traceStorePath(sluiceHome(env, cwd));
}

/**
 * What a lookup has found.
 *
 * @throws UsageError `TRACE_NOT_FOUND` or `TRACE_AMBIGUOUS`.
 */
export function requireTrace(lookup: TraceLookup, id: string, path: string): StoredTrace {
  switch (lookup.kind) {
    case 'found':
      return lookup;
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
