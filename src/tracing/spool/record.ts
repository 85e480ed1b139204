import { crc32 } from 'node:zlib';

/** One trace as it stands in a segment. */
export interface SpoolRecord {
  /** Its number within the lane, from 1, growing. */
  readonly sequence: number;
  /** Whether it was kept for anything but its share of the sample: such a one is given up last. */
  readonly precious: boolean;
  /** When it was decided, in whole milliseconds since the epoch. */
  readonly timeMs: number;
  /** A trace as JSON text in UTF-8. */
  readonly payload: Buffer;
}

/** What {@link scanRecords} finds, in order. The pieces cover the bytes without a hole. */
export type ScannedPiece =
  | (SpoolRecord & { readonly kind: 'record'; readonly offset: number; readonly end: number })
  /** `torn`: nothing valid follows, as after a write that was cut short. Otherwise bytes in the middle were changed. */
  | { readonly kind: 'damage'; readonly torn: boolean; readonly offset: number; readonly end: number };

/**
 * Where a record begins. The first byte is ASCII's record separator, as in JSON text sequences (RFC 7464): JSON text
 * never holds it, so that nothing inside a payload, whoever wrote it, can be taken for the beginning of a record.
 */
const MARKER = Buffer.from([0x1e, 0x53, 0x4c, 0x01]);

// marker 4, checksum 4, then what the checksum covers: length 4, precious 1, sequence 6, time 6, payload.
const CHECKSUM_AT = 4;
const LENGTH_AT = 8;
const PRECIOUS_AT = 12;
const SEQUENCE_AT = 13;
const TIME_AT = 19;

/** Bytes of a record before its payload. */
export const HEADER_BYTES = 25;

/** A record to write. */
export interface RecordFields extends Omit<SpoolRecord, 'payload'> {
  /** Text of the payload. */
  readonly text: string;
}

/** A record as bytes: marker, CRC-32 over all that follows it, payload length, priority, sequence, time, payload. */
export function encodeRecord(fields: RecordFields): Buffer {
  const bytes = Buffer.allocUnsafe(recordBytes(fields.text));
  writeRecord(bytes, fields);
  return bytes;
}

/**
 * Encodes records into memory that is used again: allocating and freeing that of every record takes as long as writing it.
 * A record is good until the next {@link RecordEncoder.reset}.
 */
export class RecordEncoder {
  private readonly sizeBytes: number;
  private memory: Buffer | undefined;
  private used = 0;

  /** @param sizeBytes What it may hold on to, in bytes. Records beyond it get memory of their own. */
  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /** A record as {@link encodeRecord} makes it. */
  encode(fields: RecordFields): Buffer {
    const length = recordBytes(fields.text);
    if (this.used + length > this.sizeBytes) return encodeRecord(fields);
    this.memory ??= Buffer.allocUnsafeSlow(this.sizeBytes);
    const bytes = this.memory.subarray(this.used, this.used + length);
    writeRecord(bytes, fields);
    this.used += length;
    return bytes;
  }

  /** Takes back the memory of every record encoded so far. */
  reset(): void {
    this.used = 0;
  }
}

function recordBytes(text: string): number {
  return HEADER_BYTES + Buffer.byteLength(text);
}

/** Fills bytes that are exactly as long as the record. */
function writeRecord(bytes: Buffer, { sequence, precious, timeMs, text }: RecordFields): void {
  MARKER.copy(bytes);
  bytes.writeUInt32BE(bytes.length - HEADER_BYTES, LENGTH_AT);
  bytes.writeUInt8(precious ? 1 : 0, PRECIOUS_AT);
  bytes.writeUIntBE(sequence, SEQUENCE_AT, 6);
  bytes.writeUIntBE(timeMs, TIME_AT, 6);
  bytes.write(text, HEADER_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(LENGTH_AT)), CHECKSUM_AT);
}

/** The record that begins at an offset; undefined when none does, or it is not whole. */
export function recordAt(
  bytes: Buffer,
  offset: number,
): (SpoolRecord & { readonly end: number }) | undefined {
  if (offset + HEADER_BYTES > bytes.length) return undefined;
  if (bytes.compare(MARKER, 0, MARKER.length, offset, offset + MARKER.length) !== 0) return undefined;
  const end = offset + HEADER_BYTES + bytes.readUInt32BE(offset + LENGTH_AT);
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(offset + LENGTH_AT, end)) !== bytes.readUInt32BE(offset + CHECKSUM_AT)) {
    return undefined;
  }
  return {
    sequence: bytes.readUIntBE(offset + SEQUENCE_AT, 6),
    precious: bytes.readUInt8(offset + PRECIOUS_AT) === 1,
    timeMs: bytes.readUIntBE(offset + TIME_AT, 6),
    payload: bytes.subarray(offset + HEADER_BYTES, end),
    end,
  };
}

/** Reads the records of a segment. Damage costs the records it touches and no other one. */
export function* scanRecords(bytes: Buffer): Generator<ScannedPiece> {
  let offset = 0;
  while (offset < bytes.length) {
    const record = recordAt(bytes, offset);
    if (record !== undefined) {
      yield { kind: 'record', offset, ...record };
      offset = record.end;
      continue;
    }
    const next = nextRecord(bytes, offset + 1);
    const end = next ?? bytes.length;
    yield { kind: 'damage', torn: next === undefined, offset, end };
    offset = end;
  }
}

function nextRecord(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MARKER, from); at !== -1; at = bytes.indexOf(MARKER, at + 1)) {
    if (recordAt(bytes, at) !== undefined) return at;
  }
  return undefined;
}
