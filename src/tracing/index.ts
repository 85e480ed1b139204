export type { TraceOptions } from './options.ts';
export {
  type EndOptions,
  flush,
  shutdown,
  type TraceableGraph,
  type TracingHealth,
  traceGraph,
  tracingHealth,
} from './wrap.ts';
