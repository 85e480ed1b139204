import { isRecord, NoVerdictError, UsageError } from '../../core/index.ts';
import { openTelemetryId, traceOfSpans } from './genai-trace.ts';
import { type JsonClient, jsonClient } from './http-json.ts';
import { type FlatSpan, otlpSpans, phoenixSpan } from './otlp-spans.ts';
import type { SourceDeps, TraceSource } from './trace-source.ts';

/** A backend of OpenTelemetry that a trace can be read from by its id. */
export type OtlpBackend = 'jaeger' | 'tempo' | 'phoenix';

type Fetch = (traceId: string, signal: AbortSignal) => Promise<readonly FlatSpan[]>;

/** More pages than this of one trace are a filter that the server does not know. */
const MAX_PAGES = 100;
const PAGE_SIZE = 1_000;

/**
 * Jaeger (`/api/v3/traces/{id}`), Tempo (`/api/v2/traces/{id}`, before 2.7 `/api/traces/{id}`) or Phoenix (spans of a project by
 * trace id, from 13.9 on; the project is the fragment of the URL, by default `default`). Headers come from
 * `SLUICE_SOURCE_HEADERS` (`name=value`, separated by commas), for Phoenix also the key from `PHOENIX_API_KEY`.
 *
 * @throws UsageError `SOURCE_INVALID` for a URL that is none, or headers that are none.
 */
export function otlpSource(backend: OtlpBackend, address: string, deps: SourceDeps): TraceSource {
  const base = baseUrl(backend, address);
  const project = decodeURIComponent(base.hash.slice(1)) || 'default';
  base.hash = '';
  const headers = headersOf(backend, deps.env);
  const get = withHeaders(jsonClient(NAMES[backend], deps), headers);
  const read = readers(base, project, get)[backend];
  const spec = `${backend}:${address}`;
  return {
    spec,
    async find(id, { signal }) {
      const traceId = openTelemetryId(id);
      return traceOfSpans(await read(traceId, signal), id, `${NAMES[backend]} at ${base.origin}`);
    },
  };
}

const NAMES = { jaeger: 'Jaeger', tempo: 'Tempo', phoenix: 'Phoenix' } as const;

function readers(base: URL, project: string, get: JsonClient): Record<OtlpBackend, Fetch> {
  const at = (path: string) => new URL(`${base.pathname.replace(/\/+$/, '')}${path}`, base);
  const document = async (path: string, signal: AbortSignal): Promise<readonly FlatSpan[]> => {
    const answer = await get({ url: at(path), signal });
    return answer.kind === 'missing' ? [] : otlpSpans(answer.value);
  };
  return {
    jaeger: (traceId, signal) => document(`/api/v3/traces/${traceId}`, signal),
    async tempo(traceId, signal) {
      const spans = await document(`/api/v2/traces/${traceId}`, signal);
      return spans.length > 0 ? spans : await document(`/api/traces/${traceId}`, signal);
    },
    async phoenix(traceId, signal) {
      const spans: FlatSpan[] = [];
      let cursor: unknown;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const url = at(`/v1/projects/${encodeURIComponent(project)}/spans`);
        url.searchParams.set('trace_id', traceId);
        url.searchParams.set('limit', String(PAGE_SIZE));
        if (typeof cursor === 'string') url.searchParams.set('cursor', cursor);
        const answer = await get({ url, signal });
        const body = answer.kind === 'json' && isRecord(answer.value) ? answer.value : {};
        const data = Array.isArray(body['data']) ? body['data'].filter(isRecord) : [];
        // An older server ignores the filter.
        spans.push(...data.map(phoenixSpan).filter((span) => span.traceId === traceId));
        cursor = body['next_cursor'];
        if (typeof cursor !== 'string' || cursor === '') return spans;
      }
      throw new NoVerdictError(
        'SOURCE_ANSWER',
        `Phoenix at ${base.origin} sent more than ${MAX_PAGES} pages of spans for one trace.`,
        { hint: 'Phoenix finds spans by trace id from version 13.9 on.' },
      );
    },
  };
}

function baseUrl(backend: OtlpBackend, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      'SOURCE_INVALID',
      `--from ${backend}:… needs an http or https URL, not ${JSON.stringify(address)}.`,
      {
        hint: `For example: --from ${backend}:${EXAMPLES[backend]}`,
      },
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('SOURCE_INVALID', `--from ${backend}:… must not contain credentials.`, {
      hint: 'Set SLUICE_SOURCE_HEADERS="authorization=Basic …" instead: command lines are seen by others.',
    });
  }
  return url;
}

const EXAMPLES = {
  jaeger: 'http://127.0.0.1:16686',
  tempo: 'http://127.0.0.1:3200',
  phoenix: 'http://127.0.0.1:6006#my-project',
} as const;

function withHeaders(client: JsonClient, headers: Readonly<Record<string, string>>): JsonClient {
  return (request) => client({ ...request, headers: { ...headers, ...request.headers } });
}

function headersOf(backend: OtlpBackend, env: SourceDeps['env']): Record<string, string> {
  const headers: Record<string, string> = {};
  const key = env['PHOENIX_API_KEY'];
  if (backend === 'phoenix' && key) headers['authorization'] = `Bearer ${key}`;
  for (const pair of (env['SLUICE_SOURCE_HEADERS'] ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    // The value may be a secret, so it is not repeated.
    if (name === undefined || value === undefined || !/^[\x20-\x7e]*$/.test(value)) {
      throw new UsageError('SOURCE_INVALID', 'SLUICE_SOURCE_HEADERS is not a list of name=value.', {
        hint: 'For example: SLUICE_SOURCE_HEADERS="authorization=Bearer …,x-scope-orgid=1"',
      });
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
