import type { Trace } from './records.ts';
import { SharingWriter } from './shared-json.ts';

/** The spans of a trace for writing. */
export interface TraceSharing {
  readonly writer: SharingWriter;
  /** The JSON text of each span, in order. */
  readonly spans: readonly string[];
  /** The JSON text of the list of what stands in several spans; undefined when nothing does. */
  readonly shared: string | undefined;
}

const known = new WeakMap<Trace, TraceSharing>();

/**
 * The spans of a trace with what stands in several of them, as the messages of a conversation do, written once. Made once
 * for a trace, however many places it is written to: a trace does not change.
 */
export function traceSharing(trace: Trace): TraceSharing {
  const found = known.get(trace);
  if (found !== undefined) return found;
  const writer = new SharingWriter(trace.spans);
  const { shared, values } = writer;
  const sharing = {
    writer,
    spans: values.map((value) => JSON.stringify(value)),
    shared:
      shared.length === 0
        ? undefined
        : `[${shared.map((_part, index) => writer.sharedText(index)).join(',')}]`,
  };
  known.set(trace, sharing);
  return sharing;
}
