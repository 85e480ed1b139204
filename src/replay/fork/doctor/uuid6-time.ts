/** Ticks of 100 ns between the epoch of UUIDs (1582-10-15) and that of Unix. */
const EPOCH_TICKS = 0x01b21dd213814000n;
const TICKS_PER_MS = 10_000n;

/** Length of one {@link timeBucket}, in milliseconds: just under two hours. */
export const BUCKET_MS = Number(1n << 36n) / 10_000;

/**
 * When a UUID of version 6 was made, in milliseconds since the epoch (RFC 9562, 5.6). Checkpoint ids are such; they are the
 * only record of when a checkpoint was written that can be asked for without reading it. Undefined for any other text.
 */
export function uuid6TimeMs(id: string): number | undefined {
  const parts = /^([0-9a-f]{8})-([0-9a-f]{4})-6([0-9a-f]{3})-/i.exec(id);
  if (parts === null) return undefined;
  const [, high, middle, low] = parts;
  return Number((BigInt(`0x${high}${middle}${low}`) - EPOCH_TICKS) / TICKS_PER_MS);
}

/** The least id of version 6 of a moment: as text it sorts before every id made then or later. */
export function uuid6From(timeMs: number): string {
  const ticks = (BigInt(Math.floor(timeMs)) * TICKS_PER_MS + EPOCH_TICKS).toString(16).padStart(15, '0');
  return `${ticks.slice(0, 8)}-${ticks.slice(8, 12)}-6${ticks.slice(12)}-0000-000000000000`;
}

/** When a bucket of ids begins, which is named by their first six digits; undefined for text that is no such name. */
export function bucketTimeMs(bucket: string): number | undefined {
  return /^[0-9a-f]{6}$/i.test(bucket) ? uuid6TimeMs(`${bucket}00-0000-6000-`) : undefined;
}
