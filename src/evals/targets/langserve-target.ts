import { validateHeaderValue } from 'node:http';
import { type Clock, errorMessage, isRecord, NoVerdictError, UsageError } from '../../core/index.ts';
import { httpClient } from './http-client.ts';
import { type AnswerMeaning, readAnswer } from './langserve-answer.ts';
import type { Target, TargetResult } from './target.ts';
import { withTimeLimit } from './time-limit.ts';

/** Options of {@link langserveTarget}. */
export interface LangserveTargetOptions {
  readonly spec: string;
  /** Base of the routes: `/invoke` is below it. */
  readonly url: URL;
  readonly clock: Clock;
  /** Read for the settings of a proxy. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Value of the `Authorization` header. */
  readonly authorization?: string;
}

const CHECK_TIMEOUT_MS = 10_000;

/**
 * An agent that is served with LangServe's routes.
 *
 * @throws UsageError `TARGET_INVALID` for an authorization that cannot be a header.
 */
export function langserveTarget(options: LangserveTargetOptions): Target {
  const { spec, env, clock, authorization } = options;
  if (authorization !== undefined) refuseBrokenHeader(authorization);
  const base = options.url.href.replace(/\/$/, '');
  const invokeUrl = `${base}/invoke`;
  const invoke = httpClient({ url: new URL(invokeUrl), env });
  const root = httpClient({ url: new URL(base), env });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  };
  // Once the agent has answered, the URL and credentials were right: a later 401 or 404 is an outage.
  let hasAnswered = false;

  async function post(inputs: Record<string, unknown>, signal: AbortSignal): Promise<AnswerMeaning> {
    const body = JSON.stringify({ input: inputs, config: {}, kwargs: {} });
    const result = await invoke.send({ method: 'POST', headers, body, signal });
    if (result.kind === 'failed') return { kind: 'unavailable', error: describe(result.cause) };
    return readAnswer(result.answer, clock.now());
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
          throw ended.thrown;
      }
    },
    async check({ signal = new AbortController().signal } = {}) {
      const ended = await withTimeLimit((inner) => root.send({ method: 'HEAD', headers, signal: inner }), {
        timeoutMs: CHECK_TIMEOUT_MS,
        signal,
        clock,
      });
      if (ended.kind === 'threw') throw ended.thrown;
      if (ended.kind === 'done' && ended.value.kind === 'answer') return;
      const cause = ended.kind === 'done' && ended.value.kind === 'failed' ? ended.value.cause : undefined;
      const why = ended.kind === 'done' ? describe(cause) : `no answer within ${CHECK_TIMEOUT_MS / 1_000} s`;
      throw new NoVerdictError('TARGET_UNREACHABLE', `Cannot reach the agent at ${base}: ${why}.`, {
        hint: 'Start the agent, for example: sluice serve ./agent.ts#graph',
        cause,
      });
    },
    async close() {
      invoke.close();
      root.close();
    },
  };
}

/** The value is a secret: the error must not show it. */
function refuseBrokenHeader(authorization: string): void {
  try {
    validateHeaderValue('authorization', authorization);
  } catch (cause) {
    throw new UsageError(
      'TARGET_INVALID',
      'SLUICE_TARGET_AUTHORIZATION has a character no header may have.',
      {
        hint: 'Look for a line break at its end.',
        cause,
      },
    );
  }
}

/** The innermost cause says most. */
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
