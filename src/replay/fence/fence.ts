import { AsyncLocalStorage } from 'node:async_hooks';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { isRecord } from '../../core/index.ts';
import type { BlockedCall } from '../contract.ts';
import { nodePath } from '../recording/index.ts';
import { type Destination, describeDestination, isAllowedHost } from './hosts.ts';
import { userFrame } from './user-frame.ts';

/** What a graph gets in the place of something it may not do during a replay. */
export class ReplayBlockedError extends Error {
  override name = 'ReplayBlockedError';
  readonly code = 'REPLAY_BLOCKED';
}

/** A request to an HTTP API that a recording may have the answer of. */
export interface FencedRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** What it is answered with. */
export interface FencedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Options of a {@link Fence}. */
export interface FenceOptions {
  /** What may be connected to; see {@link isAllowedHost}. Default nothing. */
  readonly allowHosts?: readonly string[];
  /** Answers a request without letting it out; undefined leaves it to the fence. */
  readonly answer?: (request: FencedRequest) => FencedAnswer | undefined;
}

const fences = new AsyncLocalStorage<Fence>();

/** The fence around the code that is running; undefined outside of any. */
export function currentFence(): Fence | undefined {
  return fences.getStore();
}

/** Runs something in the context of a fence, whose hooks have to be in place. */
export function withFence<Result>(fence: Fence, work: () => Result): Result {
  return fences.run(fence, work);
}

/** Runs something outside of every fence: what the user has asked to be live, and the package's own connections. */
export function outsideFence<Result>(work: () => Result): Result {
  return fences.exit(work);
}

/** Node in which the running code is, as LangGraph has it in the asynchronous context. */
export function currentNode(): string | undefined {
  return nodePath(currentNamespace());
}

/** Checkpoint namespace in which the running code is. */
export function currentNamespace(): string | undefined {
  const config: unknown = AsyncLocalStorageProviderSingleton.getRunnableConfig();
  if (!isRecord(config)) return undefined;
  const { metadata, configurable } = config;
  const named = [
    isRecord(metadata) ? metadata['langgraph_checkpoint_ns'] : undefined,
    isRecord(configurable) ? configurable['checkpoint_ns'] : undefined,
  ];
  return named.find((ns): ns is string => typeof ns === 'string' && ns !== '');
}

/**
 * Keeps what runs inside of it from leaving this process. It goes by the asynchronous context, so that everything else in
 * the process is as free as before, and what a run leaves behind stays fenced after it has ended.
 *
 * It stops connections (fetch, undici, `node:http`, `node:http2`, `node:net`, `node:tls`, `node:dgram`), what is written to
 * connections that were open before, name lookups, child processes and workers. A fence inside a process cannot stop
 * native addons, files being written, or work that was handed to something outside of the context (a queue or connection
 * pool that was busy, a worker that was running).
 */
export class Fence {
  private readonly list: BlockedCall[] = [];
  private readonly announced = new Set<string>();
  private readonly options: FenceOptions;

  constructor(options: FenceOptions = {}) {
    this.options = options;
  }

  /** What was kept from happening so far, in order. */
  get blocked(): readonly BlockedCall[] {
    return this.list;
  }

  get answer(): FenceOptions['answer'] {
    return this.options.answer;
  }

  /** Undefined when the connection may be made; otherwise it is listed, and this is the error to fail it with. */
  checkConnection(kind: BlockedCall['kind'], destination: Destination): ReplayBlockedError | undefined {
    if (isAllowedHost(destination, this.options.allowHosts ?? [])) return undefined;
    const host = destination.path ?? destination.host ?? 'localhost';
    const what = describeDestination(destination);
    const isListed = kind === 'socket' && this.announced.delete(what);
    return this.block(kind, what, `Allow it with --allow-host ${host}.`, isListed);
  }

  /** The connection for a request that has just been blocked is opened all the same, and is no second attempt. */
  announceConnection(destination: Destination): void {
    const what = describeDestination(destination);
    this.announced.add(what);
    setImmediate(() => this.announced.delete(what));
  }

  /** Lists something that is not allowed, and gives the error to fail it with. */
  block(kind: BlockedCall['kind'], what: string, wayOut: string, isListed = false): ReplayBlockedError {
    const error = new ReplayBlockedError(`The replay blocked this ${KIND_TEXT[kind]}: ${what}. ${wayOut}`);
    if (isListed) return error;
    const node = currentNode();
    const at = userFrame(deepStack());
    this.list.push({
      kind,
      what,
      ...(node === undefined ? {} : { node }),
      ...(at === undefined ? {} : { at }),
    });
    return error;
  }
}

const KIND_TEXT: Readonly<Record<BlockedCall['kind'], string>> = {
  fetch: 'request',
  http: 'request',
  socket: 'connection',
  tool: 'tool',
  checkpoint: 'checkpoint write',
  file: 'file write',
  process: 'process',
};

/** Clients have many frames of their own. */
const STACK_FRAMES = 60;

function deepStack(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_FRAMES;
  const { stack } = new Error('where');
  Error.stackTraceLimit = limit;
  return stack;
}
