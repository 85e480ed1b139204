import fc from 'fast-check';
import {
  OUTCOMES,
  type Outcome,
  SPAN_TYPES,
  type Span,
  TRACE_SCHEMA_VERSION,
  type Trace,
} from '../../src/core/index.ts';
import { anyText } from './any-text.ts';

// JSON knows no -0, so no JSON value can hold one.
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const millis = fc.double({ min: 0, max: 4e12, noNaN: true }).map((value) => value + 0);
const text = anyText({ halves: true });
const id = fc.uuid({ version: [4, 7] });
const count = fc.nat();
const outcome = fc.constantFrom(...OUTCOMES) satisfies fc.Arbitrary<Outcome>;
const error = fc.record({ name: text, message: text, stack: text }, { requiredKeys: ['name', 'message'] });
const usage = fc.record({ inputTokens: count, outputTokens: count, totalTokens: count });
const gaps = fc.array(
  fc.record({
    field: fc.constantFrom('inputs' as const, 'outputs' as const),
    reason: fc.constantFrom('hidden' as const, 'truncated' as const, 'unserializable' as const),
  }),
  { maxLength: 2 },
);
const event = fc.record({ name: text, timeMs: millis, data: json }, { requiredKeys: ['name', 'timeMs'] });
// An object of metadata cannot have this key: assigning it sets the prototype.
const metadata = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  json,
  { maxKeys: 4 },
);

const span: fc.Arbitrary<Span> = fc.record(
  {
    id,
    parentId: fc.option(id),
    name: text,
    type: fc.constantFrom(...SPAN_TYPES),
    startTimeMs: millis,
    endTimeMs: millis,
    outcome,
    error,
    inputs: json,
    outputs: json,
    gaps,
    metadata,
    tags: fc.array(text, { maxLength: 3 }),
    events: fc.array(event, { maxLength: 3 }),
    usage,
    node: text,
    step: count,
    checkpointNs: text,
    model: text,
    toolCallId: text,
  },
  {
    requiredKeys: [
      'id',
      'parentId',
      'name',
      'type',
      'startTimeMs',
      'endTimeMs',
      'outcome',
      'gaps',
      'metadata',
      'tags',
      'events',
    ],
  },
);

/** Any trace that follows the schema, also with strings that no UTF-8 text can hold. */
export const anyTrace: fc.Arbitrary<Trace> = fc.record(
  {
    schemaVersion: fc.constant(TRACE_SCHEMA_VERSION) as fc.Arbitrary<typeof TRACE_SCHEMA_VERSION>,
    id,
    name: text,
    project: anyText({ halves: true, minLength: 1 }),
    threadId: text,
    checkpointId: text,
    resumedFrom: fc.record({ checkpointId: text, runId: id }, { requiredKeys: ['checkpointId'] }),
    outcome,
    startTimeMs: millis,
    endTimeMs: millis,
    error,
    failingSpanId: id,
    decision: fc.record({
      reason: text,
      weight: fc.double({ min: 0, minExcluded: true, max: 1e9, noNaN: true }),
    }),
    usage,
    spans: fc.array(span, { minLength: 1, maxLength: 4 }),
  },
  {
    requiredKeys: ['schemaVersion', 'id', 'name', 'outcome', 'startTimeMs', 'endTimeMs', 'decision', 'spans'],
  },
);
