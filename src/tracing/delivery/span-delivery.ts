import { join } from 'node:path';
import type { Clock, Logger, Random } from '../../core/index.ts';
import type { CounterName, Counters } from '../counters.ts';
import { SPAN_BATCH_FORMAT, type SpanBatch, SpanBatchExporter, spanBatch } from '../exporters/index.ts';
import type { ResolvedTraceOptions } from '../options/options.ts';
import type { OutgoingSpans, SpanOutlet } from '../otel/index.ts';
import { deadLetterFolder } from './default-exporters.ts';
import { Delivery, type DeliveryHealth } from './delivery.ts';

/** What a {@link SpanDelivery} needs. */
export interface SpanDeliveryDeps {
  readonly options: Pick<ResolvedTraceOptions, 'home' | 'maxSpoolBytes' | 'maxQueuedTraces'>;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** A share of the room that traces have on disk: such spans carry no payloads. */
const SHARE_OF_SPOOL = 1 / 4;
/** Spans in memory alone, at most: what a disk that refuses to be written to may cost. */
const MAX_SPANS_IN_MEMORY = 10_000;

/** A batch is no trace, and is not counted as one. */
const COUNTED_AS: Readonly<Partial<Record<CounterName, CounterName>>> = {
  traces_exported: 'span_batches_exported',
  traces_dropped: 'span_batches_dropped',
  traces_adopted: 'span_batches_adopted',
};

/**
 * Brings what the SDK of this package records beside graphs to the OTLP endpoint as durably as traces: by way of a spool of
 * its own in the same home, on disk in the turn after the run was decided, tried again through an outage, and adopted by the
 * next process. At least once; span ids make a repetition harmless. Never throws.
 */
export class SpanDelivery implements SpanOutlet {
  private readonly counters: Counters;
  private readonly delivery: Delivery<SpanBatch>;
  private readonly exporter = new SpanBatchExporter();
  private spansInMemory = 0;

  constructor({ options, counters, logger, clock, random }: SpanDeliveryDeps) {
    this.counters = counters;
    this.delivery = new Delivery({
      format: SPAN_BATCH_FORMAT,
      exporters: [this.exporter],
      counters: { add: (name, reason, by) => counters.add(COUNTED_AS[name] ?? name, reason, by) },
      logger,
      clock,
      random,
      maxQueued: options.maxQueuedTraces,
      disk: {
        spoolFolder: join(options.home, 'span-spool'),
        deadLetterFolder: deadLetterFolder(options),
        use: 'always',
        maxSpoolBytes: options.maxSpoolBytes * SHARE_OF_SPOOL,
      },
    });
  }

  /** How delivery stands, in batches. */
  get health(): DeliveryHealth {
    return this.delivery.health;
  }

  /** Takes spans. Returns at once. */
  add({ count, encode }: OutgoingSpans): void {
    if (this.spansInMemory + count > MAX_SPANS_IN_MEMORY) {
      this.counters.add('spans_dropped', 'queue_full', count);
      return;
    }
    this.spansInMemory += count;
    this.delivery.add({
      precious: false,
      open: () => spanBatch(encode()),
      done: () => {
        this.spansInMemory -= count;
      },
    });
  }

  /** Like {@link Delivery.flush}. */
  flush(options?: { readonly force?: boolean }): Promise<void> {
    return this.delivery.flush(options);
  }

  /** Brings what is in memory to the disk, at once. */
  persist(): void {
    this.delivery.persist();
  }

  /** Like {@link persist}, and keeps nothing open that would keep the process alive. */
  letGo(): void {
    this.delivery.letGo();
  }

  /** Leaves what has not been delivered to a later process. Never rejects. */
  async close(): Promise<void> {
    await this.delivery.close();
    await this.exporter.close();
  }
}
