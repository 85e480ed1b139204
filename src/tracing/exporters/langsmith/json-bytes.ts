import { type SharingWriter, splitReferences } from '../../../core/index.ts';

/** JSON in UTF-8, in pieces: what many of them have in common is the same bytes. */
export class JsonBytes {
  /** Text that is still to be encoded, and bytes. */
  readonly pieces: readonly (string | Buffer)[];
  /** In bytes. */
  readonly length: number;

  constructor(pieces: readonly (string | Buffer)[]) {
    this.pieces = pieces;
    this.length = pieces.reduce(
      (sum, piece) => sum + (typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length),
      0,
    );
  }

  /** The JSON of a value that nothing is shared with. */
  static of(value: unknown): JsonBytes {
    return new JsonBytes([JSON.stringify(value)]);
  }

  toString(): string {
    return this.pieces.map(String).join('');
  }
}

/** Encodes values that share parts with each other, each part once. */
export class SharedEncoder {
  private readonly writer: SharingWriter;
  private readonly parts: Buffer[] = [];

  constructor(writer: SharingWriter) {
    this.writer = writer;
  }

  encode(value: unknown): JsonBytes {
    return new JsonBytes(this.pieces(JSON.stringify(this.writer.pack(value))));
  }

  private pieces(text: string): (string | Buffer)[] {
    // Every second one is the index of a reference.
    return splitReferences(text).map((piece, at) => (at % 2 === 0 ? piece : this.part(Number(piece))));
  }

  private part(index: number): Buffer {
    const known = this.parts[index];
    if (known !== undefined) return known;
    const text = this.writer.sharedText(index);
    const part = this.writer.isLiteral(index) ? Buffer.from(text) : joined(this.pieces(text));
    this.parts[index] = part;
    return part;
  }
}

/** All pieces as one. Neighbouring texts are encoded together. */
export function joined(pieces: Iterable<string | Buffer>): Buffer<ArrayBuffer> {
  const chunks: Buffer[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') chunks.push(Buffer.from(text));
    text = '';
  };
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else {
      flush();
      chunks.push(piece);
    }
  }
  flush();
  return Buffer.concat(chunks);
}
