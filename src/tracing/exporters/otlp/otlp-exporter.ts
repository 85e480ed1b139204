import { errorMessage, type Trace, UsageError } from '../../../core/index.ts';
import { type OtelHub, otelHub } from '../../otel/index.ts';
import type { ExportOptions, ExportResult, TraceExporter } from '../exporter.ts';
import { type LinkedTrace, toOtelSpans } from './genai-mapping.ts';
import type { OtelSpan } from './otel-span.ts';

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
}

/** How an SDK's exporter says that an export has ended. */
interface SdkExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** The part of `OTLPTraceExporter` that is used. */
interface SdkExporter {
  export(spans: OtelSpan[], done: (result: SdkExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** An exporter of our own, and what belongs to it. */
interface OwnSender {
  readonly exporter: SdkExporter;
  readonly resource: unknown;
  /** Runs it without being recorded: an export that instrumentation traces would make spans for ever. */
  unrecorded(work: () => void): void;
}

/** HTTP answers that say something about the content sent: the same content will be refused again. */
const REFUSED = new Set([400, 413, 422]);

/**
 * Sends traces as OpenTelemetry spans. Where the application's own SDK has a `SluicegateSpanProcessor`, the spans go
 * through that to the application's exporters; otherwise to the OTLP/HTTP endpoint that the `OTEL_EXPORTER_OTLP_*`
 * variables name, by OpenTelemetry's own exporter. It is loaded with the first trace.
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

  async export(traces: readonly Trace[], { signal }: ExportOptions = {}): Promise<ExportResult> {
    let sender: OwnSender | undefined;
    try {
      if (!this.hub.hasSink) {
        this.sender ??= loadSender();
        sender = await this.sender;
      }
    } catch (error) {
      // A broken installation can be mended, and says nothing of the traces.
      this.sender = undefined;
      return { kind: 'retryable', error: unavailable(error) };
    }
    try {
      if (sender !== undefined) return await send(sender, this.spans(traces, sender.resource), signal);
      this.hub.emit((resource) => this.spans(traces, resource));
      return { kind: 'success' };
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
    await loaded?.exporter.shutdown();
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
  const [{ OTLPTraceExporter }, resources, { context }, { suppressTracing }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
  ]);
  const detected = resources.detectResources({ detectors: [resources.envDetector] });
  await detected.waitForAsyncAttributes?.();
  return {
    exporter: new OTLPTraceExporter(),
    resource: resources.defaultResource().merge(detected),
    unrecorded: (work) => context.with(suppressTracing(context.active()), work),
  };
}

function send(
  { exporter, unrecorded }: OwnSender,
  spans: OtelSpan[],
  signal: AbortSignal | undefined,
): Promise<ExportResult> {
  return new Promise((resolve) => {
    // The exporter cannot be stopped: what still arrives will come twice, under the same ids.
    const giveBack = () => resolve({ kind: 'retryable', error: signal?.reason });
    if (signal?.aborted) {
      giveBack();
      return;
    }
    signal?.addEventListener('abort', giveBack, { once: true });
    unrecorded(() =>
      exporter.export(spans, (result) => {
        signal?.removeEventListener('abort', giveBack);
        resolve(toExportResult(result));
      }),
    );
  });
}

/**
 * What the SDK's result means for a retry. The exporter has tried for its own timeout
 * (`OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`, 10 s by default), waiting as long as `Retry-After` asked it to; it does not hand
 * the header on. A key, an address or a server can be mended, so only what
 * speaks of the content is final.
 */
export function toExportResult(result: SdkExportResult): ExportResult {
  if (result.code === 0) return { kind: 'success' };
  const error = result.error ?? new Error('The OTLP exporter gave no reason.');
  const status: unknown = 'code' in error ? error.code : undefined;
  const isRefusal = typeof status === 'number' && REFUSED.has(status);
  // The exporter's words for a batch that its serializer could make nothing of.
  if (isRefusal || error.message === 'Nothing to send')
    return { kind: 'refused', error: withStatus(error, status) };
  return { kind: 'retryable', error: withStatus(error, status) };
}

/** The exporter's error has the status apart, and the reason phrase alone as its message. */
function withStatus(error: Error, status: unknown): Error {
  if (typeof status !== 'number') return error;
  return new Error(`HTTP ${status} ${errorMessage(error)}`, { cause: error });
}
