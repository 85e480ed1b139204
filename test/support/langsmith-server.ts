import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** A run as the server has it once what was posted and what was patched are merged. */
export type ReceivedRun = Record<string, unknown> & { id: string };

/** One request as it came. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Bytes on the wire, before decompression. */
  readonly wireBytes: number;
  /** Bytes after decompression. */
  readonly bodyBytes: number;
  /** Ids of the runs posted and patched by it. */
  readonly posts: readonly string[];
  readonly patches: readonly string[];
}

/** How the next ingest request is answered instead of being taken. */
export type Refusal =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'hang'
  | 'reset';

/** What the server does; every field may be changed while it runs. */
export interface ServerBehaviour {
  /** What `GET /info` answers; undefined for 404. */
  info: Record<string, unknown> | undefined;
  /** Whether `/runs/multipart` exists. */
  multipart: boolean;
  /** Answers of the next ingest requests, first one first; each is used once. */
  refusals: Refusal[];
  /** An answer to every ingest request while it is set: an outage. */
  outage: Refusal | undefined;
  /** Requests bigger than this, after decompression, are answered 413. */
  maxBytes: number;
  /** The only accepted API key. */
  apiKey: string | undefined;
}

/**
 * LangSmith's ingest, as far as tracers use it, over a real socket: multipart with checked part lengths, JSON batches,
 * `/info` and feedback. Like the real one it wants `trace_id` and a `dotted_order` that fits with every run, and
 * answers 409 to a run that it has been posted before.
 */
export class LangSmithServer implements AsyncDisposable {
  readonly behaviour: ServerBehaviour = {
    info: { version: '0.16.4', batch_ingest_config: { use_multipart_endpoint: true } },
    multipart: true,
    refusals: [],
    outage: undefined,
    maxBytes: Number.POSITIVE_INFINITY,
    apiKey: undefined,
  };
  readonly requests: ReceivedRequest[] = [];
  readonly feedback: Record<string, unknown>[] = [];
  /** What was wrong with requests that were answered 422. */
  readonly complaints: string[] = [];
  private readonly merged = new Map<string, ReceivedRun>();
  private readonly posted = new Set<string>();
  private server = this.create();
  private port = 0;

  /** Starts on a port of its own. */
  static async start(behaviour: Partial<ServerBehaviour> = {}): Promise<LangSmithServer> {
    const server = new LangSmithServer();
    Object.assign(server.behaviour, behaviour);
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every run so far, in the order they were first heard of. */
  get runs(): readonly ReceivedRun[] {
    return [...this.merged.values()];
  }

  /** Ingest requests only. */
  get ingests(): readonly ReceivedRequest[] {
    return this.requests.filter(({ path }) => path.startsWith('/runs'));
  }

  /** Refuses connections until {@link listen}. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Takes connections, on the port it had before. */
  async listen(): Promise<void> {
    if (this.port !== 0) this.server = this.create();
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Forgets what it was sent. */
  clear(): void {
    for (const list of [this.requests, this.feedback, this.complaints]) list.length = 0;
    this.merged.clear();
    this.posted.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private create() {
    return createServer((request, response) => {
      this.handle(request, response).catch((thrown: unknown) => {
        this.complaints.push(String(thrown));
        answer(response, 422, { detail: String(thrown) });
      });
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const wire = await buffer(request);
    const { behaviour } = this;
    if (path === '/info') {
      this.note(request, wire.length, wire.length, new Map());
      if (behaviour.info === undefined) answer(response, 404, { detail: 'Not Found' });
      else answer(response, 200, behaviour.info);
      return;
    }
    if (path === '/feedback') {
      this.feedback.push(JSON.parse(wire.toString('utf8')) as Record<string, unknown>);
      this.note(request, wire.length, wire.length, new Map());
      answer(response, 200, {});
      return;
    }
    const refusal = behaviour.refusals.shift() ?? behaviour.outage;
    if (refusal === 'reset') {
      request.socket.destroy();
      return;
    }
    if (refusal === 'hang') {
      this.note(request, wire.length, 0, new Map());
      return;
    }
    if (refusal !== undefined) {
      this.note(request, wire.length, 0, new Map());
      response.writeHead(refusal.status, refusal.headers).end(refusal.body ?? '');
      return;
    }
    if (behaviour.apiKey !== undefined && request.headers['x-api-key'] !== behaviour.apiKey) {
      this.note(request, wire.length, 0, new Map());
      answer(response, 401, { detail: 'Invalid token' });
      return;
    }
    const body = decompress(wire, request.headers['content-encoding']);
    if (body.length > behaviour.maxBytes) {
      this.note(request, wire.length, body.length, new Map());
      answer(response, 413, { detail: 'Payload too large' });
      return;
    }
    if (path === '/runs/multipart' && behaviour.multipart) {
      this.take(request, response, wire.length, body.length, this.readMultipart(request, body));
    } else if (path === '/runs/batch') {
      this.take(request, response, wire.length, body.length, readBatch(body));
    } else {
      this.note(request, wire.length, body.length, new Map());
      answer(response, 404, { detail: 'Not Found' });
    }
  }

  private take(
    request: IncomingMessage,
    response: ServerResponse,
    wireBytes: number,
    bodyBytes: number,
    operations: ReadonlyMap<string, ReceivedRun>,
  ): void {
    this.note(request, wireBytes, bodyBytes, operations);
    for (const [operation, run] of operations) checkRun(operation, run);
    const known = [...operations.keys()].filter((key) => key.startsWith('post.') && this.posted.has(key));
    if (known.length > 0) {
      answer(response, 409, { error: `Payloads already received: ${known.length}` });
      return;
    }
    for (const [operation, run] of operations) {
      if (operation.startsWith('post.')) this.posted.add(operation);
      this.merged.set(run.id, { ...this.merged.get(run.id), ...run });
    }
    answer(response, 202, { message: 'Runs batch ingested' });
  }

  private readMultipart(request: IncomingMessage, body: Buffer): Map<string, ReceivedRun> {
    const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1];
    if (boundary === undefined) throw new Error('no boundary');
    const runs = new Map<string, ReceivedRun>();
    for (const { name, type, data } of multipartParts(body, boundary)) {
      const [operation = '', id = '', field] = name.split('.');
      const length = /^application\/json; length=(\d+)$/.exec(type)?.[1];
      if (length === undefined || Number(length) !== data.length)
        throw new Error(`length of ${name}: ${type}`);
      const value: unknown = JSON.parse(data.toString('utf8'));
      if (operation === 'feedback') {
        this.feedback.push(value as Record<string, unknown>);
        continue;
      }
      const key = `${operation}.${id}`;
      if (field === undefined) runs.set(key, { ...(value as ReceivedRun) });
      else {
        const run = runs.get(key);
        if (run === undefined) throw new Error(`${name} before its run`);
        run[field] = value;
      }
    }
    return runs;
  }

  private note(
    request: IncomingMessage,
    wireBytes: number,
    bodyBytes: number,
    operations: ReadonlyMap<string, ReceivedRun>,
  ): void {
    const ids = (operation: string) =>
      [...operations].filter(([key]) => key.startsWith(operation)).map(([, run]) => run.id);
    this.requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      wireBytes,
      bodyBytes,
      posts: ids('post.'),
      patches: ids('patch.'),
    });
  }
}

function readBatch(body: Buffer): Map<string, ReceivedRun> {
  const batch = JSON.parse(body.toString('utf8')) as { post?: ReceivedRun[]; patch?: ReceivedRun[] };
  return new Map([
    ...(batch.post ?? []).map((run) => [`post.${run.id}`, run] as const),
    ...(batch.patch ?? []).map((run) => [`patch.${run.id}`, run] as const),
  ]);
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SEGMENT = new RegExp(`^\\d{8}T\\d{12}Z(${UUID})$`);

/** The checks of the real server that a tracer can fail. */
function checkRun(operation: string, run: ReceivedRun): void {
  const ids = String(run['dotted_order'])
    .split('.')
    .map((segment) => SEGMENT.exec(segment)?.[1]);
  if (ids.includes(undefined)) throw new Error(`dotted_order of ${operation}: ${run['dotted_order']}`);
  if (ids.at(-1) !== run.id) throw new Error(`dotted_order of ${operation} ends with another run`);
  if (ids[0] !== run['trace_id']) throw new Error(`dotted_order of ${operation} begins with another trace`);
  if ((ids.at(-2) ?? null) !== (run['parent_run_id'] ?? null)) {
    throw new Error(`dotted_order of ${operation} has another parent`);
  }
}

function decompress(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(body);
  if (encoding === 'zstd') return zstdDecompressSync(body);
  return body;
}

function* multipartParts(body: Buffer, boundary: string) {
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  if (at !== 0) throw new Error('does not begin with its boundary');
  for (;;) {
    at += delimiter.length;
    if (body.subarray(at, at + 2).toString() === '--') return;
    const headEnd = body.indexOf('\r\n\r\n', at);
    const head = body.subarray(at + 2, headEnd).toString('utf8');
    const next = body.indexOf(`\r\n--${boundary}`, headEnd);
    if (headEnd < 0 || next < 0) throw new Error('a part has no end');
    const name = /^Content-Disposition: form-data; name="([^"]+)"$/m.exec(head)?.[1];
    const type = /^Content-Type: (.+?)\r?$/m.exec(head)?.[1];
    if (name === undefined || type === undefined) throw new Error(`headers of a part: ${head}`);
    yield { name, type, data: body.subarray(headEnd + 4, next) };
    at = next + 2;
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
