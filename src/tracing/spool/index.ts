export type { Batch, BatchSource } from './batch.ts';
export { type DeadLetter, DeadLetters, type DeadLettersOptions } from './dead-letters.ts';
export { Spool, type SpoolEvents, type SpoolItem, type SpoolOptions } from './spool.ts';
