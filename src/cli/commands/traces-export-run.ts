import { resolve } from 'node:path';
import { EXIT, type ExitCode, NoVerdictError, type Trace, UsageError } from '../../core/index.ts';
import { openTraceStore, type TraceStore } from '../../store/index.ts';
import type { CommandContext } from '../command.ts';
import { kebabCase } from '../flag.ts';
import { formatCount } from '../trace-view/index.ts';
import { writePrivateLines } from './private-file.ts';
import { requireTrace, storePath } from './stored-trace.ts';
import { filterQuery, traceFilterFlags } from './trace-filter.ts';
import type { TracesExportValues } from './traces-export.ts';

/**
 * Writes traces of the embedded store to a file, one record in each line. A trace that the store cannot read any more is
 * left out, named on stderr, and makes it end with exit code 3 when the others are written.
 *
 * @throws UsageError `EXPORT_CHOICE`, `OUT_EXISTS`, `OUT_UNWRITABLE`, `TRACE_NOT_FOUND` or `TRACE_AMBIGUOUS`; no file is
 *   written then.
 */
export async function runTracesExport(
  values: TracesExportValues,
  context: CommandContext,
): Promise<ExitCode> {
  checkChoice(values);
  const { clock, logger, stdout, stderr } = context;
  const path = resolve(context.cwd, values.out);
  const store = await openTraceStore({ path: storePath(context), readOnly: true, logger, clock });
  const damaged: string[] = [];
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const trace of chosenTraces(store, values, context, damaged)) {
      context.signal.throwIfAborted();
      count += 1;
      yield `${JSON.stringify(trace)}\n`;
    }
  }
  try {
    await writePrivateLines(path, lines(), { overwrite: values.force });
  } finally {
    await store.close();
  }
  stdout.write(
    values.json
      ? `${JSON.stringify({ path, traces: count, damaged: damaged.length })}\n`
      : `Wrote ${formatCount(count, 'trace')} to ${values.out}.\n`,
  );
  for (const problem of damaged) stderr.write(`Left out: ${problem}\n`);
  return damaged.length === 0 ? EXIT.pass : EXIT.noVerdict;
}

function checkChoice(values: TracesExportValues): void {
  const filters = Object.keys(traceFilterFlags).filter(
    (name) => values[name as keyof typeof traceFilterFlags] !== undefined,
  );
  const choices = [
    ...(values.ids.length > 0 ? ['ids'] : []),
    ...(filters.length > 0 ? [filters.map((name) => `--${kebabCase(name)}`).join(', ')] : []),
    ...(values.all ? ['--all'] : []),
  ];
  if (choices.length === 1) return;
  throw choices.length === 0
    ? new UsageError('EXPORT_CHOICE', 'Which traces?', {
        hint: 'Give ids, or an option such as --status error or --since 24h, or --all.',
      })
    : new UsageError('EXPORT_CHOICE', `${choices.join(' and ')} contradict each other.`, {
        hint: 'Leave all but one of them out.',
      });
}

async function* chosenTraces(
  store: TraceStore,
  values: TracesExportValues,
  context: CommandContext,
  damaged: string[],
): AsyncGenerator<Trace> {
  if (values.ids.length > 0) {
    const written = new Set<string>();
    for (const id of values.ids) {
      const { trace } = requireTrace(await store.find(id), id, storePath(context));
      if (!written.has(trace.id)) yield trace;
      written.add(trace.id);
    }
    return;
  }
  const query = filterQuery(values, context.clock.now());
  for (const { id } of await store.list({ ...query, limit: Number.MAX_SAFE_INTEGER })) {
    try {
      const lookup = await store.find(id);
      // Removed since it was listed: then it is no trace of the store any more.
      if (lookup.kind === 'found') yield lookup.trace;
    } catch (thrown) {
      if (!(thrown instanceof NoVerdictError) || thrown.code !== 'TRACE_DAMAGED') throw thrown;
      damaged.push(thrown.message);
    }
  }
}
