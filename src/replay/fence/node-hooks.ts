import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import workerThreads from 'node:worker_threads';
import { isRecord } from '../../core/index.ts';
import { type AnyFunction, replaceMethod } from '../replace-method.ts';
import { currentFence } from './fence.ts';
import type { Destination } from './hosts.ts';

const LIVE = 'Let a tool do it that is recorded, or allow that tool.';

/** Sockets that were connected inside of a fence, which has allowed it. */
const allowedSockets = new WeakSet<object>();

/** Connections of TCP, TLS and local sockets, and what is written to those that are open. */
export function hookSockets(): () => void {
  const restore = [
    replaceMethod(net.Socket.prototype, 'connect', (connect) => {
      return function (this: unknown, ...args) {
        const fence = currentFence();
        const error = fence?.checkConnection('socket', destinationOf(args));
        if (error !== undefined) {
          setImmediate(() => (this as net.Socket).destroy(error));
          return this;
        }
        if (fence !== undefined) allowedSockets.add(this as net.Socket);
        return connect.apply(this, args);
      };
    }),
    replaceMethod(net.Socket.prototype, 'write', (write) => {
      return function (this: unknown, ...args) {
        const error = writeError(this as net.Socket);
        if (error === undefined) return write.apply(this, args);
        const callback = args.findLast((arg) => typeof arg === 'function') as AnyFunction | undefined;
        if (callback === undefined) throw error;
        setImmediate(callback, error);
        return false;
      };
    }),
    ...(['send', 'connect'] as const).map((name) =>
      replaceMethod(dgram.Socket.prototype, name, (original) => {
        return function (this: unknown, ...args) {
          const fence = currentFence();
          const error = fence?.checkConnection('socket', datagramDestination(name, args));
          if (error === undefined) return original.apply(this, args);
          const callback = args.findLast((arg) => typeof arg === 'function') as AnyFunction | undefined;
          if (callback !== undefined) setImmediate(callback, error);
          else setImmediate(() => (this as dgram.Socket).emit('error', error));
          return undefined;
        };
      }),
    ),
  ];
  return () => restore.forEach((put) => void put());
}

/** A connection that was open before, of a pool for example, must not carry anything out. Pipes have no remote address. */
function writeError(socket: net.Socket): Error | undefined {
  const fence = currentFence();
  const { remoteAddress, remotePort } = socket;
  if (fence === undefined || remoteAddress === undefined || allowedSockets.has(socket)) return undefined;
  const named: unknown = Reflect.get(socket, '_host') ?? Reflect.get(socket, 'servername');
  const host = typeof named === 'string' && named !== '' ? named : remoteAddress;
  return fence.checkConnection('socket', { host, port: remotePort });
}

function destinationOf(args: readonly unknown[]): Destination {
  const [first, second] = args;
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (isRecord(options)) {
    const { host, port, path } = options;
    return typeof path === 'string' && port === undefined
      ? { path }
      : { host: typeof host === 'string' ? host : undefined, port: portOf(port) };
  }
  if (typeof options === 'string' && Number.isNaN(Number(options))) return { path: options };
  return { host: typeof second === 'string' ? second : undefined, port: portOf(options) };
}

function datagramDestination(name: 'send' | 'connect', args: readonly unknown[]): Destination {
  const plain = args.filter((arg) => typeof arg !== 'function');
  if (name === 'connect') return { host: textOf(plain[1]), port: portOf(plain[0]) };
  // send(message, [offset, length,] [port] [, address])
  const address = plain.findLast((arg) => typeof arg === 'string' && arg !== plain[0]);
  const rest = plain.slice(1).filter((arg) => typeof arg === 'number');
  return { host: textOf(address), port: portOf(rest.at(-1)) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function portOf(port: unknown): number | string | undefined {
  return typeof port === 'number' || typeof port === 'string' ? port : undefined;
}

/** Requests of `node:http` and `node:https`, also those that would go over a connection kept open. */
export function hookHttp(): () => void {
  return replaceMethod(http.Agent.prototype, 'addRequest', (addRequest) => {
    return function (this: unknown, ...args) {
      const [request, options] = args;
      const fence = currentFence();
      if (fence === undefined || !isRecord(options)) return addRequest.apply(this, args);
      const { host, hostname, port, socketPath } = options;
      const error = fence.checkConnection(
        'http',
        typeof socketPath === 'string'
          ? { path: socketPath }
          : { host: textOf(host) ?? textOf(hostname), port: portOf(port) },
      );
      if (error === undefined) return addRequest.apply(this, args);
      // As an agent reports a connection that failed.
      const onSocket: unknown = Reflect.get(request as object, 'onSocket');
      if (typeof onSocket === 'function') onSocket.call(request, null, error);
      return undefined;
    };
  });
}

/** Name lookups, which tell a name server what is looked up. */
export function hookLookups(): () => void {
  const names = Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name));
  const restore = names.flatMap((name) => [
    replaceMethod(dns, name, (lookup) => {
      return function (this: unknown, ...args) {
        const error = lookupError(args);
        if (error === undefined) return lookup.apply(this, args);
        const callback = args.findLast((arg) => typeof arg === 'function') as AnyFunction | undefined;
        if (callback === undefined) throw error;
        setImmediate(callback, error);
        return undefined;
      };
    }),
    replaceMethod(dns.promises, name, (lookup) => {
      return function (this: unknown, ...args) {
        const error = lookupError(args);
        return error === undefined ? lookup.apply(this, args) : Promise.reject(error);
      };
    }),
  ]);
  return () => restore.forEach((put) => void put());
}

function lookupError([host]: readonly unknown[]): Error | undefined {
  // An address is not looked up, and there is a name for this machine without asking anybody.
  if (typeof host !== 'string' || net.isIP(host) !== 0 || host === 'localhost') return undefined;
  return currentFence()?.checkConnection('socket', { host });
}

/** Child processes and workers: what they do, nothing here would see. */
export function hookProcesses(): () => void {
  const restore = [
    replaceMethod(childProcess.ChildProcess.prototype, 'spawn', (spawn) => {
      return function (this: unknown, ...args) {
        const [options] = args;
        const file = isRecord(options) ? options['file'] : undefined;
        const error = currentFence()?.block('process', String(file ?? 'child process'), LIVE);
        if (error !== undefined) throw error;
        return spawn.apply(this, args);
      };
    }),
    ...(['spawnSync', 'execSync', 'execFileSync'] as const).map((name) =>
      replaceMethod(childProcess, name, (original) => {
        return function (this: unknown, ...args) {
          const error = currentFence()?.block('process', String(args[0]), LIVE);
          if (error !== undefined) throw error;
          return original.apply(this, args);
        };
      }),
    ),
    hookWorkers(),
  ];
  return () => restore.forEach((put) => void put());
}

function hookWorkers(): () => void {
  const { Worker } = workerThreads;
  workerThreads.Worker = new Proxy(Worker, {
    construct(target, args, newTarget) {
      const error = currentFence()?.block('process', `worker ${String(args[0])}`, LIVE);
      if (error !== undefined) throw error;
      return Reflect.construct(target, args, newTarget);
    },
  });
  return () => {
    workerThreads.Worker = Worker;
  };
}
