import { type Clock, errorMessage, isRecord, NoVerdictError } from '../../core/index.ts';
import { type AnswerMeaning, readAnswer } from './langserve-answer.ts';
import type { Target, TargetResult } from './target.ts';
import { withTimeLimit } from './time-limit.ts';

/** Options of {@link langserveTarget}. */
export interface LangserveTargetOptions {
  readonly spec: string;
  /** Base of the routes: `/invoke` is below it. */
  readonly url: URL;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Value of the `Authorization` header. */
  readonly authorization?: string;
}

const CHECK_TIMEOUT_MS = 10_000;
/** undici's own limits, 300 s each: the agent took the connection and did not answer. */
const CLIENT_TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** An agent that is served with LangServe's routes. */
export function langserveTarget(options: LangserveTargetOptions): Target {
  const { spec, fetch, clock, authorization } = options;
  const base = options.url.href.replace(/\/$/, '');
  const invokeUrl = `${base}/invoke`;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  };
  // Once the agent has answered, the URL and credentials were right: a later 401 or 404 is an outage.
  let hasAnswered = false;

  async function post(inputs: Record<string, unknown>, signal: AbortSignal): Promise<AnswerMeaning> {
    const response = await fetch(invokeUrl, {
      method: 'POST',
      headers,
      body: JSON.stringify({ input: inputs, config: {}, kwargs: {} }),
      redirect: 'manual',
      signal,
    });
    const body = await response.text();
    return readAnswer({ status: response.status, headers: response.headers, body }, clock.now());
  }

  function toResult(meaning: AnswerMeaning, latencyMs: number): TargetResult {
    if (meaning.kind !== 'misconfigured') {
      if (meaning.kind !== 'unavailable') hasAnswered = true;
      return { ...meaning, latencyMs };
    }
    if (hasAnswered) return { kind: 'unavailable', error: meaning.error, latencyMs };
    throw new NoVerdictError('TARGET_MISCONFIGURED', `${invokeUrl} answered ${meaning.error}.`, {
      hint: /^HTTP (401|403|407)/.test(meaning.error)
        ? 'Set SLUICE_TARGET_AUTHORIZATION to the value of the Authorization header, for example "Bearer ...".'
        : 'Give the URL that /invoke stands under, for example langserve:http://127.0.0.1:8000/agent.',
    });
  }

  return {
    spec,
    async call(inputs, { signal, timeoutMs }) {
      const startMs = clock.now();
      const ended = await withTimeLimit((inner) => post(inputs, inner), { timeoutMs, signal, clock });
      const latencyMs = Math.max(0, clock.now() - startMs);
      switch (ended.kind) {
        case 'done':
          return toResult(ended.value, latencyMs);
        case 'timed_out':
          hasAnswered = true;
          return {
            kind: 'agent_failed',
            error: `No answer within the time limit of ${timeoutMs} ms.`,
            latencyMs,
          };
        case 'threw':
          return toFailure(ended.thrown, latencyMs);
      }
    },
    async check({ signal = new AbortController().signal } = {}) {
      const ended = await withTimeLimit(
        async (inner) => {
          const response = await fetch(base, { method: 'HEAD', headers, redirect: 'manual', signal: inner });
          await response.body?.cancel();
        },
        { timeoutMs: CHECK_TIMEOUT_MS, signal, clock },
      );
      if (ended.kind === 'done') return;
      const why =
        ended.kind === 'threw' ? describe(ended.thrown) : `no answer within ${CHECK_TIMEOUT_MS / 1_000} s`;
      throw new NoVerdictError('TARGET_UNREACHABLE', `Cannot reach the agent at ${base}: ${why}.`, {
        hint: 'Start the agent, for example: sluice serve ./agent.ts#graph',
        ...(ended.kind === 'threw' ? { cause: ended.thrown } : {}),
      });
    },
    async close() {},
  };
}

/** What `fetch` throws: the network failed before there was an answer, or while it was read. */
function toFailure(thrown: unknown, latencyMs: number): TargetResult {
  const code = errorCode(thrown);
  if (code !== undefined && CLIENT_TIMEOUTS.has(code)) {
    return {
      kind: 'agent_failed',
      error: `No answer in the time that this client waits (${code}).`,
      latencyMs,
    };
  }
  if (!(thrown instanceof TypeError)) throw thrown;
  return { kind: 'unavailable', error: describe(thrown), latencyMs };
}

/** `fetch failed` says nothing; its cause does. */
function describe(thrown: unknown): string {
  const code = errorCode(thrown);
  const causes = causesOf(thrown);
  const cause = causes.at(-1) ?? thrown;
  const message = errorMessage(cause);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

function errorCode(thrown: unknown): string | undefined {
  for (const cause of [thrown, ...causesOf(thrown)]) {
    if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
}

const MAX_CAUSES = 5;

/** Causes from the outside in; of several tries to connect (IPv4 and IPv6) the first. */
function causesOf(thrown: unknown): unknown[] {
  const causes: unknown[] = [];
  let current: unknown = thrown;
  while (isErrorLike(current) && causes.length < MAX_CAUSES) {
    const next: unknown = current instanceof AggregateError ? current.errors[0] : current.cause;
    if (next === undefined) break;
    causes.push(next);
    current = next;
  }
  return causes;
}

function isErrorLike(value: unknown): value is Error {
  return value instanceof Error || (isRecord(value) && 'cause' in value);
}
