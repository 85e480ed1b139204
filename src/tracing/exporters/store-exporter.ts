import type { Trace, TraceSummary } from '../../core/index.ts';
import { openTraceStore, Retention, type RetentionOptions, type TraceStore } from '../../store/index.ts';
import type { ExportResult, InterruptPlace, TraceExporter } from './exporter.ts';

/** Options of a {@link StoreExporter}. */
export interface StoreRetention extends RetentionOptions {
  /** Limits that the store is to remember, by project: milliseconds, 0 for ever. */
  readonly maxAgesMs?: readonly (readonly [project: string, maxAgeMs: number])[];
}

/** Writes traces to the embedded store. The store is opened with the first trace, so that wrapping a graph touches no disk. */
export class StoreExporter implements TraceExporter {
  readonly name = 'store';
  readonly isOnDisk = true;
  private readonly path: string;
  private readonly retention: Retention | undefined;
  private readonly maxAgesMs: NonNullable<StoreRetention['maxAgesMs']>;
  private store: Promise<TraceStore> | undefined;

  /** @param retention Removes old traces of that store meanwhile; none are when it is left out. */
  constructor(path: string, retention?: StoreRetention) {
    this.path = path;
    this.retention = retention && new Retention(retention);
    this.maxAgesMs = retention?.maxAgesMs ?? [];
  }

  async export(traces: readonly Trace[]): Promise<ExportResult> {
    try {
      const store = await this.opened();
      await store.write(traces);
      this.retention?.poke(store);
      return { kind: 'success' };
    } catch (error) {
      // A full or read-only disk can be mended while the process runs.
      return { kind: 'retryable', error };
    }
  }

  async findInterrupted({ threadId, checkpointId }: InterruptPlace): Promise<TraceSummary | undefined> {
    const store = await this.opened();
    const [found] = await store.list({
      interruptedAt: checkpointId,
      ...(threadId === undefined ? {} : { threadId }),
      limit: 1,
    });
    return found;
  }

  async close(): Promise<void> {
    const { store } = this;
    this.store = undefined;
    await this.retention?.stop();
    // That it could not be opened, the export has said.
    await (await store?.catch(() => undefined))?.close();
  }

  private opened(): Promise<TraceStore> {
    if (this.store === undefined) {
      const store = this.open();
      this.store = store;
      store.catch(() => {
        if (this.store === store) this.store = undefined;
      });
    }
    return this.store;
  }

  private async open(): Promise<TraceStore> {
    const store = await openTraceStore({ path: this.path });
    try {
      for (const [project, maxAgeMs] of this.maxAgesMs) await store.setMaxAge(project, maxAgeMs);
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
    return store;
  }
}
