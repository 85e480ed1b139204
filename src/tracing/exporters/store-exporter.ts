import type { Trace } from '../../core/index.ts';
import { openTraceStore, type TraceStore } from '../../store/index.ts';
import type { ExportResult, TraceExporter } from './exporter.ts';

/** Writes traces to the embedded store. The store is opened with the first trace, so that wrapping a graph touches no disk. */
export class StoreExporter implements TraceExporter {
  readonly name = 'store';
  private readonly path: string;
  private store: TraceStore | undefined;

  constructor(path: string) {
    this.path = path;
  }

  async export(traces: readonly Trace[]): Promise<ExportResult> {
    try {
      this.store ??= await openTraceStore({ path: this.path });
      await this.store.write(traces);
      return { kind: 'success' };
    } catch (error) {
      // A full or read-only disk can be mended while the process runs.
      return { kind: 'retryable', error };
    }
  }

  async close(): Promise<void> {
    const { store } = this;
    this.store = undefined;
    await store?.close();
  }
}
