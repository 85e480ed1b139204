export type { Batch, BatchSource } from './batch.ts';
export { Spool, type SpoolEvents, type SpoolItem, type SpoolOptions } from './spool.ts';
