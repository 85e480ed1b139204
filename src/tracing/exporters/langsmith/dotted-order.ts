/**
 * A moment in the form LangSmith sorts by: ISO 8601 in UTC with microseconds, `2026-01-31T12:00:00.123456Z`.
 *
 * @param timeMs Milliseconds since the epoch, with fractions.
 */
export function microsecondIso(timeMs: number): string {
  const micros = Math.round(timeMs * 1_000);
  const millis = Math.floor(micros / 1_000);
  const rest = (micros - millis * 1_000).toString().padStart(3, '0');
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`;
}

/**
 * One segment of a `dotted_order`, `YYYYMMDDTHHMMSSffffffZ<run id>`. The segments of a run and all that enclose it, outermost
 * first and joined by dots, place it in its trace: sorted as text, parents come before their children and siblings in the
 * order they started.
 */
export function orderSegment(startTimeMs: number, runId: string): string {
  return segmentOf(microsecondIso(startTimeMs), runId);
}

/** {@link orderSegment} of a start that {@link microsecondIso} has written. */
export function segmentOf(startTime: string, runId: string): string {
  return `${startTime.replace(/[-:.]/g, '')}${runId}`;
}

/** The place of a run as a `dotted_order` states it. */
export interface OrderedPlace {
  readonly traceId: string;
  readonly runId: string;
  readonly dottedOrder: string;
}

const SEGMENT = /^\d{8}T\d{12}Z([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Reads a `dotted_order`; undefined for anything else. */
export function parseDottedOrder(text: unknown): OrderedPlace | undefined {
  if (typeof text !== 'string') return undefined;
  const ids: string[] = [];
  for (const segment of text.split('.')) {
    const id = SEGMENT.exec(segment)?.[1];
    if (id === undefined) return undefined;
    ids.push(id);
  }
  const traceId = ids[0];
  const runId = ids.at(-1);
  return traceId === undefined || runId === undefined ? undefined : { traceId, runId, dottedOrder: text };
}
