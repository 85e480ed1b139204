import { isRecord } from '../../../core/index.ts';
import type { ExportResult } from '../exporter.ts';
import { readRetryAfter } from '../retry-after.ts';

/** What an answer to an ingest request means for the runs in it. */
export type Verdict =
  | { readonly kind: 'taken' }
  /** At least one run of the request is there already. */
  | { readonly kind: 'known' }
  /** The request is too big, whatever `/info` says. */
  | { readonly kind: 'too_big'; readonly error: Error }
  /** This server does not have the endpoint. */
  | { readonly kind: 'no_endpoint'; readonly error: Error }
  /** This server does not take the compression it advertised. */
  | { readonly kind: 'no_encoding'; readonly error: Error }
  | { readonly kind: 'retryable'; readonly error: Error; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly error: Error };

/** The parts of an answer that count. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/**
 * Judges an answer. What somebody can mend while the runs wait (an outage, a wrong key, a wrong endpoint) is worth another
 * attempt; what is wrong with the runs themselves is not.
 *
 * @param now Milliseconds since the epoch, for a `Retry-After` that is a date.
 */
export function judgeAnswer(answer: Answer, now: number): Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const error = new Error(describe(answer));
  if (status === 409) return { kind: 'known' };
  if (status === 413) return { kind: 'too_big', error };
  if (status === 404 || status === 405) return { kind: 'no_endpoint', error };
  if (status === 415) return { kind: 'no_encoding', error };
  if (status < 400 || status === 401 || status === 403) return { kind: 'retryable', error };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const retryAfterMs = readRetryAfter(answer.retryAfter, now);
    return { kind: 'retryable', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  return { kind: 'refused', error };
}

/** The one place where a verdict becomes a result of the exporter. */
export function toExportResult(verdict: Verdict): ExportResult {
  switch (verdict.kind) {
    case 'taken':
    case 'known':
      return { kind: 'success' };
    case 'retryable':
      return verdict;
    case 'no_endpoint':
      // A wrong endpoint can be mended.
      return { kind: 'retryable', error: verdict.error };
    default:
      return { kind: 'refused', error: verdict.error };
  }
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'check LANGSMITH_API_KEY',
  403: 'check LANGSMITH_API_KEY and LANGSMITH_WORKSPACE_ID',
  404: 'check LANGSMITH_ENDPOINT',
  405: 'check LANGSMITH_ENDPOINT',
};

/** Only what the server says in words: validation errors repeat the payload, which belongs in no log. */
function describe({ status, body }: Answer): string {
  const said = messageOf(body);
  const hint = status < 400 ? 'a redirect is not followed: check LANGSMITH_ENDPOINT' : HINTS[status];
  return [`LangSmith answered ${status}`, said, hint].filter(Boolean).join('; ');
}

function messageOf(body: string): string | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (!isRecord(json)) return undefined;
    const text = [json['detail'], json['error'], json['message']].find((value) => typeof value === 'string');
    return text?.replace(/\s+/g, ' ').slice(0, 200);
  } catch {
    // Proxies answer in HTML.
    return undefined;
  }
}
