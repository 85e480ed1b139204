import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A local stand-in for LangSmith and for an OTLP collector that prints what it gets. */
export interface Receiver extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
}

/** Starts a {@link Receiver} on a free port of the loopback interface. */
export async function startReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const path = request.url ?? '/';
    process.stdout.write(`${request.method} ${path} (${body.length} bytes)\n`);
    for (const line of linesOf(path, body)) process.stdout.write(`  ${line}\n`);
    // No compression and no limits are advertised, so that bodies come as plain text.
    const info = path === '/info' ? { batch_ingest_config: { use_multipart_endpoint: true } } : {};
    response.writeHead(path.startsWith('/runs') ? 202 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(info));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function linesOf(path: string, body: Buffer): string[] {
  if (path.startsWith('/runs')) return langSmithRuns(body);
  if (path === '/v1/traces') return otlpSpans(body);
  return path === '/v1/metrics' ? otlpMetrics(body) : [];
}

/** The runs of a multipart request. Their inputs, outputs and errors are parts of their own, and are counted. */
function langSmithRuns(body: Buffer): string[] {
  const runs = new Map<string, { name: string; fields: string[] }>();
  for (const [, part = '', data = ''] of body
    .toString()
    .matchAll(/name="([^"]+)"\r\n[^\r]*\r\n\r\n([^\r]*)/g)) {
    const [operation, id, field] = part.split('.');
    const key = `${operation} ${id}`;
    if (field === undefined) runs.set(key, { name: (JSON.parse(data) as { name: string }).name, fields: [] });
    else runs.get(key)?.fields.push(`${field} ${data.length}`);
  }
  return [...runs].map(([key, { name, fields }]) => `${key} ${name} (${fields.join(', ')})`);
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly status?: { readonly code?: number };
      }[];
    }[];
  }[];
}

interface OtlpMetricsRequest {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly sum?: { readonly dataPoints: readonly OtlpPoint[] };
      }[];
    }[];
  }[];
}

interface OtlpPoint {
  readonly attributes: readonly { readonly value: { readonly stringValue?: string } }[];
  readonly asDouble?: number;
}

/** The counters of runs: one line of each. */
function otlpMetrics(body: Buffer): string[] {
  const { resourceMetrics } = JSON.parse(body.toString()) as OtlpMetricsRequest;
  return resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name === 'sluicegate.runs')
    .flatMap(({ name, sum }) =>
      (sum?.dataPoints ?? []).map(
        ({ attributes, asDouble }) =>
          `${name} ${attributes.map(({ value }) => value.stringValue).join(' ')} ${asDouble}`,
      ),
    );
}

function otlpSpans(body: Buffer): string[] {
  const { resourceSpans } = JSON.parse(body.toString()) as OtlpRequest;
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map(({ name, traceId, status }) => `${traceId} ${name}${status?.code === 2 ? ' ERROR' : ''}`);
}
