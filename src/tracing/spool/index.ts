export type { Batch, BatchSource } from './batch.ts';
export type { RecordFormat, RecordReading } from './record-format.ts';
export { Spool, type SpoolEvents, type SpoolItem, type SpoolOptions } from './spool.ts';
export { TRACE_FORMAT } from './trace-text.ts';
