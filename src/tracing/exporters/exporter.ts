import type { Trace, TraceSummary } from '../../core/index.ts';

/**
 * How an export ended.
 * - `retryable`: the same batch may work later; `retryAfterMs` when the receiver said how much later.
 * - `refused`: something in this batch will never be taken (HTTP 400, 413). It is split until the trace at fault is alone.
 * - `failed`: no batch like it will ever be taken, whatever is left out. It is set aside as a whole.
 */
export type ExportResult =
  | { readonly kind: 'success' }
  | { readonly kind: 'retryable'; readonly error: unknown; readonly retryAfterMs?: number | undefined }
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What goes with an export. */
export interface ExportOptions {
  /** Aborted when the process is about to end: what is under way is then given back as `retryable`. */
  readonly signal?: AbortSignal;
}

/** Where a run was interrupted, as it is recorded. */
export interface InterruptPlace {
  readonly threadId: string | undefined;
  readonly checkpointId: string;
}

/** Takes what is finished, kept and already redacted somewhere: traces, or what is delivered like them. */
export interface Exporter<Item> {
  /** Names it in counters, warnings, cursors and dead-letter files. */
  readonly name: string;
  /** It writes to a disk of this machine itself: as the only exporter it needs no spool before it. Default false. */
  readonly isOnDisk?: boolean;
  /** All or none of the batch. Never throws. A trace that was delivered before may come again. */
  export(traces: readonly Item[], options?: ExportOptions): Promise<ExportResult>;
  /** Releases what it holds. Idempotent. */
  close(): Promise<void>;
}

/** Takes traces somewhere. */
export interface TraceExporter extends Exporter<Trace> {
  /** Looks up the run that was interrupted at a checkpoint of a thread, where this keeps what it is given. */
  findInterrupted?(at: InterruptPlace): Promise<TraceSummary | undefined>;
}
