import { freeKey, NO_REDACTION, REDACTION_LOOKAHEAD, type Redaction } from './redaction/index.ts';

/** A payload as JSON, and what could not be carried over. */
export interface EncodedPayload {
  readonly value: unknown;
  /** True when text was cut or members were left out to stay within the limit. */
  readonly truncated: boolean;
}

/** A whole copy of an object, and what of the limit it takes. */
interface Copy {
  readonly json: unknown;
  readonly bytes: number;
}

/**
 * Copies of what has a serialized form (messages, above all), for the payloads of one trace: the states of a graph and the
 * calls of its models carry the same messages again and again. By the object and the keys that lead to it, which rules of
 * the redaction may go by.
 */
export class SharedCopies {
  private readonly copies = new Map<object, Map<string, Copy>>();

  find(value: object, trail: string): Copy | undefined {
    return this.copies.get(value)?.get(trail);
  }

  add(value: object, trail: string, copy: Copy): void {
    const known = this.copies.get(value);
    if (known === undefined) this.copies.set(value, new Map([[trail, copy]]));
    else known.set(trail, copy);
  }
}

const MAX_DEPTH = 60;
const SEPARATOR = '\u0000';

/**
 * Turns any value into plain JSON of at most about `maxBytes`, without ever throwing: cycles, getters that throw,
 * functions, BigInts, dates, maps, sets, errors and binary data each become something readable. `toJSON` is honoured, so a
 * LangChain message takes its serialized form. What the redaction finds is replaced before anything is cut.
 *
 * @param shared Copies of the other payloads of the same trace, under the same redaction.
 */
export function encodePayload(
  value: unknown,
  maxBytes: number,
  redaction: Redaction = NO_REDACTION,
  shared?: SharedCopies,
): EncodedPayload {
  const walk = new Walk(maxBytes, redaction, shared);
  const encoded = walk.encode(value, 0);
  return { value: encoded === undefined ? null : encoded, truncated: walk.truncated };
}

class Walk {
  truncated = false;
  private remaining: number;
  private readonly redaction: Redaction;
  private readonly shared: SharedCopies | undefined;
  /** How often something stood inside itself: what was encoded meanwhile depends on where it was. */
  private cycles = 0;
  private readonly ancestors = new Set<object>();
  /** The object keys that lead to the value being encoded. */
  private readonly trail: string[] = [];

  constructor(maxBytes: number, redaction: Redaction, shared: SharedCopies | undefined) {
    this.remaining = maxBytes;
    this.redaction = redaction;
    this.shared = shared;
  }

  encode(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        this.remaining -= 8;
        return Number.isFinite(value) ? this.redaction.number(value) : String(value);
      case 'boolean':
        this.remaining -= 5;
        return value;
      case 'bigint':
        return this.text(String(this.redaction.number(value)));
      case 'object':
        return value === null ? null : this.object(value, depth);
      default:
        return undefined;
    }
  }

  private text(value: string): string {
    const window = Math.max(0, this.remaining) + REDACTION_LOOKAHEAD;
    const text = this.redaction.text(value.slice(0, window), this.trail);
    const unseen = Math.max(0, value.length - window);
    if (unseen === 0 && text.length <= this.remaining) {
      this.remaining -= text.length + 2;
      return text;
    }
    this.truncated = true;
    // At the end of what was looked at, half of something private could stand unrecognised.
    const known = unseen === 0 ? text.length : text.length - REDACTION_LOOKAHEAD;
    const kept = text.slice(0, Math.max(0, Math.min(known, this.remaining)));
    this.remaining = 0;
    return `${kept}… [${text.length - kept.length + unseen} characters left out]`;
  }

  private object(value: object, depth: number): unknown {
    if (this.ancestors.has(value)) {
      this.cycles += 1;
      return '[Circular]';
    }
    if (depth > MAX_DEPTH || this.remaining <= 0) {
      this.truncated = true;
      return depth > MAX_DEPTH ? '[Too deep]' : '[Left out]';
    }
    this.ancestors.add(value);
    try {
      return this.members(value, depth);
    } catch (thrown) {
      return this.redaction.text(`[Unreadable: ${thrown instanceof Error ? thrown.name : typeof thrown}]`);
    } finally {
      this.ancestors.delete(value);
    }
  }

  private members(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.array(value, depth);
    if (value instanceof Error) {
      return this.record(Object.entries({ ...value, name: value.name, message: value.message }), depth);
    }
    if (value instanceof Map) return this.list([...value], (pair) => this.pair(pair, depth + 1));
    if (value instanceof Set) return this.array([...value], depth);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      return `[Binary: ${value.byteLength} bytes]`;
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return this.serialized(value as Serializable, depth);
    }
    return this.record(Object.entries(value), depth);
  }

  private serialized(value: Serializable, depth: number): unknown {
    const trail = this.trail.join(SEPARATOR);
    const known = this.shared?.find(value, trail);
    if (known !== undefined && known.bytes < this.remaining) {
      this.remaining -= known.bytes;
      return known.json;
    }
    const { remaining, cycles } = this;
    const form = withGraph(value.toJSON(), value);
    const json = form === value ? this.record(Object.entries(value), depth) : this.encode(form, depth + 1);
    if (!this.truncated && this.cycles === cycles) {
      this.shared?.add(value, trail, { json, bytes: remaining - this.remaining });
    }
    return json;
  }

  private array(items: readonly unknown[], depth: number): unknown[] {
    return this.list(items, (item) => this.encode(item, depth + 1));
  }

  private list<Item>(items: readonly Item[], encode: (item: Item) => unknown): unknown[] {
    const encoded: unknown[] = [];
    for (const item of items) {
      if (this.remaining <= 0) {
        this.truncated = true;
        break;
      }
      const member = encode(item);
      encoded.push(member === undefined ? null : member);
    }
    return encoded;
  }

  private record(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
    const encoded: Record<string, unknown> = {};
    for (const [key, member] of entries) {
      if (this.remaining <= 0) {
        this.truncated = true;
        break;
      }
      this.remaining -= key.length + 4;
      const json = this.member(key, member, depth);
      if (json !== undefined) put(encoded, freeKey(encoded, this.redaction.key(key)), json);
    }
    return encoded;
  }

  /** An entry of a map: its key is one like that of an object. */
  private pair([key, member]: readonly [unknown, unknown], depth: number): unknown {
    if (typeof key !== 'string') return this.array([key, member], depth);
    return [this.text(key), this.member(key, member, depth) ?? null];
  }

  private member(key: string, member: unknown, depth: number): unknown {
    this.trail.push(key);
    try {
      return this.redaction.member(this.trail) ?? this.encode(member, depth + 1);
    } finally {
      this.trail.pop();
    }
  }
}

/** What LangGraph writes of a command lacks the graph that it is for, without which it cannot be followed again. */
function withGraph(form: unknown, value: object): unknown {
  if (typeof form !== 'object' || form === null || Reflect.get(form, 'lg_name') !== 'Command') return form;
  const graph: unknown = Reflect.get(value, 'graph');
  return graph === undefined ? form : { ...form, graph };
}

interface Serializable {
  toJSON(): unknown;
}

/** A member called `__proto__` is data like any other. An object without a prototype would be slow to write as text. */
function put(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') record[key] = value;
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}
