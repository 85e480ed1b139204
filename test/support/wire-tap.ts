import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/** A connection as it was: what was sent to the server, in order. */
interface Conversation {
  readonly chunks: Buffer[];
}

/** A request that was read out of the bytes of a connection. */
export interface TappedRequest {
  /** `POST /runs/multipart HTTP/1.1`, and the headers, as they were on the wire. */
  readonly head: string;
  readonly encoding: string;
  /** The body without its chunks, decompressed. */
  readonly body: Buffer;
}

/**
 * Stands in front of a server and keeps every byte that is sent to it, whatever the server makes of it: also of requests
 * that are refused or cut off, with their lines and headers.
 */
export class WireTap implements AsyncDisposable {
  private readonly conversations: Conversation[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => this.relay(client));
  private readonly target: URL;

  private constructor(target: URL) {
    this.target = target;
  }

  /** Listens on a port of its own, for a server that listens on another one. */
  static async before(url: string): Promise<WireTap> {
    const tap = new WireTap(new URL(url));
    await new Promise<void>((resolve) => tap.server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The requests so far, those cut off in the middle left out. */
  get requests(): readonly TappedRequest[] {
    return this.conversations.flatMap(({ chunks }) => readRequests(Buffer.concat(chunks)));
  }

  /** All that was sent: the bytes of each connection as they were, and the body of each request decompressed. */
  get bytes(): readonly Buffer[] {
    const raw = this.conversations.map(({ chunks }) => Buffer.concat(chunks));
    return [...raw, ...raw.flatMap((bytes) => readRequests(bytes).map(({ body }) => body))];
  }

  /** Forgets what was sent. Connections stay open. */
  clear(): void {
    for (const { chunks } of this.conversations) chunks.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private relay(client: Socket): void {
    const conversation: Conversation = { chunks: [] };
    this.conversations.push(conversation);
    client.on('data', (chunk) => conversation.chunks.push(chunk));
    const server = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      // A connection that is refused or reset is what the sender has to live with.
      socket.on('error', () => other.destroy());
      socket.pipe(other);
    }
  }
}

const END_OF_HEAD = '\r\n\r\n';

function readRequests(bytes: Buffer): TappedRequest[] {
  const requests: TappedRequest[] = [];
  let at = 0;
  for (;;) {
    const headEnd = bytes.indexOf(END_OF_HEAD, at);
    if (headEnd < 0) return requests;
    const head = bytes.subarray(at, headEnd).toString('latin1');
    const start = headEnd + END_OF_HEAD.length;
    const length = Number(headerOf(head, 'content-length') ?? 0);
    const isChunked = headerOf(head, 'transfer-encoding')?.toLowerCase() === 'chunked';
    const read = isChunked
      ? readChunks(bytes, start)
      : start + length <= bytes.length
        ? { body: bytes.subarray(start, start + length), end: start + length }
        : undefined;
    if (read === undefined) return requests;
    const encoding = headerOf(head, 'content-encoding') ?? 'identity';
    requests.push({ head, encoding, body: decompress(read.body, encoding) });
    at = read.end;
  }
}

function headerOf(head: string, name: string): string | undefined {
  const line = head.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function readChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const data = lineEnd + 2;
    if (Number.isNaN(size)) throw new Error('a chunk has no size');
    if (data + size + 2 > bytes.length) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: data + 2 };
    parts.push(bytes.subarray(data, data + size));
    at = data + size + 2;
  }
}

/** An encoding that is not known fails: what cannot be read cannot be searched. */
function decompress(body: Buffer, encoding: string): Buffer {
  switch (encoding.toLowerCase()) {
    case 'identity':
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'zstd':
      return zstdDecompressSync(body);
    case 'deflate':
      return inflateSync(body);
    case 'br':
      return brotliDecompressSync(body);
    default:
      throw new Error(`content-encoding ${encoding} cannot be read`);
  }
}
