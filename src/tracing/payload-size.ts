const MAX_VISITS = 2_000;
/** What an object takes beside its members. */
const OBJECT_BYTES = 16;
/** What a member takes beside the text or object it refers to. */
const MEMBER_BYTES = 16;
/** What a message takes beside its content: its id, its role and the empty members that every message has. */
const MESSAGE_BYTES = 512;

/**
 * Estimates the bytes that a payload keeps alive, counting each object once per `seen`: consecutive states of a graph
 * share most of their messages by reference. Bounded: past 2,000 members the rest is not looked at.
 */
export function payloadSize(payload: unknown, seen: WeakSet<object>): number {
  let bytes = 0;
  let visits = 0;
  const pending: unknown[] = [payload];
  while (pending.length > 0 && visits < MAX_VISITS) {
    const value = pending.pop();
    visits += 1;
    if (typeof value === 'string') bytes += value.length;
    else if (typeof value !== 'object' || value === null) bytes += 8;
    else if (!seen.has(value)) {
      seen.add(value);
      if (ArrayBuffer.isView(value)) bytes += value.byteLength;
      else if (Array.isArray(value)) {
        bytes += OBJECT_BYTES + MEMBER_BYTES * value.length;
        for (const member of value) pending.push(member);
      } else bytes += pushMembers(value, pending);
    }
  }
  return bytes;
}

/** The members of LangChain's messages that can be large. They hold the same once more in `lc_kwargs`. */
const MESSAGE_MEMBERS = ['content', 'tool_calls', 'additional_kwargs', 'response_metadata', 'artifact'];

/** Adds the members of an object to those to be looked at. Gives back what the object itself takes. */
function pushMembers(value: object, pending: unknown[]): number {
  if (isMessage(value)) {
    for (const key of MESSAGE_MEMBERS) pending.push(value[key]);
    return MESSAGE_BYTES;
  }
  let members = 0;
  for (const key of Object.keys(value)) {
    // Data members only: an accessor belongs to the user's code and must not run here.
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined || !('value' in descriptor)) continue;
    pending.push(descriptor.value);
    members += 1;
  }
  return OBJECT_BYTES + MEMBER_BYTES * members;
}

function isMessage(value: object): value is Readonly<Record<string, unknown>> {
  return 'lc_namespace' in value && 'content' in value && 'additional_kwargs' in value;
}
