import { isRecord, stringifyShared } from '../../../core/index.ts';
import { encodePayload } from '../../payload.ts';
import type { LangSmithRun } from './langsmith-run.ts';

/** Fields that travel as parts of their own, beside the part of the run itself. */
const PART_FIELDS = ['inputs', 'outputs', 'events', 'extra', 'error'] as const;
type PartField = (typeof PART_FIELDS)[number];

/** A run as JSON, in the pieces that both ways of sending need. */
export interface EncodedRun {
  readonly id: string;
  readonly run: LangSmithRun;
  /** The run without the fields below, as a JSON object. */
  readonly head: Buffer;
  readonly fields: readonly (readonly [field: PartField, json: Buffer])[];
  /** What it adds to a request, its part headers included, before compression. */
  readonly sizeBytes: number;
}

/** Room for the headers of one part: boundary, name, type and length. */
const PART_OVERHEAD_BYTES = 240;
/** A field is never cut below this; what is left is the mark. */
const MIN_FIELD_BYTES = 256;

/**
 * Encodes runs, those of one trace together: the same messages stand in many of them. Each takes at most `maxBytes` of a
 * request. One that would take more has its biggest fields cut until it fits, and `sluice_truncated` in its metadata names them.
 */
export function* encodeRuns(runs: readonly LangSmithRun[], maxBytes: number): Generator<EncodedRun> {
  for (let start = 0; start < runs.length; ) {
    let end = start + 1;
    while (end < runs.length && runs[end]?.trace_id === runs[start]?.trace_id) end += 1;
    const ofOneTrace = runs.slice(start, end);
    const texts = stringifyShared(ofOneTrace.flatMap(bigFields).map(([, value]) => value))[Symbol.iterator]();
    for (const run of ofOneTrace) yield encodeRun(run, maxBytes, texts);
    start = end;
  }
}

/**
 * Encodes one run, as {@link encodeRuns} does.
 *
 * @param texts The JSON of its big fields, in order, where it is known.
 */
export function encodeRun(run: LangSmithRun, maxBytes: number, texts?: Iterator<string>): EncodedRun {
  const whole = encode(run, texts);
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

function bigFields(run: LangSmithRun): (readonly [field: PartField, value: unknown])[] {
  return PART_FIELDS.flatMap((field) => (run[field] === undefined ? [] : [[field, run[field]] as const]));
}

function encode(run: LangSmithRun, texts?: Iterator<string>): EncodedRun {
  const { inputs: _inputs, outputs: _outputs, events: _events, extra: _extra, error: _error, ...head } = run;
  const fields = bigFields(run).map(([field, value]) => {
    const text = texts?.next();
    return [
      field,
      Buffer.from(text === undefined || text.done ? JSON.stringify(value) : text.value),
    ] as const;
  });
  const headJson = Buffer.from(JSON.stringify(head));
  return {
    id: run.id,
    run,
    head: headJson,
    fields,
    sizeBytes: [headJson, ...fields.map(([, json]) => json)].reduce(
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
