const MAX_VISITS = 2_000;
/** Deeper than any payload that is recorded. */
const MAX_DEPTH = 60;
/** What an object takes beside its members. */
const OBJECT_BYTES = 16;
/** What a member takes beside the text or object it refers to. */
const MEMBER_BYTES = 16;
/** What a message takes beside its content: its id, its role and the empty members that every message has. */
const MESSAGE_BYTES = 512;

/** An object with less text of its own is counted again wherever it stands: to remember it would cost more. */
const REMEMBERED_BYTES = 256;

/**
 * Estimates the bytes that a payload keeps alive, counting what is large once per `seen`: consecutive states of a graph
 * share most of their messages by reference. Bounded: past 2,000 members or 60 levels the rest is not looked at.
 */
export function payloadSize(payload: unknown, seen: WeakSet<object>): number {
  return new Scale(seen).weigh(payload, 0);
}

class Scale {
  private readonly seen: WeakSet<object>;
  private visits = 0;

  constructor(seen: WeakSet<object>) {
    this.seen = seen;
  }

  weigh(value: unknown, depth: number): number {
    this.visits += 1;
    if (typeof value === 'string') return value.length;
    if (typeof value !== 'object' || value === null) return 8;
    if (this.visits > MAX_VISITS || depth > MAX_DEPTH || this.seen.has(value)) return 0;
    if (Array.isArray(value)) return this.list(value, depth + 1);
    if (isMessage(value)) return this.message(value, depth + 1);
    if (!ArrayBuffer.isView(value)) return this.record(value, depth + 1);
    this.seen.add(value);
    return value.byteLength;
  }

  private list(items: readonly unknown[], depth: number): number {
    let bytes = OBJECT_BYTES + MEMBER_BYTES * items.length;
    for (const item of items) {
      if (this.visits > MAX_VISITS) break;
      bytes += this.weigh(item, depth);
    }
    return bytes;
  }

  private record(record: object, depth: number): number {
    const members: unknown[] = [];
    let text = 0;
    for (const key of Object.keys(record)) {
      // Data members only: an accessor belongs to the user's code and must not run here.
      const descriptor = Object.getOwnPropertyDescriptor(record, key);
      if (descriptor === undefined || !('value' in descriptor)) continue;
      if (typeof descriptor.value === 'string') text += descriptor.value.length;
      members.push(descriptor.value);
    }
    if (text >= REMEMBERED_BYTES) this.seen.add(record);
    return this.list(members, depth);
  }

  /** The members of LangChain's messages that can be large. They hold the same once more in `lc_kwargs`. */
  private message(message: Readonly<Record<string, unknown>>, depth: number): number {
    this.seen.add(message);
    return (
      MESSAGE_BYTES +
      this.weigh(message['content'], depth) +
      this.weigh(message['tool_calls'], depth) +
      this.weigh(message['additional_kwargs'], depth) +
      this.weigh(message['response_metadata'], depth) +
      this.weigh(message['artifact'], depth)
    );
  }
}

function isMessage(value: object): value is Readonly<Record<string, unknown>> {
  return 'lc_namespace' in value && 'content' in value && 'additional_kwargs' in value;
}
