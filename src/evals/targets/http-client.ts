import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { HttpAnswer } from './langserve-answer.ts';

/** One request. */
export interface HttpRequest {
  readonly method: 'POST' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request and its connection. */
  readonly signal: AbortSignal;
}

/** How a request ended. `failed`: the network did before there was a whole answer. Redirects are answers. */
export type HttpResult =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'failed'; readonly cause: unknown };

/** Sends requests to one URL over connections that are kept open. */
export interface HttpClient {
  /** Rejects only for a request that cannot be written, such as one with a header that no header may be. */
  send(request: HttpRequest): Promise<HttpResult>;
  /** Closes the connections. Idempotent. */
  close(): void;
}

/** Options of {@link httpClient}. */
export interface HttpClientOptions {
  readonly url: URL;
  /** Where `NODE_USE_ENV_PROXY=1` is set, its `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` hold, on a Node that knows it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Shorter than the 5 s after which Node's own server closes: a request must not meet a connection that is going. */
const IDLE_TIMEOUT_MS = 4_000;

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/**
 * A client on `node:http`, which costs a third of the processor time of the global `fetch`: the time that a call waits for
 * this process is measured as the agent's. It sets no time limit of its own and follows no redirect.
 */
export function httpClient({ url, env }: HttpClientOptions): HttpClient {
  const isSecure = url.protocol === 'https:';
  const proxy = env['NODE_USE_ENV_PROXY'] === '1' ? { proxyEnv: env } : {};
  const options = { keepAlive: true, timeout: IDLE_TIMEOUT_MS, ...proxy };
  const agent = isSecure ? new SecureAgent(options) : new Agent(options);
  const request = isSecure ? requestHttps : requestHttp;
  const target = {
    agent,
    protocol: url.protocol,
    // An IPv6 address stands in brackets in a URL and nowhere else.
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    path: url.pathname,
  };
  return {
    async send({ method, headers, body = '', signal }) {
      signal.throwIfAborted();
      const sent = request({
        ...target,
        method,
        headers: {
          ...headers,
          'accept-encoding': 'gzip, deflate, br',
          ...(method === 'HEAD' ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      });
      const onAbort = () => void sent.destroy();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        const response = await responseOf(sent, body);
        const bytes = await bytesOf(response);
        return { kind: 'answer', answer: await toAnswer(response, bytes) };
      } catch (cause) {
        return { kind: 'failed', cause };
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    close() {
      agent.destroy();
    },
  };
}

function responseOf(sent: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // It stays for as long as the request lives: an error after the answer has begun is the answer's, too.
    sent.on('error', reject);
    sent.on('response', resolve);
    sent.end(body);
  });
}

/** By its events: `node:stream/consumers` goes through a Blob, which costs as much as all the rest. */
function bytesOf(response: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => resolve(Buffer.concat(parts)));
    response.on('error', reject);
  });
}

async function toAnswer({ statusCode = 0, headers }: IncomingMessage, bytes: Buffer): Promise<HttpAnswer> {
  const decode = DECODERS[headers['content-encoding']?.trim().toLowerCase() ?? ''];
  const plain = decode === undefined || bytes.length === 0 ? bytes : await decode(bytes);
  return {
    status: statusCode,
    headers: {
      get(name) {
        const value = headers[name.toLowerCase()];
        return (Array.isArray(value) ? value.join(', ') : value) ?? null;
      },
    },
    // As a browser reads it: the byte order mark is no part of the text.
    body: plain.toString('utf8').replace(/^\uFEFF/, ''),
  };
}
