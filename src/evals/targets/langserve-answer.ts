import { errorMessage, isRecord } from '../../core/index.ts';
import { mentionsQuota } from './quota.ts';

/** An HTTP answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly body: string;
}

/** What an answer of `/invoke` means. */
export type AnswerMeaning =
  | { readonly kind: 'answered'; readonly outputs: Record<string, unknown>; readonly runId?: string }
  | { readonly kind: 'agent_failed'; readonly error: string; readonly runId?: string }
  | { readonly kind: 'unavailable'; readonly error: string; readonly retryAfterMs?: number }
  /** Not the agent's answer: the URL, the credentials or the protocol is wrong. */
  | { readonly kind: 'misconfigured'; readonly error: string };

const UNAVAILABLE = new Set([429, 502, 503, 504]);
const MISCONFIGURED = new Set([401, 403, 404, 405, 407]);
const MAX_EXCERPT_LENGTH = 200;

/**
 * Reads an answer of a LangServe `/invoke` route: 200 with `output` is an answer; 429 and the gateway's 502, 503 and 504
 * say nothing about the agent, and neither does a failure for the limits of its model provider; 401, 403, 404, 405, redirects and a web page mean that the wrong thing was called; every
 * other status, and a body that is not the protocol's, is a failure of the agent.
 */
export function readAnswer(answer: HttpAnswer, nowMs: number): AnswerMeaning {
  const { status, headers, body } = answer;
  const runId = runIdOf(headers.get('x-run-id'));
  if (UNAVAILABLE.has(status)) {
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'), nowMs);
    const error = `HTTP ${status}${excerpt(body)}`;
    return { kind: 'unavailable', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (MISCONFIGURED.has(status)) return { kind: 'misconfigured', error: `HTTP ${status}${excerpt(body)}` };
  if (status >= 300 && status < 400) {
    const location = headers.get('location');
    return {
      kind: 'misconfigured',
      error: `HTTP ${status}, a redirect${location === null ? '' : ` to ${oneLine(location)}`}`,
    };
  }
  if (status < 200 || status >= 300) {
    const error = `HTTP ${status}${excerpt(body)}`;
    return mentionsQuota(body) ? { kind: 'unavailable', error } : failed(error, runId);
  }
  if (/^text\/html\b/i.test(headers.get('content-type') ?? '')) {
    return { kind: 'misconfigured', error: `HTTP ${status} with a web page` };
  }
  return readBody(body, runId);
}

function readBody(body: string, headerRunId: string | undefined): AnswerMeaning {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return failed(`The answer is not JSON: ${oneLine(errorMessage(error))}`, headerRunId);
  }
  const metadata = isRecord(parsed) ? parsed['metadata'] : undefined;
  const runId = (isRecord(metadata) ? runIdOf(metadata['run_id']) : undefined) ?? headerRunId;
  if (!isRecord(parsed) || !Object.hasOwn(parsed, 'output')) {
    return failed('The answer has no field "output".', runId);
  }
  const { output } = parsed;
  const outputs = isRecord(output) ? output : { output };
  const said = outputs['__error__'];
  if (said !== undefined) {
    const message = isRecord(said) && typeof said['message'] === 'string' ? said['message'] : said;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const error = `The agent reported an error: ${clip(text)}`;
    return mentionsQuota(JSON.stringify(said)) ? { kind: 'unavailable', error } : failed(error, runId);
  }
  return { kind: 'answered', outputs, ...(runId === undefined ? {} : { runId }) };
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  // Date.parse takes nearly anything; an HTTP date has a day, a time and GMT.
  const date = /\d{2}:\d{2}:\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function failed(error: string, runId: string | undefined): AnswerMeaning {
  return { kind: 'agent_failed', error, ...(runId === undefined ? {} : { runId }) };
}

function runIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined;
}

function excerpt(body: string): string {
  const text = clip(body);
  return text === '' ? '' : `: ${text}`;
}

function clip(text: string): string {
  const line = oneLine(text.slice(0, MAX_EXCERPT_LENGTH * 4));
  return line.length > MAX_EXCERPT_LENGTH ? `${line.slice(0, MAX_EXCERPT_LENGTH - 1)}…` : line;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
