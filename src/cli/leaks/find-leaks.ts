import { isRecord, type Trace } from '../../core/index.ts';
import { type Canary, withoutCanaries } from './canary.ts';

/** A field of a recorded trace by which a canary leaves. */
export interface Leak {
  /** Name of the span, or of the trace, without the canaries in it. */
  readonly span: string;
  /** Type of the span; `trace` for a field of the trace itself. */
  readonly type: string;
  /** For example `inputs.messages[0].content`; a key that holds a canary ends with ` (key)`. */
  readonly path: string;
  /** Where the canaries that leave by it were put. */
  readonly from: readonly string[];
  /** How many spans of this name and type have it. */
  readonly spans: number;
}

/** Every field of a trace that holds a canary, as it is, in another case, or encoded as base64 or hex. */
export function findLeaks(trace: Trace, canaries: readonly Canary[]): readonly Leak[] {
  const known = canaries.map((canary) => ({ ...canary, encoded: encodedForms(canary.id) }));
  const placesIn = (text: string): readonly string[] => {
    const lower = text.toLowerCase();
    return known
      .filter(({ id, encoded }) => lower.includes(id) || encoded.some((form) => text.includes(form)))
      .map(({ place }) => place);
  };
  const leaks = new Map<
    string,
    { leak: Omit<Leak, 'from' | 'spans'>; from: Set<string>; ids: Set<string> }
  >();
  const look = (id: string, name: string, type: string, record: unknown) => {
    const span = withoutCanaries(name, canaries);
    walk(record, '', (path, text) => {
      const places = placesIn(text);
      if (places.length === 0) return;
      const key = JSON.stringify([type, span, path]);
      const entry = leaks.get(key) ?? { leak: { span, type, path }, from: new Set(), ids: new Set() };
      leaks.set(key, entry);
      entry.ids.add(id);
      for (const place of places) entry.from.add(place);
    });
  };
  const { spans, ...head } = trace;
  look(trace.id, trace.name, 'trace', head);
  for (const span of spans) look(span.id, span.name, span.type, span);
  return [...leaks.values()].map(({ leak, from, ids }) => ({ ...leak, from: [...from], spans: ids.size }));
}

function walk(value: unknown, path: string, visit: (path: string, text: string) => void): void {
  if (typeof value === 'string') visit(path, value);
  else if (Array.isArray(value)) value.forEach((item, index) => void walk(item, `${path}[${index}]`, visit));
  else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      const at = path === '' ? key : `${path}.${key}`;
      visit(`${at} (key)`, key);
      walk(member, at, visit);
    }
  }
}

function encodedForms(id: string): readonly string[] {
  const bytes = Buffer.from(id);
  // Three alignments: what base64 makes of a text depends on what stands before it. The edges mix with the neighbours.
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [bytes.toString('hex'), ...base64];
}
