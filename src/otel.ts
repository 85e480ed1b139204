export {
  type HeldSpanCounts,
  type SdkResource,
  type SdkSpan,
  type SdkSpanProcessor,
  SluicegateSpanProcessor,
  type SluicegateSpanProcessorOptions,
} from './tracing/otel/bridge/index.ts';
