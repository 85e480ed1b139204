import type { Trace } from '../../core/index.ts';

/** How an export ended. `retryable`: the same batch may work later. `failed`: it never will. */
export type ExportResult =
  | { readonly kind: 'success' }
  | { readonly kind: 'retryable'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Takes finished, kept and already redacted traces somewhere. */
export interface TraceExporter {
  /** Names it in counters and warnings. */
  readonly name: string;
  /** All or none of the batch. Never throws. A trace that was delivered before may come again. */
  export(traces: readonly Trace[]): Promise<ExportResult>;
  /** Releases what it holds. Idempotent. */
  close(): Promise<void>;
}
