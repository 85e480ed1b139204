import { errorMessage, isRecord, type Trace, UsageError } from '../../../core/index.ts';
import { type OtelHub, otelHub } from '../../otel/index.ts';
import type { ExportOptions, ExportResult, TraceExporter } from '../exporter.ts';
import { type LinkedTrace, toOtelSpans } from './genai-mapping.ts';
import type { OtelSpan } from './otel-span.ts';
import { loadEndpoint, type OtlpAnswer, type OtlpEndpoint, post } from './otlp-request.ts';
import { judgeOtlpAnswer } from './otlp-verdict.ts';

/** Options of {@link OtlpExporter}. */
export interface OtlpExporterOptions {
  /**
   * Whether messages, tool arguments and results, and other payloads are sent. They have passed the redaction; the
   * semantic conventions still ask that sending content be chosen. Default false.
   */
  readonly captureContent?: boolean;
  /** The `tracestate` of a trace, for example with its sampling threshold. Default: that of its parent. */
  readonly traceState?: (trace: Trace) => string | undefined;
  /** Version of this package, for the instrumentation scope. */
  readonly scopeVersion?: string;
  /** Knows whether the application's own SDK takes the spans. Default: that of the process. */
  readonly hub?: OtelHub;
  /** Told how many spans the receiver has left out of a request that it took. They are not sent again. */
  readonly onRejected?: (spans: number) => void;
  /** Milliseconds since the epoch, for a `Retry-After` that is a date. Default `Date.now`. */
  readonly now?: () => number;
}

/** What it takes to send spans ourselves. */
interface OwnSender {
  readonly endpoint: OtlpEndpoint;
  readonly resource: unknown;
  /** The body of a request; undefined when nothing can be made of the spans. */
  readonly serialize: (spans: OtelSpan[]) => Uint8Array | undefined;
  /** Hands on what the receiver says of a request, which may repeat what is in it, to whoever listens to OpenTelemetry. */
  readonly tell: (said: string) => void;
  /** Runs without being recorded: an export that instrumentation traces would make spans for ever. */
  readonly unrecorded: <Result>(work: () => Result) => Result;
}

/**
 * Sends traces as OpenTelemetry spans. Where the application's own SDK has a `SluicegateSpanProcessor`, the spans go
 * through that to the application's exporters; otherwise to the OTLP/HTTP endpoint that the `OTEL_EXPORTER_OTLP_*`
 * variables name, in the form that OpenTelemetry's own serializer gives them. That is loaded with the first trace.
 *
 * One export is one request: when to come back is decided outside, where `Retry-After` counts and the process may end.
 */
export class OtlpExporter implements TraceExporter {
  readonly name = 'otlp';
  private readonly options: OtlpExporterOptions;
  private readonly hub: OtelHub;
  private sender: Promise<OwnSender> | undefined;

  constructor(options: OtlpExporterOptions = {}) {
    this.options = options;
    this.hub = options.hub ?? otelHub;
  }

  async export(traces: readonly Trace[], options: ExportOptions = {}): Promise<ExportResult> {
    if (!this.hub.hasSink) {
      return this.sendRequest(({ resource, serialize }) => serialize(this.spans(traces, resource)), options);
    }
    try {
      this.hub.emit((resource) => this.spans(traces, resource));
      return { kind: 'success' };
    } catch (error) {
      // Thrown by what the traces are made of: the same traces would throw again.
      return { kind: 'refused', error };
    }
  }

  /**
   * Sends a request to the endpoint.
   *
   * @param make Makes its body; undefined when there is nothing to send. What it throws, the same content would throw again.
   */
  async sendRequest(
    make: (encoding: Pick<OwnSender, 'resource' | 'serialize'>) => Uint8Array | undefined,
    { signal }: ExportOptions = {},
  ): Promise<ExportResult> {
    let sender: OwnSender;
    try {
      this.sender ??= loadSender();
      sender = await this.sender;
    } catch (error) {
      // A broken installation can be mended, and says nothing of the traces.
      this.sender = undefined;
      return { kind: 'retryable', error: unavailable(error) };
    }
    try {
      return await this.send(sender, make(sender), signal);
    } catch (error) {
      // Thrown before the network, by what the traces are made of: the same traces would throw again.
      return { kind: 'refused', error };
    }
  }

  async close(): Promise<void> {
    const { sender } = this;
    this.sender = undefined;
    // That it could not be loaded, the export has said.
    const loaded = await sender?.catch(() => undefined);
    loaded?.endpoint.agent.destroy();
  }

  private async send(
    { endpoint, tell, unrecorded }: OwnSender,
    body: Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ExportResult> {
    if (body === undefined) return { kind: 'refused', error: new Error('Nothing to send') };
    let answer: OtlpAnswer;
    try {
      answer = await unrecorded(() => post(endpoint, body, { signal }));
    } catch (error) {
      return { kind: 'retryable', error };
    }
    const result = judgeOtlpAnswer(answer, (this.options.now ?? Date.now)());
    const partial = result.kind === 'success' ? partialSuccess(answer.body) : undefined;
    if (partial?.said) tell(`The OTLP receiver left out ${partial.rejected} spans: ${partial.said}.`);
    if (partial !== undefined && partial.rejected > 0) this.options.onRejected?.(partial.rejected);
    return result;
  }

  private spans(traces: readonly LinkedTrace[], resource: unknown): OtelSpan[] {
    const { captureContent = false, traceState, scopeVersion } = this.options;
    return traces.flatMap((trace) =>
      toOtelSpans(trace, { resource, captureContent, traceState: traceState?.(trace), scopeVersion }),
    );
  }
}

/** OpenTelemetry's exporter does not load beside an API that is older than it. */
function unavailable(cause: unknown): UsageError {
  return new UsageError(
    'OTLP_EXPORTER_UNAVAILABLE',
    `The OTLP exporter cannot be loaded, it needs @opentelemetry/api 1.10: ${errorMessage(cause)}`,
    {
      cause,
      hint: 'Install it, or put a SluicegateSpanProcessor around the span processor of your own SDK.',
    },
  );
}

async function loadSender(): Promise<OwnSender> {
  const [{ JsonTraceSerializer }, resources, { context, diag }, { suppressTracing }, endpoint] =
    await Promise.all([
      import('@opentelemetry/otlp-transformer'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      loadEndpoint('TRACES'),
    ]);
  const detected = resources.detectResources({ detectors: [resources.envDetector] });
  await detected.waitForAsyncAttributes?.();
  return {
    endpoint,
    resource: resources.defaultResource().merge(detected),
    serialize: (spans) => JsonTraceSerializer.serializeRequest(spans),
    tell: (said) => diag.warn(said),
    unrecorded: (work) => context.with(suppressTracing(context.active()), work),
  };
}

/**
 * What the receiver says of spans that it left out, of a request that it took. They must not be sent again.
 *
 * Source: OTLP 1.x, "Partial Success".
 */
function partialSuccess(body: Uint8Array): { readonly rejected: number; readonly said: string } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body).toString());
  } catch {
    // The request was taken; what a receiver adds in another form does not matter.
    return undefined;
  }
  const partial = isRecord(answer) ? answer['partialSuccess'] : undefined;
  if (!isRecord(partial)) return undefined;
  const rejected = Number(partial['rejectedSpans'] ?? 0);
  const said = partial['errorMessage'];
  return { rejected: rejected > 0 ? rejected : 0, said: typeof said === 'string' ? said : '' };
}
