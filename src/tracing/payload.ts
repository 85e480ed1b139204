/** A payload as JSON, and what could not be carried over. */
export interface EncodedPayload {
  readonly value: unknown;
  /** True when text was cut or members were left out to stay within the limit. */
  readonly truncated: boolean;
}

const MAX_DEPTH = 60;

/**
 * Turns any value into plain JSON of at most about `maxBytes`, without ever throwing: cycles, getters that throw,
 * functions, BigInts, dates, maps, sets, errors and binary data each become something readable. `toJSON` is honoured, so a
 * LangChain message takes its serialized form.
 */
export function encodePayload(value: unknown, maxBytes: number): EncodedPayload {
  const walk = new Walk(maxBytes);
  const encoded = walk.encode(value, 0);
  return { value: encoded === undefined ? null : encoded, truncated: walk.truncated };
}

class Walk {
  truncated = false;
  private remaining: number;
  private readonly ancestors = new Set<object>();

  constructor(maxBytes: number) {
    this.remaining = maxBytes;
  }

  encode(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        this.remaining -= 8;
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        this.remaining -= 5;
        return value;
      case 'bigint':
        return this.text(value.toString());
      case 'object':
        return value === null ? null : this.object(value, depth);
      default:
        return undefined;
    }
  }

  private text(value: string): string {
    if (value.length <= this.remaining) {
      this.remaining -= value.length + 2;
      return value;
    }
    this.truncated = true;
    const kept = value.slice(0, Math.max(0, this.remaining));
    this.remaining = 0;
    return `${kept}… [${value.length - kept.length} characters left out]`;
  }

  private object(value: object, depth: number): unknown {
    if (this.ancestors.has(value)) return '[Circular]';
    if (depth > MAX_DEPTH || this.remaining <= 0) {
      this.truncated = true;
      return depth > MAX_DEPTH ? '[Too deep]' : '[Left out]';
    }
    this.ancestors.add(value);
    try {
      return this.members(value, depth);
    } catch (thrown) {
      return `[Unreadable: ${thrown instanceof Error ? thrown.name : typeof thrown}]`;
    } finally {
      this.ancestors.delete(value);
    }
  }

  private members(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.array(value, depth);
    if (value instanceof Error) {
      return this.record(Object.entries({ ...value, name: value.name, message: value.message }), depth);
    }
    if (value instanceof Map) return this.array([...value], depth);
    if (value instanceof Set) return this.array([...value], depth);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      return `[Binary: ${value.byteLength} bytes]`;
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const json: unknown = value.toJSON();
      return json === value ? this.record(Object.entries(value), depth) : this.encode(json, depth + 1);
    }
    return this.record(Object.entries(value), depth);
  }

  private array(items: readonly unknown[], depth: number): unknown[] {
    const encoded: unknown[] = [];
    for (const item of items) {
      if (this.remaining <= 0) {
        this.truncated = true;
        break;
      }
      const member = this.encode(item, depth + 1);
      encoded.push(member === undefined ? null : member);
    }
    return encoded;
  }

  private record(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
    // Without a prototype: a member called `__proto__` is data like any other.
    const encoded: Record<string, unknown> = Object.create(null);
    for (const [key, member] of entries) {
      if (this.remaining <= 0) {
        this.truncated = true;
        break;
      }
      this.remaining -= key.length + 4;
      const json = this.encode(member, depth + 1);
      if (json !== undefined) encoded[key] = json;
    }
    return encoded;
  }
}
