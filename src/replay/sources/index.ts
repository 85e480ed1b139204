export { openTraceSource } from './open-trace-source.ts';
export type { FoundTrace, SourceDeps, TraceSource } from './trace-source.ts';
