export { MemoryTraceStore } from './memory-trace-store.ts';
export { type OpenTraceStoreOptions, openTraceStore } from './open-trace-store.ts';
export {
  DEFAULT_LIST_LIMIT,
  MAX_CANDIDATES,
  MIN_PREFIX_LENGTH,
  type TraceLookup,
  type TraceQuery,
  type TraceStore,
} from './trace-store.ts';
