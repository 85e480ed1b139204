import type { Trace } from '../../core/index.ts';
import { openTraceStore, Retention, type RetentionOptions, type TraceStore } from '../../store/index.ts';
import type { ExportResult, TraceExporter } from './exporter.ts';

/** Writes traces to the embedded store. The store is opened with the first trace, so that wrapping a graph touches no disk. */
export class StoreExporter implements TraceExporter {
  readonly name = 'store';
  readonly isOnDisk = true;
  private readonly path: string;
  private readonly retention: Retention | undefined;
  private store: TraceStore | undefined;

  /** @param retention Removes old traces of that store meanwhile; none are when `maxAgeMs` is 0 or it is left out. */
  constructor(path: string, retention?: RetentionOptions) {
    this.path = path;
    this.retention = retention && retention.maxAgeMs > 0 ? new Retention(retention) : undefined;
  }

  async export(traces: readonly Trace[]): Promise<ExportResult> {
    try {
      this.store ??= await openTraceStore({ path: this.path });
      await this.store.write(traces);
      this.retention?.poke(this.store);
      return { kind: 'success' };
    } catch (error) {
      // A full or read-only disk can be mended while the process runs.
      return { kind: 'retryable', error };
    }
  }

  async close(): Promise<void> {
    const { store } = this;
    this.store = undefined;
    await this.retention?.stop();
    await store?.close();
  }
}
