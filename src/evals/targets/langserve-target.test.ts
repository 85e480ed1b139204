import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError, systemClock } from '../../core/index.ts';
import { createTarget, type Target } from './index.ts';
import { parseRetryAfter, readAnswer } from './langserve-answer.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;
/** Agents of `node:http` take `proxyEnv` from 24.5 on. */
const KNOWS_PROXIES =
  Number(process.versions.node.split('.')[0]) >= 25 || /^24\.([5-9]|\d\d)/.test(process.versions.node);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/agent`;
}

/** A port that was free a moment ago, and where nobody listens. */
async function closedPort(): Promise<string> {
  const url = await serve(() => {});
  await closers.pop()?.();
  return url;
}

const open = (url: string, env = {}): Promise<Target> =>
  createTarget(`langserve:${url}`, { cwd: '/', clock: systemClock(), env });
const never = () => new AbortController().signal;
const call = async (handler: Handler, timeoutMs = 5_000) =>
  (await open(await serve(handler))).call({ question: 'hi' }, { signal: never(), timeoutMs });
const json = (value: unknown, status = 200, headers = {}): Handler => {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
};
const text = (body: string, status: number, headers = {}): Handler => {
  return (_request, response) => response.writeHead(status, headers).end(body);
};
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'resolved',
    (thrown: unknown) => thrown,
  );
  return error instanceof SluiceError ? error.code : String(error);
}

describe('langserve target', () => {
  it('posts the input to /invoke and returns output and run id', async () => {
    let seen: unknown;
    const result = await call((request, response, body) => {
      seen = [request.method, request.url, request.headers['content-type'], JSON.parse(body)];
      json({ output: { answer: 'yes' }, metadata: { run_id: 'r1' } })(request, response, body);
    });
    expect(seen).toEqual([
      'POST',
      '/agent/invoke',
      'application/json',
      { input: { question: 'hi' }, config: {}, kwargs: {} },
    ]);
    expect(result).toMatchObject({ kind: 'answered', outputs: { answer: 'yes' }, runId: 'r1' });
    expect(result.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('wraps an output that is no object and takes the run id from the header', async () => {
    expect(await call(json({ output: 'yes' }, 200, { 'x-run-id': 'r2' }))).toMatchObject({
      kind: 'answered',
      outputs: { output: 'yes' },
      runId: 'r2',
    });
  });

  it.each([
    ['500', text('Internal Server Error', 500, { 'x-run-id': 'r3' }), /^HTTP 500: Internal Server Error$/],
    ['422', json({ detail: [{ msg: 'field required' }] }, 422), /^HTTP 422: .*field required/],
    ['a body that is not JSON', text('{"outp', 200), /^The answer is not JSON: /],
    ['a body without output', json({ result: 1 }), /no field "output"/],
    ['an error in the output', json({ output: { __error__: { message: 'boom' } } }), /boom/],
  ])('takes %s for a failure of the agent', async (_what, handler, error) => {
    expect(await call(handler)).toMatchObject({
      kind: 'agent_failed',
      error: expect.stringMatching(error) as string,
    });
  });

  it('takes a slow answer for a failure of the agent, and hangs up', async () => {
    let hungUp: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    const result = await call((_request, response) => void response.on('close', hungUp), 50);
    expect(result).toMatchObject({
      kind: 'agent_failed',
      error: 'No answer within the time limit of 50 ms.',
    });
    await closed;
  });

  it('counts a body that never ends into the time limit', async () => {
    const result = await call((_request, response) => void response.writeHead(200).write('{"output":'), 50);
    expect(result).toMatchObject({ kind: 'agent_failed' });
  });

  it.each([
    [429, '3', 3_000],
    [503, undefined, undefined],
    [502, 'soon', undefined],
    [504, '0.5', 500],
  ])('takes %d for unavailable, Retry-After %s as %s ms', async (status, header, retryAfterMs) => {
    const result = await call(text('busy', status, header === undefined ? {} : { 'retry-after': header }));
    expect(result).toMatchObject({ kind: 'unavailable', error: `HTTP ${status}: busy` });
    expect('retryAfterMs' in result ? result.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  it('takes a connection that is reset or refused and an unknown host for unavailable', async () => {
    expect(await call((request) => request.socket.resetAndDestroy())).toMatchObject({ kind: 'unavailable' });
    const half = await call((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"output"', () => request.socket.destroy());
    });
    expect(half).toMatchObject({ kind: 'unavailable' });
    const refused = await open(await closedPort());
    expect(await refused.call({}, { signal: never(), timeoutMs: 5_000 })).toMatchObject({
      kind: 'unavailable',
      error: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(await codeOf(refused.check!())).toBe('TARGET_UNREACHABLE');
    const unknown = await open('http://agent.invalid/agent');
    expect(await unknown.call({}, { signal: never(), timeoutMs: 20_000 })).toMatchObject({
      kind: 'unavailable',
    });
  });

  it.each([
    ['401', text('', 401)],
    ['403', text('', 403)],
    ['404', json({ detail: 'Not Found' }, 404)],
    ['a redirect', text('', 307, { location: '/elsewhere' })],
    ['a web page', text('<html>', 200, { 'content-type': 'text/html; charset=utf-8' })],
  ])('stops the run for %s before there was any answer', async (_what, handler) => {
    expect(await codeOf(call(handler))).toBe('TARGET_MISCONFIGURED');
  });

  it('takes a 404 for unavailable once the agent has answered', async () => {
    let calls = 0;
    const target = await open(
      await serve((...args) => {
        calls += 1;
        (calls === 1 ? json({ output: {} }) : text('', 404))(...args);
      }),
    );
    const options = { signal: never(), timeoutMs: 5_000 };
    expect(await target.call({}, options)).toMatchObject({ kind: 'answered' });
    expect(await target.call({}, options)).toMatchObject({ kind: 'unavailable', error: 'HTTP 404' });
  });

  it('rejects with the reason when it is interrupted, before and during the call', async () => {
    const interruption = new AbortController();
    const reason = new Error('stop');
    const target = await open(await serve(() => interruption.abort(reason)));
    const options = { signal: interruption.signal, timeoutMs: 5_000 };
    await expect(target.call({}, options)).rejects.toBe(reason);
    await expect(target.call({}, options)).rejects.toBe(reason);
  });

  it('sends the Authorization header it is given, and only then', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, ...rest) => {
      seen.push(request.headers.authorization);
      json({ output: {} })(request, ...rest);
    });
    for (const env of [{}, { SLUICE_TARGET_AUTHORIZATION: 'Bearer x' }]) {
      await (await open(url, env)).call({}, { signal: never(), timeoutMs: 5_000 });
    }
    expect(seen).toEqual([undefined, 'Bearer x']);
  });

  it('refuses an Authorization that no header may have, without showing it', async () => {
    const opened = open('http://127.0.0.1:1/agent', { SLUICE_TARGET_AUTHORIZATION: 'Bearer secret\n' });
    await expect(opened).rejects.toMatchObject({
      code: 'TARGET_INVALID',
      message: expect.not.stringContaining('secret') as string,
    });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('reads an answer that is packed with %s', async (encoding, pack) => {
    const result = await call((request, response) => {
      expect(request.headers['accept-encoding']).toContain(encoding);
      const body = pack(JSON.stringify({ output: { answer: 'ja, günstig' } }));
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    expect(result).toMatchObject({ kind: 'answered', outputs: { answer: 'ja, günstig' } });
  });

  it('takes an answer that cannot be unpacked for unavailable', async () => {
    expect(await call(text('not gzip', 200, { 'content-encoding': 'gzip' }))).toMatchObject({
      kind: 'unavailable',
    });
  });

  it('keeps its connections open, and opens another where the agent has closed one', async () => {
    const sockets = new Set<unknown>();
    let isLast = false;
    const target = await open(
      await serve((request, response, body) => {
        sockets.add(request.socket);
        json({ output: {} }, 200, isLast ? { connection: 'close' } : {})(request, response, body);
      }),
    );
    const ask = () => target.call({}, { signal: never(), timeoutMs: 5_000 });
    for (let turn = 0; turn < 3; turn += 1) expect(await ask()).toMatchObject({ kind: 'answered' });
    expect(sockets.size).toBe(1);
    isLast = true;
    await ask();
    expect(await ask()).toMatchObject({ kind: 'answered' });
    await target.close();
    await target.close();
    expect(sockets.size).toBe(2);
  });

  it.skipIf(!KNOWS_PROXIES)("goes through Node's proxy where it is told to", async () => {
    const proxy = await serve((request, response, body) => {
      json({ output: { asked: request.url } })(request, response, body);
    });
    const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: new URL(proxy).origin };
    const target = await open('http://agent.invalid/agent', env);
    expect(await target.call({}, { signal: never(), timeoutMs: 5_000 })).toMatchObject({
      outputs: { asked: 'http://agent.invalid/agent/invoke' },
    });
    await target.close();
  });

  it('finds a served agent by any answer', async () => {
    const target = await open(await serve(text('', 404)));
    await expect(target.check!()).resolves.toBeUndefined();
  });
});

describe('target specs', () => {
  it.each([
    ['http://127.0.0.1/agent', 'TARGET_UNKNOWN'],
    ['langgraph:http://x', 'TARGET_UNKNOWN'],
    ['agent', 'TARGET_UNKNOWN'],
    ['', 'TARGET_UNKNOWN'],
    ['langserve:', 'TARGET_INVALID'],
    ['langserve:ftp://x', 'TARGET_INVALID'],
    ['langserve:http://user:secret@x/agent', 'TARGET_INVALID'],
    ['langserve:http://x/agent?a=1', 'TARGET_INVALID'],
    ['graph:', 'TARGET_INVALID'],
  ])('refuses %j', async (spec, code) => {
    const error: unknown = await createTarget(spec, { cwd: '/', clock: systemClock(), env: {} }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(String(error)).not.toContain('secret');
  });

  it('offers the right spec for a bare URL and lists the schemes for another', async () => {
    const options = { cwd: '/', clock: systemClock(), env: {} };
    await expect(createTarget('http://127.0.0.1:8000/agent', options)).rejects.toMatchObject({
      hint: expect.stringContaining('langserve:http://127.0.0.1:8000/agent') as string,
    });
    await expect(createTarget('x:y', options)).rejects.toMatchObject({
      hint: expect.stringMatching(/langserve:URL.*graph:/) as string,
    });
  });
});

describe('reading answers', () => {
  it('gives a meaning to every answer and never throws', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        fc.oneof(fc.string(), fc.json()),
        fc.string(),
        (status, body, header) => {
          const meaning = readAnswer({ status, headers: { get: () => header }, body }, 0);
          if (meaning.kind === 'answered') expect(status >= 200 && status < 300).toBe(true);
          if (meaning.kind === 'unavailable') expect([429, 502, 503, 504]).toContain(status);
          if (meaning.kind !== 'answered') expect(meaning.error).not.toMatch(/\n/);
        },
      ),
    );
  });

  it('reads Retry-After as seconds or as a date', () => {
    expect(parseRetryAfter('Sun, 22 Nov 2026 12:00:10 GMT', Date.UTC(2026, 10, 22, 12))).toBe(10_000);
    expect(parseRetryAfter('Sun, 22 Nov 2026 12:00:10 GMT', Date.UTC(2026, 10, 22, 13))).toBe(0);
    expect(parseRetryAfter('-5', 0)).toBeUndefined();
    expect(parseRetryAfter(null, 0)).toBeUndefined();
  });
});
