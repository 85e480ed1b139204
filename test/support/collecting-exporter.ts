import type { Trace } from '../../src/core/index.ts';
import type { ExportResult, TraceExporter } from '../../src/tracing/exporters/index.ts';

/** An exporter that keeps what it is given, and answers as it is told to. */
export class CollectingExporter implements TraceExporter {
  readonly name: string = 'collecting';
  readonly traces: Trace[] = [];
  readonly batchSizes: number[] = [];
  /** Answers of the next exports, first one first; success once there are none. */
  readonly answers: ExportResult[] = [];
  closed = 0;

  async export(traces: readonly Trace[]): Promise<ExportResult> {
    this.batchSizes.push(traces.length);
    const answer = this.answers.shift() ?? { kind: 'success' };
    if (answer.kind === 'success') this.traces.push(...traces);
    return answer;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}
