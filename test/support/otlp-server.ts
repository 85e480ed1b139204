import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A value of an attribute in OTLP's JSON. */
interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code?: number; readonly message?: string };
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
  readonly schemaUrl: string | undefined;
}

/** A data point of a metric as it arrived. */
export interface ReceivedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: 'sum' | 'gauge' | 'histogram';
  readonly isMonotonic: boolean | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of a sum or a gauge. */
  readonly value: number | undefined;
  /** Of a histogram. */
  readonly count: number | undefined;
  readonly sum: number | undefined;
  readonly bounds: readonly number[] | undefined;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
}

/** What the stand-in answers to a request; `hang` answers nothing. */
export type OtlpAnswer =
  | 'hang'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

/** An OTLP/HTTP receiver on a real socket that keeps what it is sent, as JSON. */
export interface OtlpServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`, for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Every data point of every export, in the order they came. */
  readonly metrics: readonly ReceivedPoint[];
  /** Paths and headers of every request, also of those refused. */
  readonly requests: readonly {
    readonly path: string;
    readonly headers: Readonly<Record<string, unknown>>;
  }[];
  /** Answers of the next requests, first one first; 200 once there are none. */
  readonly answers: OtlpAnswer[];
  /** How many connections are open. */
  connections(): Promise<number>;
}

/** Starts an {@link OtlpServer}. */
export async function otlpServer(): Promise<OtlpServer> {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedPoint[] = [];
  const requests: { path: string; headers: Record<string, unknown> }[] = [];
  const answers: OtlpAnswer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The sender, or this server, has ended before the request was whole.
      return;
    }
    requests.push({ path: request.url ?? '', headers: request.headers });
    const answer = answers.shift() ?? { status: 200, body: '{}' };
    if (answer === 'hang') return;
    if (answer.status === 200) {
      const sent = Buffer.concat(chunks);
      const body = JSON.parse(
        (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString(),
      );
      if (request.url?.endsWith('/v1/metrics')) metrics.push(...readMetrics(body));
      else spans.push(...readSpans(body));
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    answers,
    metrics,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly schemaUrl?: string;
      readonly spans: readonly (Omit<ReceivedSpan, 'attributes' | 'events' | 'links'> & {
        readonly attributes: readonly OtlpAttribute[];
        readonly events: readonly { readonly name: string; readonly attributes: readonly OtlpAttribute[] }[];
        readonly links?: readonly {
          readonly traceId: string;
          readonly spanId: string;
          readonly attributes: readonly OtlpAttribute[];
        }[];
      })[];
    }[];
  }[];
}

function readSpans(request: OtlpRequest): ReceivedSpan[] {
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, schemaUrl, spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: record(span.attributes),
        events: span.events.map((event) => ({ ...event, attributes: record(event.attributes) })),
        links: (span.links ?? []).map((link) => ({ ...link, attributes: record(link.attributes) })),
        resource: record(resource.attributes),
        scope: scope.name,
        schemaUrl,
      })),
    ),
  );
}

interface OtlpPoint {
  readonly attributes: readonly OtlpAttribute[];
  readonly asInt?: number | string;
  readonly asDouble?: number;
  readonly count?: number | string;
  readonly sum?: number;
  readonly explicitBounds?: readonly number[];
}

interface OtlpPoints {
  readonly dataPoints: readonly OtlpPoint[];
  readonly isMonotonic?: boolean;
}

interface OtlpMetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly {
        readonly name: string;
        readonly unit: string;
        readonly sum?: OtlpPoints;
        readonly gauge?: OtlpPoints;
        readonly histogram?: OtlpPoints;
      }[];
    }[];
  }[];
}

function readMetrics(request: OtlpMetricsRequest): ReceivedPoint[] {
  return request.resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.flatMap((metric) =>
        (['sum', 'gauge', 'histogram'] as const).flatMap((kind) =>
          (metric[kind]?.dataPoints ?? []).map((point) => ({
            metric: metric.name,
            unit: metric.unit,
            kind,
            isMonotonic: metric[kind]?.isMonotonic,
            attributes: record(point.attributes),
            value: numberOf(point.asInt ?? point.asDouble),
            count: numberOf(point.count),
            sum: point.sum,
            bounds: point.explicitBounds,
            resource: record(resource.attributes),
            scope: scope.name,
          })),
        ),
      ),
    ),
  );
}

function numberOf(value: number | string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function record(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}

function plain(value: OtlpValue): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}
