import { execFile, execSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import dns, { lookup } from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http, { Agent as HttpAgent, get as httpGet } from 'node:http';
import https from 'node:https';
import net, { connect as netConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { Pool, fetch as undiciFetch, request as undiciRequest } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { currentFence, Fence, isAllowedHost, outsideFence, removeHooks, runInFence } from './index.ts';

/** Kept before any fence was up, as SDKs do. */
const keptFetch = globalThis.fetch;

let server: http.Server;
let socketServer: net.Server;
let origin: string;
let port: number;
let socketPort: number;
let requests = 0;
let connections = 0;
const heard: string[] = [];

beforeAll(async () => {
  server = http.createServer((_request, response) => {
    requests += 1;
    response.end('real');
  });
  server.on('connection', () => (connections += 1));
  socketServer = net.createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (data) => heard.push(String(data)));
  });
  await Promise.all([server, socketServer].map((one) => once(one.listen(0, '127.0.0.1'), 'listening')));
  port = (server.address() as net.AddressInfo).port;
  socketPort = (socketServer.address() as net.AddressInfo).port;
  origin = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  removeHooks();
  server.closeAllConnections();
  await Promise.all([server, socketServer].map((one) => new Promise((resolve) => one.close(resolve))));
});

/** How something inside of a fence ended, and what the fence says. */
async function fenced(work: () => unknown, fence = new Fence()) {
  const before = { requests, connections };
  const ended = await runInFence(fence, async () => {
    try {
      return { value: await work() };
    } catch (thrown) {
      return { thrown: deepest(thrown) };
    }
  });
  return {
    ...ended,
    blocked: fence.blocked,
    reached: requests - before.requests + (connections - before.connections),
  };
}

function deepest(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.cause instanceof Error ? deepest(thrown.cause) : thrown;
}

const answered = (request: http.ClientRequest) =>
  new Promise((resolve, reject) => {
    request.on('response', (response) => resolve(response.resume().statusCode));
    request.on('error', reject);
    request.end();
  });

const connected = (socket: net.Socket) => once(socket, 'connect').finally(() => socket.destroy());

describe('a fence', () => {
  it.each<[string, string, () => unknown]>([
    ['fetch', 'fetch', () => fetch(origin)],
    ['fetch with a body', 'fetch', () => fetch(origin, { method: 'POST', body: '{}' })],
    ['a fetch that was kept before', 'fetch', () => keptFetch(origin)],
    ['the fetch of undici', 'fetch', () => undiciFetch(origin)],
    ['undici.request', 'fetch', () => undiciRequest(origin)],
    ['a pool of undici', 'fetch', () => new Pool(origin).request({ path: '/', method: 'GET' })],
    ['node:http', 'http', () => answered(http.request(origin))],
    ['a function imported from node:http', 'http', () => answered(httpGet(origin))],
    [
      'node:http with an agent of its own',
      'http',
      () => answered(http.get(origin, { agent: new HttpAgent() })),
    ],
    ['node:http without an agent', 'http', () => answered(http.get(origin, { agent: false }))],
    ['node:https', 'http', () => answered(https.get(origin.replace('http:', 'https:')))],
    [
      'node:http over a connection of its own',
      'socket',
      () => answered(http.get(origin, { createConnection: () => net.connect(port, '127.0.0.1') })),
    ],
    ['node:net', 'socket', () => connected(net.connect(port, '127.0.0.1'))],
    ['a function imported from node:net', 'socket', () => connected(netConnect({ host: '127.0.0.1', port }))],
    ['a socket', 'socket', () => connected(new net.Socket().connect(port, '127.0.0.1'))],
    ['node:tls', 'socket', () => connected(tls.connect(port, '127.0.0.1'))],
    [
      'a WebSocket',
      'fetch',
      async () => {
        const [event] = await once(new WebSocket(origin.replace('http', 'ws')), 'error');
        throw (event as { error?: unknown }).error ?? event;
      },
    ],
  ])('stops %s', async (_what, kind, work) => {
    const { thrown, blocked, reached } = await fenced(work);
    expect(reached).toBe(0);
    expect(blocked).toHaveLength(1);
    expect(blocked[0]).toMatchObject({ kind, what: `127.0.0.1:${port}` });
    expect(thrown).toBeInstanceOf(Error);
  });

  it('stops datagrams, and lookups of names', async () => {
    const socket = dgram.createSocket('udp4');
    const sent = await fenced(() =>
      promisify(socket.send.bind(socket) as never)('x' as never, 9 as never, '127.0.0.1' as never),
    );
    socket.close();
    expect(sent.blocked).toMatchObject([{ kind: 'socket', what: '127.0.0.1:9' }]);
    for (const look of [
      () => promisify(lookup)('secret.example.com'),
      () => promisify(dns.resolveTxt)('secret.example.com'),
      () => dns.promises.resolve4('secret.example.com'),
    ]) {
      const { blocked, thrown } = await fenced(look);
      expect(blocked).toMatchObject([{ kind: 'socket', what: 'secret.example.com' }]);
      expect(thrown).toMatchObject({ code: 'REPLAY_BLOCKED' });
    }
  });

  it('stops what would be written to a connection that is open', async () => {
    const open = net.connect(socketPort, '127.0.0.1');
    await once(open, 'connect');
    const { thrown, blocked } = await fenced(() => open.write('DELETE FROM orders'));
    expect(thrown).toMatchObject({ code: 'REPLAY_BLOCKED' });
    expect(blocked).toMatchObject([{ kind: 'socket', what: `127.0.0.1:${socketPort}` }]);
    open.write('from outside');
    await eventually(() => expect(heard).toEqual(['from outside']));
    open.destroy();
  });

  it('stops a request over a connection that is kept alive', async () => {
    const agent = new HttpAgent({ keepAlive: true });
    await answered(http.get(origin, { agent }));
    const { thrown, reached } = await fenced(() => answered(http.get(origin, { agent })));
    expect(thrown).toMatchObject({ code: 'REPLAY_BLOCKED' });
    expect(reached).toBe(0);
    agent.destroy();
    await (await fetch(origin)).text();
    expect(await fenced(() => fetch(origin))).toMatchObject({ reached: 0 });
  });

  it.each<[string, string, () => unknown]>([
    ['spawn', 'node', () => spawn('node', ['-v'])],
    ['execFile', 'node', () => promisify(execFile)('node', ['-v'])],
    ['execSync', 'node -v', () => execSync('node -v')],
    ['a worker', 'worker 1', () => new Worker('1', { eval: true })],
  ])('stops %s', async (_what, what, work) => {
    const { thrown, blocked } = await fenced(work);
    expect(thrown).toMatchObject({ code: 'REPLAY_BLOCKED' });
    expect(blocked).toMatchObject([{ kind: 'process', what }]);
  });

  it('does not stop files being written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
    const path = join(folder, 'note.txt');
    const { blocked } = await fenced(() => writeFile(path, 'written'));
    expect(blocked).toEqual([]);
    expect(await readFile(path, 'utf8')).toBe('written');
    await rm(folder, { recursive: true });
  });

  it('says where in the code it was tried', async () => {
    const { blocked } = await fenced(() => fetch(origin));
    expect(blocked[0]?.at).toMatch(/fence\.test\.ts:\d+:\d+$/);
  });

  it('lets through what is allowed, and everything outside of it', async () => {
    const fence = new Fence({ allowHosts: ['127.0.0.1'] });
    const both = await fenced(async () => {
      await (await fetch(origin, { method: 'POST', body: 'x' })).text();
      return await answered(http.get(origin, { agent: false }));
    }, fence);
    expect(both).toMatchObject({ value: 200, blocked: [] });
    const { value } = await fenced(() => outsideFence(async () => (await fetch(origin)).text()));
    expect(value).toBe('real');
    expect(await (await fetch(origin)).text()).toBe('real');
    expect(currentFence()).toBeUndefined();
  });

  it('holds for what is still running when the run has ended', async () => {
    const fence = new Fence();
    let late: Promise<unknown> | undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    runInFence(fence, () => {
      late = promise.then(() => fetch(origin));
    });
    resolve();
    await expect(late).rejects.toThrow('fetch failed');
    expect(fence.blocked).toHaveLength(1);
  });

  it('answers a request that it has the answer of, whichever client makes it', async () => {
    const fence = new Fence({
      answer: ({ url, body }) =>
        body === '{"q":1}'
          ? { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url }) }
          : undefined,
    });
    for (const client of [fetch, keptFetch, undiciFetch as unknown as typeof fetch]) {
      const { value, reached } = await fenced(async () => {
        const response = await client(`${origin}/v1`, { method: 'POST', body: '{"q":1}' });
        return [response.status, await response.json()];
      }, fence);
      expect(value).toEqual([200, { url: `${origin}/v1` }]);
      expect(reached).toBe(0);
    }
    const other = await fenced(() => fetch(origin, { method: 'POST', body: '{"q":2}' }), fence);
    expect(other).toMatchObject({ reached: 0, blocked: [{ kind: 'fetch' }] });
  });
});

describe('allowed hosts', () => {
  it.each([
    ['api.example.com', { host: 'api.example.com', port: 443 }, true],
    ['API.example.com:443', { host: 'api.example.com', port: 443 }, true],
    ['api.example.com:80', { host: 'api.example.com', port: 443 }, false],
    ['*.example.com', { host: 'api.example.com', port: 443 }, true],
    ['*.example.com:443', { host: 'api.example.com', port: 80 }, false],
    ['*.example.com', { host: 'example.com' }, false],
    ['example.com', { host: 'api.example.com' }, false],
    ['*.example.com', { host: 'evilexample.com' }, false],
    ['::1', { host: '::1', port: 80 }, true],
    ['/var/run/db.sock', { path: '/var/run/db.sock' }, true],
    ['', { host: 'api.example.com' }, false],
  ])('%j and %j', (entry, destination, allowed) => {
    expect(isAllowedHost(destination, [entry])).toBe(allowed);
  });

  it('allow nothing that they do not name', () => {
    fc.assert(
      fc.property(fc.domain(), fc.domain(), fc.nat(65_535), (host, entry, to) => {
        fc.pre(host !== entry);
        expect(isAllowedHost({ host, port: to }, [entry])).toBe(false);
      }),
      { seed: 5 },
    );
  });
});
