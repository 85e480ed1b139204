import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import {
  type Clock,
  errorMessage,
  hasErrorCode,
  silentLogger,
  systemClock,
  UsageError,
} from '../core/index.ts';
import { createServeApp } from './app.ts';
import type { ServeOptions } from './options.ts';

/** How long runs that were aborted may take to notice, in milliseconds. */
const ABORT_MS = 1_000;

/** Options of {@link startServer}. */
export interface StartServerOptions extends Omit<ServeOptions, 'signal'> {
  /** Port to listen on; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** How long `close` lets runs under way finish, in milliseconds. Default 10000. */
  readonly graceMs?: number;
  /** Times `close`. Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A server that is listening. */
export interface GraphServer {
  /** Base of the routes, for example `http://127.0.0.1:8000/agent`. */
  readonly url: string;
  /**
   * Stops accepting, lets runs under way finish for up to `graceMs`, then aborts them (they answer 503) and closes what is
   * left. Idempotent, never rejects.
   */
  close(): Promise<void>;
}

/**
 * Serves a graph over HTTP; see {@link createServeApp} for the routes.
 *
 * @throws UsageError `PORT_IN_USE`, `ADDRESS_INVALID` (not an address of this machine, or not allowed), and what
 * `createServeApp` throws.
 */
export async function startServer(options: StartServerOptions): Promise<GraphServer> {
  const {
    port = 0,
    host = '127.0.0.1',
    graceMs = 10_000,
    clock = systemClock({ unref: true }),
    ...rest
  } = options;
  const runs = new AbortController();
  const app = createServeApp({ ...rest, signal: runs.signal });
  let stopping = false;
  // Never HTTP/2: none of its options are given.
  const server = createAdaptorServer({
    fetch: (request: Request) =>
      stopping
        ? Response.json(
            { detail: 'The server is stopping' },
            { status: 503, headers: { connection: 'close' } },
          )
        : app.fetch(request),
  }) as Server;
  server.on('request', (_request, response) => {
    // A connection that was busy when the server stopped would otherwise stay open for its keep-alive time.
    response.once('close', () => {
      if (stopping) setImmediate(() => server.closeIdleConnections());
    });
  });
  const address = await listen(server, port, host);
  if (!isLoopback(address.address)) {
    (options.logger ?? silentLogger).warn(
      `Listening on ${address.address}, which other machines can reach; there is no authentication.`,
    );
  }

  async function stop(): Promise<void> {
    stopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    if (await settlesWithin(closed, graceMs, clock)) return;
    runs.abort(new Error('The server is stopping.'));
    if (await settlesWithin(closed, ABORT_MS, clock)) return;
    server.closeAllConnections();
    await closed;
  }

  let stopped: Promise<void> | undefined;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shownHost}:${address.port}${(options.path ?? '/agent').replace(/\/+$/, '')}`,
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, port, host)));
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        reject(new Error('The server has no TCP address.'));
      else resolve(address);
    });
  });
}

function listenError(error: Error, port: number, host: string): UsageError {
  if (hasErrorCode(error, 'EADDRINUSE')) {
    return new UsageError('PORT_IN_USE', `Port ${port} of ${host} is in use.`, {
      hint: 'Choose another port, or 0 for a free one: --port 0',
      cause: error,
    });
  }
  return new UsageError(
    'ADDRESS_INVALID',
    `Cannot listen on ${host}, port ${port}: ${errorMessage(error)}.`,
    {
      hint: 'Choose an address of this machine with --host, and a port that you may use with --port.',
      cause: error,
    },
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

async function settlesWithin(work: Promise<void>, timeoutMs: number, clock: Clock): Promise<boolean> {
  const timer = new AbortController();
  const settled = work.then(() => true);
  const late = clock.sleep(timeoutMs, timer.signal).then(
    () => false,
    // Only when the work was done first.
    () => true,
  );
  const inTime = await Promise.race([settled, late]);
  timer.abort();
  return inTime;
}
