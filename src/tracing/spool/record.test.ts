import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeRecord,
  RecordEncoder,
  type RecordFields,
  recordAt,
  type SpoolRecord,
  scanRecords,
} from './record.ts';

const record = fc.record({
  sequence: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  precious: fc.boolean(),
  timeMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  text: fc.json(),
}) satisfies fc.Arbitrary<RecordFields>;
const records = fc.array(record, { minLength: 1, maxLength: 8 });

function found(bytes: Buffer) {
  const pieces = [...scanRecords(bytes)];
  return {
    records: pieces.flatMap((piece) => (piece.kind === 'record' ? [plain(piece)] : [])),
    damage: pieces.filter((piece) => piece.kind === 'damage'),
    pieces,
  };
}

function plain({ sequence, precious, timeMs, payload }: SpoolRecord) {
  return { sequence, precious, timeMs, text: payload.toString() };
}

function layout(list: readonly RecordFields[]) {
  const encoded = list.map((one) => encodeRecord(one));
  let offset = 0;
  const ranges = encoded.map(({ length }) => {
    const start = offset;
    offset += length;
    return { start, end: offset };
  });
  return { bytes: Buffer.concat(encoded), ranges };
}

describe('scanRecords', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(records, (list) => {
        const read = found(layout(list).bytes);
        expect(read.records).toEqual(list);
        expect(read.damage).toEqual([]);
      }),
    );
  });

  it('loses the last record and no other one to a write cut short at any byte', () => {
    fc.assert(
      fc.property(records, fc.nat(), (list, seed) => {
        const { bytes, ranges } = layout(list);
        const cut = seed % bytes.length;
        const read = found(bytes.subarray(0, cut));
        const whole = ranges.filter(({ end }) => end <= cut).length;
        expect(read.records).toEqual(list.slice(0, whole));
        const isCut = cut !== (ranges[whole - 1]?.end ?? 0);
        expect(read.damage.map(({ torn }) => torn)).toEqual(isCut ? [true] : []);
      }),
    );
  });

  it('loses the record a changed byte is in and no other one, and never gives a wrong one', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, seed, change) => {
        const { bytes, ranges } = layout(list);
        const at = seed % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ change, at);
        const hit = ranges.findIndex(({ start, end }) => start <= at && at < end);
        const read = found(bytes);
        expect(read.records).toEqual(list.filter((_one, index) => index !== hit));
        expect(read.damage.map(({ torn }) => torn)).toEqual([hit === list.length - 1]);
      }),
      { numRuns: 500 },
    );
  });

  it('covers any bytes without a hole, and finds nothing in bytes that are not its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const { pieces, records: read } = found(Buffer.from(noise));
        expect(read).toEqual([]);
        let offset = 0;
        for (const piece of pieces) {
          expect(piece.offset).toBe(offset);
          offset = piece.end;
        }
        expect(offset).toBe(noise.length);
      }),
    );
  });

  it('finds the records around foreign bytes', () => {
    fc.assert(
      fc.property(record, record, fc.uint8Array({ minLength: 1, maxLength: 200 }), (first, last, noise) => {
        const read = found(Buffer.concat([encodeRecord(first), noise, encodeRecord(last)]));
        expect(read.records).toEqual([first, last]);
        expect(read.damage).toHaveLength(1);
      }),
    );
  });

  it('cannot be made to read a record that a user put into a payload', () => {
    const forged = encodeRecord({
      sequence: 9,
      precious: true,
      timeMs: 9,
      text: '{"id":"forged"}',
    });
    const outer = encodeRecord({
      sequence: 1,
      precious: false,
      timeMs: 1,
      text: JSON.stringify({ text: forged.toString('latin1') }),
    });
    outer.writeUInt8(0, 0);
    expect(found(outer).records).toEqual([]);
  });

  it('reads a long run of broken beginnings in a moment', () => {
    const marker = encodeRecord({ sequence: 1, precious: false, timeMs: 1, text: '' });
    const broken = Buffer.concat(Array.from({ length: 20_000 }, () => marker.subarray(0, 8)));
    expect(found(broken).records).toEqual([]);
  });
});

describe('recordAt', () => {
  it('is undefined where no record begins', () => {
    const bytes = encodeRecord({ sequence: 1, precious: false, timeMs: 1, text: '1' });
    expect(recordAt(bytes, 0)).toMatchObject({ sequence: 1, end: bytes.length });
    expect(recordAt(bytes, 1)).toBeUndefined();
    expect(recordAt(bytes, bytes.length)).toBeUndefined();
  });
});

describe('RecordEncoder', () => {
  it('gives the bytes of encodeRecord, within its memory and beyond it, again after each reset', () => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 4 }), fc.integer({ min: 0, max: 200 }), (rounds, size) => {
        const encoder = new RecordEncoder(size);
        for (const round of rounds) {
          encoder.reset();
          const encoded = round.map((one) => encoder.encode(one));
          expect(Buffer.concat(encoded)).toEqual(layout(round).bytes);
        }
      }),
    );
  });
});
