import { UsageError } from '../../core/index.ts';
import { fileSource } from './file-source.ts';
import { storeSource } from './store-source.ts';
import type { SourceDeps, TraceSource } from './trace-source.ts';

/**
 * The source that a `--from` names: `langsmith:[project]`, `jaeger:URL`, `tempo:URL`, `phoenix:URL[#project]`, or a file of
 * traces. Without one it is the embedded store at `storePath`.
 *
 * @throws UsageError `SOURCE_INVALID` or `LANGSMITH_SETTINGS_INVALID`.
 */
export async function openTraceSource(
  from: string | undefined,
  storePath: string,
  deps: SourceDeps,
): Promise<TraceSource> {
  if (from === undefined) return storeSource(storePath, deps);
  const [, kind = '', rest = ''] = /^([a-z]{2,}):(.*)$/s.exec(from) ?? [];
  switch (kind) {
    case 'langsmith':
      return (await import('./langsmith-source.ts')).langSmithSource(rest, deps);
    case 'jaeger':
    case 'tempo':
    case 'phoenix':
      return (await import('./otlp-source.ts')).otlpSource(kind, rest, deps);
    case '':
    case 'file':
      return fileSource(kind === 'file' ? rest : from, deps);
    default:
      throw new UsageError('SOURCE_INVALID', `--from does not know ${JSON.stringify(kind)}.`, {
        hint: 'It takes langsmith:[project], jaeger:URL, tempo:URL, phoenix:URL#project, or a file of sluice traces export.',
      });
  }
}
