import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import {
  errorMessage,
  hasErrorCode,
  NoVerdictError,
  type Trace,
  traceSchema,
  UsageError,
} from '../../core/index.ts';
import { MIN_PREFIX_LENGTH, type TraceQuery } from '../../store/index.ts';
import { lacksOf } from './lacks.ts';
import type { FoundTrace, SourceDeps, TraceSource } from './trace-source.ts';

/** A file of traces, one JSON record a line, as `sluice traces export` writes it. */
export function fileSource(path: string, { cwd }: SourceDeps): TraceSource {
  const absolute = resolve(cwd, path);
  return {
    spec: path,
    async find(id, { signal }): Promise<FoundTrace> {
      const matches: Trace[] = [];
      for await (const trace of traces(absolute, path, signal)) {
        if (trace.id === id || trace.spans.some((span) => span.id === id)) return found(trace);
        if (id.length >= MIN_PREFIX_LENGTH && trace.id.startsWith(id)) matches.push(trace);
      }
      const [only, other] = matches;
      if (only !== undefined && other === undefined) return found(only);
      if (other !== undefined) {
        throw new UsageError('TRACE_AMBIGUOUS', `${JSON.stringify(id)} fits several traces in ${path}.`, {
          hint: `Give the whole id of one of them:\n  ${matches
            .slice(0, 10)
            .map((trace) => trace.id)
            .join('\n  ')}`,
        });
      }
      throw new NoVerdictError('TRACE_NOT_FOUND', `No trace or span ${JSON.stringify(id)} in ${path}.`, {
        hint: 'Write the file again: sluice traces export <id> --out <file>.',
      });
    },
    async list(query, { signal }) {
      const found: Trace[] = [];
      for await (const trace of traces(absolute, path, signal)) if (matches(trace, query)) found.push(trace);
      return found
        .toSorted((a, b) => b.startTimeMs - a.startTimeMs)
        .slice(0, query.limit)
        .map(({ id }) => id);
    },
  };
}

function found(trace: Trace): FoundTrace {
  return { trace, lacks: lacksOf(trace) };
}

function matches(trace: Trace, query: TraceQuery): boolean {
  return (
    (query.outcome === undefined || trace.outcome === query.outcome) &&
    (query.sinceMs === undefined || trace.startTimeMs >= query.sinceMs) &&
    (query.name === undefined || trace.name === query.name) &&
    (query.threadId === undefined || trace.threadId === query.threadId) &&
    (query.project === undefined || trace.project === query.project)
  );
}

async function* traces(absolute: string, path: string, signal: AbortSignal): AsyncGenerator<Trace> {
  const stream = createReadStream(absolute, { encoding: 'utf8', signal });
  let lineNumber = 0;
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      lineNumber += 1;
      if (line.trim() !== '') yield readTrace(line, `${path}:${lineNumber}`);
    }
  } catch (thrown) {
    signal.throwIfAborted();
    if (hasErrorCode(thrown, 'ENOENT')) {
      throw new UsageError('TRACE_FILE_MISSING', `There is no file ${path}.`, {
        hint: 'Write one where the run was recorded: sluice traces export <id> --out <file>.',
        cause: thrown,
      });
    }
    if (thrown instanceof Error && 'syscall' in thrown) {
      throw new UsageError('TRACE_FILE_UNREADABLE', `Cannot read ${path}: ${errorMessage(thrown)}.`, {
        cause: thrown,
      });
    }
    throw thrown;
  } finally {
    stream.destroy();
  }
}

function readTrace(line: string, where: string): Trace {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (thrown) {
    throw new UsageError('TRACE_FILE_INVALID', `${where}: no JSON: ${errorMessage(thrown)}.`, {
      cause: thrown,
    });
  }
  const parsed = traceSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(
    'TRACE_FILE_INVALID',
    `${where}: ${issue?.path.join('.') || 'the record'}: ${issue?.message ?? 'is no trace'}.`,
    { hint: 'A trace file has one trace a line, as sluice traces export writes it.' },
  );
}
