export { metricsContentType, metricsText } from './metrics-text.ts';
export type { TraceOptions } from './options-schema.ts';
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
