import { NoVerdictError, UsageError } from '../../core/index.ts';
import { MIN_PREFIX_LENGTH, openTraceStore } from '../../store/index.ts';
import { lacksOf } from './lacks.ts';
import type { FoundTrace, SourceDeps, TraceSource } from './trace-source.ts';

/** The embedded store of a home. */
export function storeSource(path: string, { logger, clock }: SourceDeps): TraceSource {
  const open = () => openTraceStore({ path, readOnly: true, logger, clock });
  return {
    spec: path,
    async find(id): Promise<FoundTrace> {
      const store = await open();
      const lookup = await store.find(id).finally(() => store.close());
      if (lookup.kind === 'found') return { trace: lookup.trace, lacks: lacksOf(lookup.trace) };
      if (lookup.kind === 'ambiguous') {
        throw new UsageError('TRACE_AMBIGUOUS', `${JSON.stringify(id)} fits several traces in ${path}.`, {
          hint: `Give the whole id of one of them, newest first:\n  ${lookup.ids.join('\n  ')}`,
        });
      }
      throw new NoVerdictError('TRACE_NOT_FOUND', `No trace or span ${JSON.stringify(id)} in ${path}.`, {
        hint: `See what is there: sluice traces list. An id can be shortened to ${MIN_PREFIX_LENGTH} characters or more; a successful run may have been sampled out; a run recorded elsewhere needs --from.`,
      });
    },
    async list(query) {
      const store = await open();
      const listed = await store
        .list({ ...query, limit: query.limit ?? Number.MAX_SAFE_INTEGER })
        .finally(() => store.close());
      return listed.map(({ id }) => id);
    },
  };
}
