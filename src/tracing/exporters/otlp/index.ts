export {
  ERROR,
  GENAI,
  GENAI_METRIC,
  isKnownProvider,
  OPERATION,
  providerName,
  SEMCONV_SCHEMA_URL,
  SEMCONV_VERSION,
  SLUICEGATE,
} from './genai-attributes.ts';
export { type GenAiMappingOptions, type LinkedTrace, toOtelSpans } from './genai-mapping.ts';
export { fixedTraceState, type OtelSpan, type OtelSpanEvent } from './otel-span.ts';
export { OtlpExporter, type OtlpExporterOptions } from './otlp-exporter.ts';
export { loadEndpoint, type OtlpEndpoint, post } from './otlp-request.ts';
export { type OtlpMetricsSettings, type OtlpSettings, otlpSettings } from './otlp-settings.ts';
export { SPAN_BATCH_FORMAT, type SpanBatch, spanBatch } from './span-batch.ts';
export { SpanBatchExporter } from './span-batch-exporter.ts';
