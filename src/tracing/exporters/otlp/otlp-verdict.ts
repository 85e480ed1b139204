import type { ExportResult } from '../exporter.ts';
import { readRetryAfter } from '../retry-after.ts';
import type { OtlpAnswer } from './otlp-request.ts';

/** HTTP answers that say something about the content sent: the same content will be refused again. */
const REFUSED = new Set([400, 413, 422]);
const HTML = /^\s*(text\/html|application\/xhtml)/i;

/**
 * What an answer means for a retry. A key, an address or a server can be mended, so only what speaks of the content is
 * final. What is said in the body stays there: it may repeat the content.
 *
 * @param now Milliseconds since the epoch, for a `Retry-After` that is a date.
 */
export function judgeOtlpAnswer(
  { status, reason, retryAfter, contentType }: Omit<OtlpAnswer, 'body'>,
  now: number,
): ExportResult {
  if (status >= 200 && status < 300) {
    if (contentType === null || !HTML.test(contentType)) return { kind: 'success' };
    // The page of a login, a proxy or another server: the traces have arrived nowhere.
    return {
      kind: 'retryable',
      error: new Error(`HTTP ${status} with a web page: no OTLP receiver is there`),
    };
  }
  const error = new Error(`HTTP ${status} ${reason}`.trim());
  if (REFUSED.has(status)) return { kind: 'refused', error };
  const retryAfterMs = readRetryAfter(retryAfter, now);
  return { kind: 'retryable', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
