/** What the tracer counts about itself, each by reason. */
export const COUNTERS = {
  traces_kept: 'Traces that were kept, by the reason of the decision.',
  traces_dropped: 'Traces that were not kept or could not be delivered, by reason.',
  traces_promoted: 'Traces kept after they had been dropped, by the reason for keeping them.',
  traces_expired: 'Traces ended because their root ran for longer than the age limit.',
  traces_exported: 'Traces that an exporter has taken, by exporter.',
  traces_removed: 'Traces that the embedded store has removed again, by reason.',
  export_failures: 'Attempts of an exporter that failed, by exporter.',
  traces_adopted: 'Traces that a process which has ended left in the spool, taken over for delivery.',
  dead_letters: 'Traces that an exporter refused for good and that were set aside, by exporter.',
  spool_damaged: 'Records of the spool that could not be read back, by what is wrong with them.',
  spool_failures: 'Times the disk refused something to the spool.',
  spans_dropped: 'Spans left out of a trace, or given up before they were written, by reason.',
  span_batches_exported:
    'Batches of spans recorded inside nodes by the SDK of this package that the endpoint has taken.',
  span_batches_dropped: 'Batches of such spans that could not be delivered, by reason.',
  span_batches_adopted:
    'Batches of such spans that a process which has ended left on disk, taken over for delivery.',
  payloads_released: 'Traces whose payloads were given up, by reason.',
  redaction_failures: 'Values removed because a redaction rule failed on them, by rule.',
  internal_errors: 'Defects of the tracer that were kept from the graph, by where they appeared.',
} as const;
/** Name of a counter. */
export type CounterName = keyof typeof COUNTERS;

/** Counts by name and reason. */
export class Counters {
  private readonly counts = new Map<CounterName, Map<string, number>>();

  add(name: CounterName, reason: string, by = 1): void {
    const reasons = this.counts.get(name) ?? new Map<string, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + by);
    this.counts.set(name, reasons);
  }

  /** A copy of the present counts. */
  snapshot(): Readonly<Partial<Record<CounterName, Readonly<Record<string, number>>>>> {
    return Object.fromEntries([...this.counts].map(([name, reasons]) => [name, Object.fromEntries(reasons)]));
  }
}
