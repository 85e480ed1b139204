import { errorMessage, isRecord, NoVerdictError } from '../../core/index.ts';
import type { SourceDeps } from './trace-source.ts';

/** One request for JSON. */
export interface JsonRequest {
  readonly url: URL;
  /** Secrets among them are never part of a message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON by POST; without it the request is a GET. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** What came back. `missing`: 404, or another status that says that there is no such thing. */
export type JsonAnswer = { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'missing' };

/** Sends requests for JSON. */
export type JsonClient = (request: JsonRequest) => Promise<JsonAnswer>;

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** For one request, its body included. */
const TIMEOUT_MS = 30_000;
const MISSING = new Set([404, 405, 410, 501]);

/**
 * A client that tries again after a failure of the network, 408, 429 or 5xx, up to four times, waiting as long as
 * `Retry-After` says or 0.25, 0.5, 1 s.
 *
 * @throws NoVerdictError `SOURCE_UNAVAILABLE` when it never answered, `SOURCE_REFUSED` for 401, 403 and any other status, and
 *   `SOURCE_ANSWER` for what is no JSON; and the signal's reason when it is aborted.
 */
export function jsonClient(name: string, deps: Pick<SourceDeps, 'clock' | 'fetch'>): JsonClient {
  const send = deps.fetch ?? fetch;
  return async ({ url, headers = {}, body, signal }) => {
    const where = `${name} at ${url.origin}`;
    let problem: NoVerdictError | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      signal.throwIfAborted();
      let waitMs = FIRST_WAIT_MS * 2 ** attempt;
      try {
        const response = await send(url, {
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          // A redirect could carry the key to another host.
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        const text = await response.text();
        if (response.ok) return { kind: 'json', value: parsed(text, where) };
        if (MISSING.has(response.status)) return { kind: 'missing' };
        const refused = refusal(where, response.status, text);
        if (response.status !== 408 && response.status !== 429 && response.status < 500) throw refused;
        problem = refused;
        waitMs = retryAfterMs(response.headers.get('retry-after')) ?? waitMs;
      } catch (thrown) {
        signal.throwIfAborted();
        if (thrown instanceof NoVerdictError) throw thrown;
        problem = unreachable(where, thrown);
      }
      if (attempt < ATTEMPTS - 1) await deps.clock.sleep(Math.min(LONGEST_WAIT_MS, waitMs), signal);
    }
    throw problem ?? unreachable(where, 'no answer');
  };
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new NoVerdictError('SOURCE_ANSWER', `${where} answered with something that is no JSON.`, {
      hint: 'Look whether the URL is that of its HTTP API, and not of its user interface.',
      cause: thrown,
    });
  }
}

function refusal(where: string, status: number, text: string): NoVerdictError {
  const isAuth = status === 401 || status === 403;
  const said = detail(text);
  return new NoVerdictError(
    'SOURCE_REFUSED',
    `${where} answered ${status}${said === '' ? '' : `: ${said}`}.`,
    {
      hint: isAuth
        ? 'Set the key of an account that may read it: LANGSMITH_API_KEY, PHOENIX_API_KEY, or headers in SLUICE_SOURCE_HEADERS.'
        : 'Look into the log of the server.',
    },
  );
}

/** The reason in an error body of FastAPI, Go or Connect, on one line. */
function detail(text: string): string {
  let reason: unknown = text;
  try {
    const body: unknown = JSON.parse(text);
    if (isRecord(body)) reason = body['detail'] ?? body['message'] ?? body['error'] ?? text;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  const line = typeof reason === 'string' ? reason : JSON.stringify(reason);
  return line.replace(/\s+/g, ' ').trim().slice(0, 200);
}

function unreachable(where: string, thrown: unknown): NoVerdictError {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return new NoVerdictError('SOURCE_UNAVAILABLE', `${where} did not answer: ${errorMessage(cause)}.`, {
    hint: 'Look whether it runs and whether this machine reaches it.',
    cause: thrown,
  });
}

function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : undefined;
}
