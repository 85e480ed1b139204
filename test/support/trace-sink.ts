import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Trace } from '../../src/core/index.ts';

/** How a {@link TraceSink} answers. `refuse`: nobody listens at its port. */
export type SinkMode = 'ok' | 'unavailable' | 'hang' | 'refuse';

/** A trace backend on a local socket that can be down in all the ways one is. */
export class TraceSink implements AsyncDisposable {
  /** What has arrived, in order, repetitions too. */
  readonly traces: Trace[] = [];
  /** Ids of traces that it refuses with a 400, and the whole batch with them. */
  readonly refusedIds = new Set<string>();
  requests = 0;
  private mode: SinkMode = 'ok';
  private server: Server | undefined;
  private port = 0;

  static async start(mode: SinkMode = 'ok'): Promise<TraceSink> {
    const sink = new TraceSink();
    await sink.listen();
    await sink.become(mode);
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Ids of what has arrived, each once. */
  get ids(): Set<string> {
    return new Set(this.traces.map(({ id }) => id));
  }

  async become(mode: SinkMode): Promise<void> {
    const before = this.mode;
    this.mode = mode;
    if (mode === 'refuse') await this.stop();
    else if (this.server === undefined) await this.listen();
    // A hanging connection is not answered later either.
    else if (before === 'hang') this.server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async listen(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.requests += 1;
        if (this.mode === 'hang') return;
        if (this.mode === 'unavailable') {
          response.writeHead(503).end();
          return;
        }
        const traces = JSON.parse(Buffer.concat(chunks).toString()) as Trace[];
        if (traces.some(({ id }) => this.refusedIds.has(id))) {
          response.writeHead(400).end();
          return;
        }
        this.traces.push(...traces);
        response.writeHead(202).end();
      });
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}
