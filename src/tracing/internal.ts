// What the command line and replays need of the tracer and no user should rely on: it is in no entry of the package.
export type { BoxContents, BoxResend } from './dead-letters/index.ts';
export { openDeadLetters } from './delivery/default-exporters.ts';
export { canUseDirectCallbacks } from './direct-callbacks/index.ts';
export { type InMemoryTracing, traceInMemory } from './in-memory.ts';
export { loadedCommonJs } from './loaded-commonjs.ts';
export { type ResolvedTraceOptions, resolveTraceOptions } from './options/options.ts';
export type { TraceOptions } from './options/options-schema.ts';
export { leaveOtelOut } from './process-otel.ts';
export {
  isTraced,
  type Rehearsal,
  type RehearsalOptions,
  rehearse,
  rehearsedOptions,
  wrappedOptions,
} from './rehearsal.ts';
