// What an application and its configuration need; the rest is at sluicegate/evals, /serve and /replay, so that importing
// the root loads no server, no argument parser and no evaluation run.
export { type Config, defineConfig, type SuiteConfig } from './evals/config/index.ts';
export {
  type EndOptions,
  flush,
  keep,
  shutdown,
  type TraceableGraph,
  type TraceOptions,
  type TracingHealth,
  traceGraph,
  tracingHealth,
} from './tracing/index.ts';
