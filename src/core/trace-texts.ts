import type { Trace } from './records.ts';
import { SharingWriter } from './shared-json.ts';

const writers = new WeakMap<Trace, SharingWriter>();

/**
 * Writes the spans of a trace with what stands in several of them, as the messages of a conversation do, written once. Made
 * once for a trace, however many places it is written to: a trace does not change.
 */
export function traceWriter(trace: Trace): SharingWriter {
  const known = writers.get(trace);
  if (known !== undefined) return known;
  const writer = new SharingWriter(trace.spans);
  writers.set(trace, writer);
  return writer;
}

/** The spans of a trace as JSON texts. */
export interface TraceTexts {
  /** One text for each span, in order. */
  readonly spans: readonly string[];
  /** The list of what stands in several spans; undefined when nothing does. */
  readonly shared: string | undefined;
}

/** The texts of the spans. The list is made each time: kept, it would hold everything once more. */
export function traceTexts(trace: Trace): TraceTexts {
  const writer = traceWriter(trace);
  const parts = writer.shared.map((_part, index) => writer.sharedText(index));
  return {
    spans: writer.valueTexts,
    shared: parts.length === 0 ? undefined : `[${parts.join(',')}]`,
  };
}
