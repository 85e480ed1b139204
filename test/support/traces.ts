import { type Span, TRACE_SCHEMA_VERSION, type Trace } from '../../src/core/index.ts';

/** A finished span; every field can be given. */
export function makeSpan(fields: Partial<Span> & Pick<Span, 'id'>): Span {
  return {
    parentId: null,
    name: 'support',
    type: 'graph',
    startTimeMs: 1_000,
    endTimeMs: 2_000,
    outcome: 'success',
    gaps: [],
    metadata: {},
    tags: [],
    events: [],
    ...fields,
  };
}

/** A finished trace of one root span, unless its spans are given. */
export function makeTrace(fields: Partial<Trace> & Pick<Trace, 'id'>): Trace {
  const startTimeMs = fields.startTimeMs ?? 1_000;
  const endTimeMs = fields.endTimeMs ?? startTimeMs + 1_000;
  const name = fields.name ?? 'support';
  const outcome = fields.outcome ?? 'success';
  return {
    schemaVersion: TRACE_SCHEMA_VERSION,
    name,
    outcome,
    startTimeMs,
    endTimeMs,
    decision: { reason: 'sampled', weight: 1 },
    spans: [makeSpan({ id: fields.id, name, outcome, startTimeMs, endTimeMs })],
    ...fields,
  };
}

/** A UUID whose last digits are the number given, in the shape of a run id. */
export function runId(number: number): string {
  return `0199a000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}
