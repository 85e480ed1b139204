export type { Exporter, ExportOptions, ExportResult, InterruptPlace, TraceExporter } from './exporter.ts';
export {
  LangSmithExporter,
  type LangSmithExporterDeps,
  type LangSmithOptions,
  type LangSmithSettings,
  langSmithOptionsSchema,
  langSmithSettings,
  langSmithTracerIsOn,
  tracerIsOnNow,
} from './langsmith/index.ts';
export {
  OtlpExporter,
  type OtlpSettings,
  otlpSettings,
  SPAN_BATCH_FORMAT,
  type SpanBatch,
  SpanBatchExporter,
  spanBatch,
} from './otlp/index.ts';
export { StoreExporter } from './store-exporter.ts';
