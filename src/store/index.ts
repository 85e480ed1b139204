export { type FileLock, tryFileLock } from './file-lock.ts';
export { MemoryTraceStore } from './memory-trace-store.ts';
export { type OpenTraceStoreOptions, openTraceStore } from './open-trace-store.ts';
export { type PruneAllOptions, pruneAll, Retention, type RetentionOptions } from './retention.ts';
export { loadSqlite } from './sqlite-module.ts';
export type { ListedTrace, TracePin } from './trace-pin.ts';
export {
  DEFAULT_LIST_LIMIT,
  MAX_CANDIDATES,
  MIN_PREFIX_LENGTH,
  type ProjectRetention,
  type PruneQuery,
  type PruneResult,
  type TraceLookup,
  type TraceQuery,
  type TraceStore,
} from './trace-store.ts';
