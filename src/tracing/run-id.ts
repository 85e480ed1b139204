import { randomFillSync } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';

const ID_BYTES = 16;
/** Enough for 256 ids: asking the system takes far longer than an id. */
const pool = new Uint8Array(256 * ID_BYTES);
let used = pool.length;

/** An id for a run: a UUID of version 7, as LangChain's own are. */
export function newRunId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + ID_BYTES);
  used += ID_BYTES;
  return uuidV7({ random });
}
