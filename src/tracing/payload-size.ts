const MAX_VISITS = 2_000;

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
      else {
        const members = ownValues(value);
        bytes += 16 * (members.length + 1);
        for (const member of members) pending.push(member);
      }
    }
  }
  return bytes;
}

/** Data members only: an accessor belongs to the user's code and must not run here. */
function ownValues(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const values: unknown[] = [];
  for (const key of Object.keys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor !== undefined && 'value' in descriptor) values.push(descriptor.value);
  }
  return values;
}
