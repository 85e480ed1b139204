import type { Trace } from '../../src/core/index.ts';
import type { ExportOptions, ExportResult, TraceExporter } from '../../src/tracing/exporters/index.ts';

/** An exporter that posts traces to a {@link import('./trace-sink.ts').TraceSink} over a real socket. */
export class HttpExporter implements TraceExporter {
  readonly name: string;
  private readonly url: string;
  private readonly timeoutMs: number;

  constructor(url: string, options: { readonly name?: string; readonly timeoutMs?: number } = {}) {
    this.url = url;
    this.name = options.name ?? 'http';
    this.timeoutMs = options.timeoutMs ?? 1_000;
  }

  async export(traces: readonly Trace[], options: ExportOptions = {}): Promise<ExportResult> {
    const timeout = AbortSignal.timeout(this.timeoutMs);
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        body: JSON.stringify(traces),
        signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
      });
      await response.arrayBuffer();
      if (response.ok) return { kind: 'success' };
      const error = new Error(`HTTP ${response.status}`);
      if (response.status === 400 || response.status === 413) return { kind: 'refused', error };
      const seconds = Number(response.headers.get('retry-after'));
      return { kind: 'retryable', error, ...(seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {}) };
    } catch (error) {
      return { kind: 'retryable', error };
    }
  }

  async close(): Promise<void> {}
}
