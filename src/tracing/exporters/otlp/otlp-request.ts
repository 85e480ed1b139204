import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Where and how one signal is sent, as the `OTEL_EXPORTER_OTLP_*` variables say. */
export interface OtlpEndpoint {
  readonly url: string;
  readonly headers: () => Promise<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMs: number;
  /** Holds the connections, and the certificates where there are any. */
  readonly agent: Agent;
}

/** The parts of an answer that count. */
export interface OtlpAnswer {
  readonly status: number;
  /** The reason phrase. */
  readonly reason: string;
  /** The header `Retry-After`. */
  readonly retryAfter: string | null;
  /** The header `Content-Type`. */
  readonly contentType: string | null;
  readonly body: Buffer;
}

/** A receiver that says more than this is none. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const PATHS = { TRACES: 'v1/traces', METRICS: 'v1/metrics' } as const;

/** Reads the endpoint of a signal from the environment, by the rules of OpenTelemetry's own exporters. */
export async function loadEndpoint(signal: keyof typeof PATHS): Promise<OtlpEndpoint> {
  const { convertLegacyHttpOptions } = await import('@opentelemetry/otlp-exporter-base/node-http');
  const settings = convertLegacyHttpOptions({}, signal, PATHS[signal], {
    'Content-Type': 'application/json',
  });
  return {
    url: settings.url,
    headers: settings.headers,
    compression: settings.compression,
    timeoutMs: settings.timeoutMillis,
    agent: await settings.agentFactory(new URL(settings.url).protocol),
  };
}

/**
 * One request, without a retry of its own: whoever calls decides when to come back, which OpenTelemetry's transport does not
 * leave to anybody. Aborting the signal closes the connection.
 *
 * @throws Error when there is no answer in the endpoint's time, or the connection fails.
 */
export async function post(
  endpoint: OtlpEndpoint,
  body: Uint8Array,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<OtlpAnswer> {
  const { url, compression, timeoutMs, agent } = endpoint;
  const timeout = AbortSignal.timeout(timeoutMs);
  const isZipped = compression === 'gzip';
  const sent = isZipped ? await promisify(gzip)(body) : body;
  const headers = {
    ...(await endpoint.headers()),
    'content-length': String(sent.length),
    'user-agent': 'sluicegate',
    ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  };
  // Loaded here, so that an instrumentation of these modules comes first.
  const { request } = await (url.startsWith('https:') ? import('node:https') : import('node:http'));
  const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    return await exchange((answered) =>
      request(url, { method: 'POST', headers, agent, signal: ended }, answered).end(sent),
    );
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    if (timeout.aborted) throw new Error(`No answer in ${timeoutMs} ms`, { cause: thrown });
    throw thrown;
  }
}

type Start = (answered: (response: IncomingMessage) => void) => ClientRequest;

function exchange(start: Start): Promise<OtlpAnswer> {
  return new Promise((resolve, reject) => {
    const request = start((response) => {
      read(response).then(
        (body) =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            retryAfter: response.headers['retry-after'] ?? null,
            contentType: response.headers['content-type'] ?? null,
            body,
          }),
        reject,
      );
    });
    request.on('error', reject);
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`The answer is over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
