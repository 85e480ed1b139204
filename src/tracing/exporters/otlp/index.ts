export { SEMCONV_VERSION } from './genai-attributes.ts';
export { type GenAiMappingOptions, type LinkedTrace, toOtelSpans } from './genai-mapping.ts';
export type { OtelSpan, OtelSpanEvent } from './otel-span.ts';
export { OtlpExporter, type OtlpExporterOptions } from './otlp-exporter.ts';
export { type OtlpSettings, otlpSettings } from './otlp-settings.ts';
