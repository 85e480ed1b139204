import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import type { EncodedRun } from './encoded-run.ts';
import { type JsonBytes, joined } from './json-bytes.ts';
import type { BodyEncoding } from './server-limits.ts';

/** A request body and the headers that describe it. */
export interface RequestBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The body of `POST /runs/multipart`: `post.<id>` for each run, followed by `post.<id>.<field>` for its big fields. */
export function multipartBody(runs: readonly EncodedRun[]): RequestBody {
  const boundary = `----SluicegateFormBoundary${randomUUID()}`;
  const pieces: (string | Buffer)[] = [];
  const add = (name: string, json: JsonBytes) => {
    pieces.push(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n` +
        `Content-Type: application/json; length=${json.length}\r\n\r\n`,
      ...json.pieces,
      '\r\n',
    );
  };
  for (const run of runs) {
    add(`post.${run.id}`, run.head);
    for (const [field, json] of run.fields) add(`post.${run.id}.${field}`, json);
  }
  pieces.push(`--${boundary}--\r\n`);
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    bytes: joined(pieces),
  };
}

/** The body of `POST /runs/batch`, for servers without the multipart endpoint. */
export function batchBody(runs: readonly EncodedRun[]): RequestBody {
  const posts = runs.map(({ head, fields }) => {
    const members = fields.map(([field, json]) => `,"${field}":${json}`);
    return `${head.toString().slice(0, -1)}${members.join('')}}`;
  });
  return {
    headers: { 'content-type': 'application/json' },
    bytes: Buffer.from(`{"post":[${posts.join(',')}],"patch":[]}`),
  };
}

const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);

/** Compresses off the main thread, at the fastest level: traces are repetitive, and the time is the application's. */
export async function compressed(
  body: RequestBody,
  encoding: BodyEncoding | undefined,
): Promise<RequestBody> {
  if (encoding === undefined) return body;
  const bytes =
    encoding === 'zstd'
      ? await zstdAsync(body.bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      : await gzipAsync(body.bytes, { level: constants.Z_BEST_SPEED });
  return { headers: { ...body.headers, 'content-encoding': encoding }, bytes };
}
