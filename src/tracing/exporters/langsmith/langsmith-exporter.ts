import type { Trace } from '../../../core/index.ts';
import type { ExportOptions, ExportResult, TraceExporter } from '../exporter.ts';
import { type EncodedRun, encodeRun, encodeRuns, type RunsOfTrace } from './encoded-run.ts';
import { toLangSmithRuns } from './langsmith-run.ts';
import { batchBody, compressed, multipartBody } from './request-body.ts';
import { type Answer, judgeAnswer, toExportResult, type Verdict } from './response-verdict.ts';
import { DEFAULT_LIMITS, readServerLimits, type ServerLimits } from './server-limits.ts';
import type { LangSmithSettings } from './settings.ts';

/** What a {@link LangSmithExporter} takes from outside, each with a default. */
export interface LangSmithExporterDeps {
  readonly fetch?: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Limit of one request, in milliseconds. Default 30000. */
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
const INFO_TIMEOUT_MS = 10_000;
/** A run that is refused as too big is cut in half until it is smaller than this. */
const SMALLEST_RUN_BYTES = 64 * 1024;
/** Runs of unfinished batches that are remembered as delivered. */
const MAX_REMEMBERED = 20_000;

/**
 * Sends traces to LangSmith, each run as one finished `post`: `POST /runs/multipart` in batches as `GET /info` allows, or
 * `POST /runs/batch` where that endpoint is missing. Run ids are the ones LangChain gave, so that a run sent twice is one run
 * and feedback by run id finds it.
 *
 * A batch that was delivered in part sends only the rest when it comes again. The API key appears in no result.
 */
export class LangSmithExporter implements TraceExporter {
  readonly name = 'langsmith';
  readonly #headers: Readonly<Record<string, string>>;
  private readonly endpoint: string;
  private readonly project: string;
  private readonly fetch: typeof fetch;
  private readonly now: () => number;
  private readonly requestTimeoutMs: number;
  private readonly closing = new AbortController();
  private readonly delivered = new Set<string>();
  private limits: ServerLimits | undefined;

  constructor(settings: LangSmithSettings, deps: LangSmithExporterDeps = {}) {
    this.#headers = {
      'x-api-key': settings.apiKey,
      'user-agent': 'sluicegate',
      ...(settings.workspaceId === undefined ? {} : { 'x-tenant-id': settings.workspaceId }),
    };
    this.endpoint = settings.endpoint;
    this.project = settings.project;
    this.fetch = deps.fetch ?? ((input, init) => fetch(input, init));
    this.now = deps.now ?? Date.now;
    this.requestTimeoutMs = deps.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  }

  async export(traces: readonly Trace[], options: ExportOptions = {}): Promise<ExportResult> {
    const signal = AbortSignal.any([this.closing.signal, ...(options.signal ? [options.signal] : [])]);
    try {
      const ids: string[] = [];
      const result = toExportResult(await this.sendAll(this.undelivered(traces, ids), signal));
      if (result.kind === 'success') for (const id of ids) this.delivered.delete(id);
      return result;
    } catch (error) {
      // A trace that cannot be converted today cannot be tomorrow.
      return { kind: 'refused', error };
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  /** Each trace is converted when its request is made: all at once would hold up the application. Notes the ids of all runs. */
  private *undelivered(traces: readonly Trace[], ids: string[]): Generator<RunsOfTrace> {
    for (const trace of traces) {
      const runs = toLangSmithRuns(trace, { project: this.project });
      for (const { id } of runs) ids.push(id);
      yield { trace, runs: runs.filter(({ id }) => !this.delivered.has(id)) };
    }
  }

  /** Stops at the first outage; goes on past runs that are refused, so that they cost only themselves. */
  private async sendAll(traces: Iterable<RunsOfTrace>, signal: AbortSignal): Promise<Verdict> {
    let worst: Verdict = { kind: 'taken' };
    const limits = await this.serverLimits(signal);
    for (const request of packRuns(traces, limits)) {
      const verdict = await this.send(request, signal);
      if (verdict.kind === 'taken' || verdict.kind === 'known') continue;
      worst = verdict;
      if (toExportResult(verdict).kind === 'retryable') break;
    }
    return worst;
  }

  private async send(runs: readonly EncodedRun[], signal: AbortSignal): Promise<Verdict> {
    const verdict = await this.attempt(runs, signal);
    switch (verdict.kind) {
      case 'no_encoding':
        if (this.limits?.encoding === undefined) return { kind: 'refused', error: verdict.error };
        this.limits = { ...this.limits, encoding: undefined };
        return this.send(runs, signal);
      case 'no_endpoint':
        if (this.limits?.multipart === false) {
          // Neither is there: this is not LangSmith, or not now. Ask again next time.
          this.limits = undefined;
          return verdict;
        }
        this.limits = { ...(this.limits ?? DEFAULT_LIMITS), multipart: false };
        return this.send(runs, signal);
      case 'known':
      case 'too_big': {
        // One known run says nothing of the others, and half a request may be small enough.
        if (runs.length > 1) return this.sendHalves(runs, signal);
        if (verdict.kind === 'known') this.remember(runs);
        return verdict.kind === 'too_big' ? this.sendSmaller(runs, verdict, signal) : verdict;
      }
      case 'taken':
        this.remember(runs);
        return verdict;
      default:
        return verdict;
    }
  }

  private async sendHalves(runs: readonly EncodedRun[], signal: AbortSignal): Promise<Verdict> {
    const middle = Math.ceil(runs.length / 2);
    const first = await this.send(runs.slice(0, middle), signal);
    if (toExportResult(first).kind === 'retryable') return first;
    const second = await this.send(runs.slice(middle), signal);
    return toExportResult(second).kind === 'success' ? first : second;
  }

  /** A proxy before the server may take less than the server says. */
  private async sendSmaller(
    runs: readonly EncodedRun[],
    refusal: Verdict,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const [only] = runs;
    if (only === undefined || only.sizeBytes < SMALLEST_RUN_BYTES) return refusal;
    const smaller = encodeRun(only.run, Math.floor(only.sizeBytes / 2));
    return smaller.sizeBytes < only.sizeBytes ? this.send([smaller], signal) : refusal;
  }

  private async attempt(runs: readonly EncodedRun[], signal: AbortSignal): Promise<Verdict> {
    const { multipart, encoding } = this.limits ?? DEFAULT_LIMITS;
    const path = multipart ? '/runs/multipart' : '/runs/batch';
    // Only the multipart endpoint is said to take compressed bodies.
    const body = multipart ? await compressed(multipartBody(runs), encoding) : batchBody(runs);
    const answer = await this.request(path, {
      timeoutMs: this.requestTimeoutMs,
      signal,
      method: 'POST',
      headers: { ...body.headers, accept: 'application/json' },
      body: body.bytes,
    });
    return answer instanceof Error ? { kind: 'retryable', error: answer } : judgeAnswer(answer, this.now());
  }

  /** Asked once; a server that could not be asked is asked again with the next batch. */
  private async serverLimits(signal: AbortSignal): Promise<ServerLimits> {
    if (this.limits !== undefined) return this.limits;
    const answer = await this.request('/info', {
      timeoutMs: INFO_TIMEOUT_MS,
      signal,
      headers: { accept: 'application/json' },
    });
    if (answer instanceof Error || answer.status >= 500 || answer.status === 429) return DEFAULT_LIMITS;
    this.limits = answer.status === 200 ? readServerLimits(parseJson(answer.body)) : DEFAULT_LIMITS;
    return this.limits;
  }

  /** An error is a connection that failed or took too long. */
  private async request(
    path: string,
    { timeoutMs, signal, ...init }: Omit<RequestInit, 'signal'> & { timeoutMs: number; signal: AbortSignal },
  ): Promise<Answer | Error> {
    try {
      const response = await this.fetch(`${this.endpoint}${path}`, {
        ...init,
        headers: { ...init.headers, ...this.#headers },
        // A redirect would carry the key to another host.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return {
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
        body: await response.text(),
      };
    } catch (thrown) {
      return new Error(`LangSmith cannot be reached at ${this.endpoint}: ${connectionProblem(thrown)}`);
    }
  }

  private remember(runs: readonly EncodedRun[]): void {
    for (const { id } of runs) this.delivered.add(id);
    for (const id of this.delivered) {
      if (this.delivered.size <= MAX_REMEMBERED) return;
      this.delivered.delete(id);
    }
  }
}

/** Groups runs into requests within the limits, encoding each when its turn comes. */
function* packRuns(traces: Iterable<RunsOfTrace>, limits: ServerLimits): Generator<readonly EncodedRun[]> {
  let request: EncodedRun[] = [];
  let bytes = 0;
  for (const encoded of encodeRuns(traces, limits.maxBytes)) {
    if (
      request.length > 0 &&
      (request.length >= limits.maxRuns || bytes + encoded.sizeBytes > limits.maxBytes)
    ) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(encoded);
    bytes += encoded.sizeBytes;
  }
  if (request.length > 0) yield request;
}

/** Said without the thrown message, which can repeat headers. */
function connectionProblem(thrown: unknown): string {
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'no answer in time';
  if (thrown instanceof Error && thrown.name === 'AbortError') return 'the request was given up';
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'the connection failed';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A page of a proxy: nothing is known of the server behind it.
    return undefined;
  }
}
