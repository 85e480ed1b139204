export { type EndOptions, flush, shutdown } from './ending.ts';
export { type TracingHealth, tracingHealth } from './live-tracers.ts';
export { metricsContentType, metricsText } from './metrics-text.ts';
export type { TraceOptions } from './options/options-schema.ts';
export { keep, type TraceableGraph, traceGraph } from './wrap.ts';
