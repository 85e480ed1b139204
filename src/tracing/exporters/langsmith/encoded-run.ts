import { isRecord, type Trace, traceWriter } from '../../../core/index.ts';
import { encodePayload } from '../../payload.ts';
import { JsonBytes, SharedEncoder } from './json-bytes.ts';
import type { LangSmithRun } from './langsmith-run.ts';

/** Fields that travel as parts of their own, beside the part of the run itself. */
const PART_FIELDS = ['inputs', 'outputs', 'events', 'extra', 'error'] as const;
type PartField = (typeof PART_FIELDS)[number];

/** A run as JSON, in the pieces that both ways of sending need. */
export interface EncodedRun {
  readonly id: string;
  readonly run: LangSmithRun;
  /** The run without the fields below, as a JSON object. */
  readonly head: JsonBytes;
  readonly fields: readonly (readonly [field: PartField, json: JsonBytes])[];
  /** What it adds to a request, its part headers included, before compression. */
  readonly sizeBytes: number;
}

/** Room for the headers of one part: boundary, name, type and length. */
const PART_OVERHEAD_BYTES = 240;
/** A field is never cut below this; what is left is the mark. */
const MIN_FIELD_BYTES = 256;

/** Runs of one trace. */
export interface RunsOfTrace {
  readonly trace: Trace;
  readonly runs: readonly LangSmithRun[];
}

/**
 * Encodes runs, those of one trace together: the same messages stand in many of them. Each takes at most `maxBytes` of a
 * request. One that would take more has its biggest fields cut until it fits, and `sluice_truncated` in its metadata names them.
 */
export function* encodeRuns(traces: Iterable<RunsOfTrace>, maxBytes: number): Generator<EncodedRun> {
  for (const { trace, runs } of traces) {
    const encoder = new SharedEncoder(traceWriter(trace));
    for (const run of runs) yield encodeRun(run, maxBytes, encoder);
  }
}

/**
 * Encodes one run, as {@link encodeRuns} does.
 *
 * @param encoder Knows what the runs of its trace share.
 */
export function encodeRun(run: LangSmithRun, maxBytes: number, encoder?: SharedEncoder): EncodedRun {
  const whole = encode(run, encoder);
  if (whole.sizeBytes <= maxBytes) return whole;
  const cut = new Set<PartField>();
  let current: LangSmithRun = {
    ...run,
    tags: run.tags.slice(0, 100).map((tag) => clip(tag, 200)),
    name: clip(run.name, 1_000),
  };
  let encoded = encode(current);
  while (encoded.sizeBytes > maxBytes) {
    const biggest = encoded.fields.reduce((a, b) => (b[1].length > a[1].length ? b : a));
    const [field, json] = biggest;
    // What is left cannot get smaller: the limit is below what any run needs.
    if (json.length <= MIN_FIELD_BYTES) return encoded;
    cut.add(field);
    const room = Math.max(MIN_FIELD_BYTES, json.length - (encoded.sizeBytes - maxBytes));
    current = { ...current, ...shrink(current, field, json.length, room) };
    current = { ...current, extra: marked(current.extra, cut) };
    encoded = encode(current);
  }
  return encoded;
}

function encode(run: LangSmithRun, encoder?: SharedEncoder): EncodedRun {
  const { inputs: _inputs, outputs: _outputs, events: _events, extra: _extra, error: _error, ...rest } = run;
  const fields = PART_FIELDS.flatMap((field) => {
    const value = run[field];
    if (value === undefined) return [];
    return [[field, encoder === undefined ? JsonBytes.of(value) : encoder.encode(value)] as const];
  });
  const head = JsonBytes.of(rest);
  return {
    id: run.id,
    run,
    head,
    fields,
    sizeBytes: [head, ...fields.map(([, json]) => json)].reduce(
      (sum, json) => sum + json.length + PART_OVERHEAD_BYTES,
      0,
    ),
  };
}

/** The field with at most about `room` bytes of JSON. */
function shrink(run: LangSmithRun, field: PartField, sizeBytes: number, room: number): Partial<LangSmithRun> {
  // The limit of encodePayload counts characters, which take up to six bytes as JSON: halve until it fits.
  for (let limit = Math.min(room, sizeBytes); limit > MIN_FIELD_BYTES; limit = Math.floor(limit / 2)) {
    const smaller = cutField(run, field, limit);
    if (Buffer.byteLength(JSON.stringify(smaller[field])) <= room) return smaller;
  }
  return emptied(field);
}

function cutField(run: LangSmithRun, field: PartField, limit: number): Partial<LangSmithRun> {
  const { value } = encodePayload(run[field], limit);
  if (field === 'error') return { error: typeof value === 'string' ? value : '' };
  if (field === 'events')
    return { events: run.events.map(({ name, time }) => ({ name: clip(name, 200), time })).slice(0, 100) };
  return isRecord(value) ? { [field]: value } : emptied(field);
}

function emptied(field: PartField): Partial<LangSmithRun> {
  if (field === 'error') return { error: '[left out: too big]' };
  if (field === 'events') return { events: [] };
  return { [field]: { sluice_truncated: '[left out: too big]' } };
}

function marked(extra: LangSmithRun['extra'], cut: ReadonlySet<PartField>): LangSmithRun['extra'] {
  const metadata = isRecord(extra['metadata']) ? extra['metadata'] : {};
  return { ...extra, metadata: { ...metadata, sluice_truncated: [...cut] } };
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
