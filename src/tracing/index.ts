export { metricsContentType, metricsText } from './metrics-text.ts';
export { type ResolvedTraceOptions, resolveTraceOptions, type TraceOptions } from './options.ts';
export { isTraced, type Rehearsal, type RehearsalOptions, rehearse } from './rehearsal.ts';
export {
  type EndOptions,
  flush,
  keep,
  shutdown,
  type TraceableGraph,
  type TracingHealth,
  traceGraph,
  tracingHealth,
} from './wrap.ts';
