import type { Exporter, ExportOptions, ExportResult } from '../exporter.ts';
import { OtlpExporter } from './otlp-exporter.ts';
import type { SpanBatch } from './span-batch.ts';

/** Sends spans that were recorded beside graphs to where the spans of the graphs go, as one request for several batches. */
export class SpanBatchExporter implements Exporter<SpanBatch> {
  readonly name = 'otlp_spans';
  private readonly otlp = new OtlpExporter();

  export(batches: readonly SpanBatch[], options: ExportOptions = {}): Promise<ExportResult> {
    const resourceSpans = batches.flatMap((batch) => batch.resourceSpans);
    return this.otlp.sendRequest(() => Buffer.from(JSON.stringify({ resourceSpans })), options);
  }

  close(): Promise<void> {
    return this.otlp.close();
  }
}
