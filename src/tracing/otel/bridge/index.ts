export { joinContext } from './join-context.ts';
export type { SdkResource, SdkSpan, SdkSpanProcessor } from './sdk-span.ts';
export {
  type HeldSpanCounts,
  SluicegateSpanProcessor,
  type SluicegateSpanProcessorOptions,
} from './span-processor.ts';
export { type StartedSdk, type StartSdkOptions, startSdk } from './start-sdk.ts';
