import { TraceFlags } from '@opentelemetry/api';
import type { SpanOutlet } from '../span-outlet.ts';
import type { SdkSpan, SdkSpanProcessor } from './sdk-span.ts';

/** A batch is what is sent, refused and set aside as one. */
const MAX_SPANS = 128;

/**
 * Hands finished spans over to an outlet, those of one turn of the event loop together: before the turn is over, so that no
 * end of the process comes between them and the trace that they belong to.
 */
export class SpanBatcher implements SdkSpanProcessor {
  private readonly outlet: SpanOutlet;
  private readonly serialize: (spans: SdkSpan[]) => Uint8Array;
  private spans: SdkSpan[] = [];

  constructor(outlet: SpanOutlet, serialize: (spans: SdkSpan[]) => Uint8Array) {
    this.outlet = outlet;
    this.serialize = serialize;
  }

  onStart(): void {}

  onEnd(span: SdkSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.spans.push(span);
    if (this.spans.length >= MAX_SPANS) this.handOver();
    else if (this.spans.length === 1) queueMicrotask(() => this.handOver());
  }

  async forceFlush(): Promise<void> {
    this.handOver();
    await this.outlet.flush();
  }

  async shutdown(): Promise<void> {
    this.handOver();
  }

  private handOver(): void {
    const { spans } = this;
    if (spans.length === 0) return;
    this.spans = [];
    this.outlet.add({ count: spans.length, encode: () => this.serialize(spans) });
  }
}
