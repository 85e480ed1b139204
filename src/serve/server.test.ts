import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/index.ts';
import { createServeApp, type ServableGraph, startServer } from './index.ts';
import { probeGraph } from './testing/graphs.ts';

/** A clock whose sleeps end when the test says so, or when they are aborted. */
function manualClock() {
  const sleeps: { ms: number; end: () => void }[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push({ ms, end: resolve });
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  return { clock, sleeps };
}

function invoke(url: string, ask: string) {
  return fetch(`${url}/invoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: { ask } }),
  });
}

describe('startServer', () => {
  it('binds loopback on a free port unless told otherwise', async () => {
    const warnings: string[] = [];
    const logger = { warn: (text: string) => void warnings.push(text), error() {} };
    const server = await startServer({ graph: probeGraph().graph, logger });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/agent$/);
    expect(warnings).toEqual([]);
    await server.close();
  });

  it('warns when other machines can reach it', async () => {
    const warnings: string[] = [];
    const logger = { warn: (text: string) => void warnings.push(text), error() {} };
    const server = await startServer({ graph: probeGraph().graph, logger, host: '0.0.0.0' });
    await server.close();
    expect(warnings).toEqual([
      'Listening on 0.0.0.0, which other machines can reach; there is no authentication.',
    ]);
  });

  it('says that a port is in use, and that an address is not of this machine', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { graph } = probeGraph();
    await expect(startServer({ graph, port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `Port ${port} of 127.0.0.1 is in use.`,
      exitCode: 2,
    });
    await new Promise((resolve) => other.close(resolve));
    await expect(startServer({ graph, host: '203.0.113.9' })).rejects.toMatchObject({
      code: 'ADDRESS_INVALID',
    });
  });

  it('refuses options it does not know, bad values and what is no graph', async () => {
    const { graph } = probeGraph();
    const code = 'SERVE_OPTIONS_INVALID';
    const unknown = { graph, pahth: '/x' };
    expect(() => createServeApp(unknown)).toThrow(expect.objectContaining({ code }));
    expect(() => createServeApp({ graph, path: 'agent' })).toThrow(/path: must begin with \//);
    expect(() => createServeApp({ graph, path: '/:id' })).toThrow(expect.objectContaining({ code }));
    expect(() => createServeApp({ graph, maxBodyBytes: 0 })).toThrow(expect.objectContaining({ code }));
    const metrics = 'yes' as unknown as boolean;
    expect(() => createServeApp({ graph, metrics })).toThrow(/metrics: must be true, false or a function/);
    const noGraph = { graph: {} as ServableGraph };
    expect(() => createServeApp(noGraph)).toThrow(expect.objectContaining({ code: 'NOT_A_GRAPH' }));
  });
});

describe('close', () => {
  it('lets a run under way finish, and takes no new one', async () => {
    const { clock, sleeps } = manualClock();
    const { graph, probe } = probeGraph();
    const server = await startServer({ graph, clock });
    const answer = invoke(server.url, 'wait');
    await probe.waiting;
    const closed = server.close();
    await expect(invoke(server.url, 'late')).rejects.toThrow();
    expect(sleeps.map(({ ms }) => ms)).toEqual([10_000]);
    probe.release();
    expect((await answer).status).toBe(200);
    await closed;
    expect(probe.configs).toHaveLength(1);
  });

  it('aborts what has not finished in time: the client may try elsewhere', async () => {
    const { clock, sleeps } = manualClock();
    const { graph, probe } = probeGraph();
    const errors: string[] = [];
    const logger = { warn() {}, error: (text: string) => void errors.push(text) };
    const server = await startServer({ graph, clock, logger, graceMs: 500 });
    const answer = invoke(server.url, 'hang');
    await probe.waiting;
    const closed = server.close();
    expect(sleeps[0]?.ms).toBe(500);
    sleeps[0]?.end();
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([503, 'Service Unavailable']);
    await closed;
    expect(probe.signals[0]?.aborted).toBe(true);
    expect(errors).toEqual([]);
  });

  it('does not wait for a run that ignores being aborted', async () => {
    const { clock, sleeps } = manualClock();
    const began = Promise.withResolvers<void>();
    const deaf: ServableGraph = {
      invoke: () => {
        began.resolve();
        return new Promise(() => {});
      },
      stream: () => new Promise(() => {}),
    };
    const server = await startServer({ graph: deaf, clock });
    const answer = invoke(server.url, 'x');
    const refused = expect(answer).rejects.toThrow();
    await began.promise;
    const closed = server.close();
    sleeps[0]?.end();
    while (sleeps.length < 2) await new Promise((resolve) => setImmediate(resolve));
    sleeps[1]?.end();
    await closed;
    await refused;
  });

  it('does not wait for idle connections, and can be called twice', async () => {
    const { clock, sleeps } = manualClock();
    const server = await startServer({ graph: probeGraph().graph, clock });
    await (await invoke(server.url, 'a')).text();
    await Promise.all([server.close(), server.close()]);
    expect(sleeps).toHaveLength(1);
  });
});
