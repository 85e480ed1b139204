import { isRecord, type Json } from './json.ts';

/** Deeper values become `[Too deep]`: they are mistakes, and JSON readers recurse. */
const MAX_DEPTH = 200;

/** Fields of a LangChain message that are sent, in this order, where the message has them. */
const MESSAGE_FIELDS = [
  'id',
  'name',
  'role',
  'tool_calls',
  'invalid_tool_calls',
  'tool_call_id',
  'status',
  'artifact',
  'usage_metadata',
] as const;

/** Fields of an interrupt that are sent. */
const INTERRUPT_FIELDS = ['id', 'value', 'response_schema'] as const;

/**
 * Turns what a graph returns into plain JSON, as LangServe sends it. Evaluations in process use it too, so that an
 * evaluator sees the same outputs whichever way the graph was called.
 *
 * - LangChain messages, recognised by their methods, become `{type, content, id?, name?, tool_calls?,
 *   invalid_tool_calls?, tool_call_id?, status?, artifact?, usage_metadata?, additional_kwargs, response_metadata}`, which
 *   LangGraph's message reducers take back as input. Chunks have the type of the whole message.
 * - `__interrupt__` holds `[{id, value}]`.
 * - Dates are ISO 8601; a Map is an object (an array of pairs if a key is no string), a Set an array, a BigInt its digits,
 *   bytes base64, an Error `{name, message}` without its stack; any other `toJSON` is honoured.
 * - As in `JSON.stringify`, functions, symbols and undefined are left out (null in an array), and NaN and infinities are
 *   null. A cycle is `[Circular]`, a member that cannot be read `[Unreadable]`.
 *
 * Never throws. Applied to its own result it returns an equal value.
 */
export function toWire(value: unknown): Json {
  return encode(value, new Set()) ?? null;
}

/** The objects that enclose the value being encoded: their number is the depth. */
type Ancestors = Set<object>;

function encode(value: unknown, ancestors: Ancestors): Json | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // Adding zero turns -0, which JSON does not have, into 0.
      return Number.isFinite(value) ? value + 0 : null;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : encodeObject(value, ancestors);
    default:
      return undefined;
  }
}

function encodeObject(value: object, ancestors: Ancestors): Json | undefined {
  if (ancestors.has(value)) return '[Circular]';
  if (ancestors.size >= MAX_DEPTH) return '[Too deep]';
  ancestors.add(value);
  try {
    return encodeMembers(value, ancestors);
  } catch {
    // Getters, proxies and toJSON are the graph's code; the rest of the output is still worth having.
    return '[Unreadable]';
  } finally {
    ancestors.delete(value);
  }
}

function encodeMembers(value: object, ancestors: Ancestors): Json | undefined {
  if (Array.isArray(value)) return encodeArray(value, ancestors);
  const messageType = typeOfMessage(value);
  if (messageType !== undefined) return encodeMessage(value, messageType, ancestors);
  // Before toJSON: HTTP clients put requests with their credentials into that of their errors.
  if (value instanceof Error) return { name: String(value.name), message: String(value.message) };
  if (value instanceof Map) return encodeMap(value, ancestors);
  if (value instanceof Set) return encodeArray([...value], ancestors);
  if (value instanceof ArrayBuffer) return base64(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) {
    return base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return encode(value.valueOf(), ancestors);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = value.toJSON();
    return json === value ? encodeRecord(value, ancestors) : encode(json, ancestors);
  }
  return encodeRecord(value, ancestors);
}

function encodeArray(items: readonly unknown[], ancestors: Ancestors): Json[] {
  return Array.from(items, (item) => encode(item, ancestors) ?? null);
}

function encodeMap(map: ReadonlyMap<unknown, unknown>, ancestors: Ancestors): Json {
  const pairs = [...map];
  if (!pairs.every(([key]) => typeof key === 'string')) return encodeArray(pairs, ancestors);
  return encodeRecord(Object.fromEntries(pairs), ancestors);
}

function encodeRecord(value: object, ancestors: Ancestors): Json {
  const entries: [string, Json][] = [];
  for (const key of Object.keys(value)) {
    const member = read(value, key);
    const json =
      key === '__interrupt__' && Array.isArray(member)
        ? member.map((interrupt) => encodeInterrupt(interrupt, ancestors))
        : encode(member, ancestors);
    if (json !== undefined) entries.push([key, json]);
  }
  // Defines members rather than assigning them: one called __proto__ is data like any other.
  return Object.fromEntries(entries);
}

/** One getter that throws costs its own member, not those beside it. */
function read(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return '[Unreadable]';
  }
}

function encodeInterrupt(interrupt: unknown, ancestors: Ancestors): Json {
  if (!isRecord(interrupt)) return encode(interrupt, ancestors) ?? null;
  const { id, value, ...rest } = pick(interrupt, INTERRUPT_FIELDS, ancestors);
  return { ...(id === undefined ? {} : { id }), value: value ?? null, ...rest };
}

function pick(value: object, fields: readonly string[], ancestors: Ancestors): Record<string, Json> {
  const picked: Record<string, Json> = {};
  for (const field of fields) {
    const json = encode(read(value, field), ancestors);
    if (json !== undefined && json !== null) picked[field] = json;
  }
  return picked;
}

/** The type of a LangChain message: every version since 0.1 has `_getType`, later ones `getType`. */
function typeOfMessage(value: object): string | undefined {
  if (!('content' in value)) return undefined;
  const getType: unknown = Reflect.get(value, 'getType') ?? Reflect.get(value, '_getType');
  if (typeof getType !== 'function') return undefined;
  const type: unknown = getType.call(value);
  return typeof type === 'string' ? type : undefined;
}

function encodeMessage(message: object, type: string, ancestors: Ancestors): Json {
  return {
    type,
    content: encode(read(message, 'content'), ancestors) ?? '',
    ...pick(message, MESSAGE_FIELDS, ancestors),
    additional_kwargs: encode(read(message, 'additional_kwargs'), ancestors) ?? {},
    response_metadata: encode(read(message, 'response_metadata'), ancestors) ?? {},
  };
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
