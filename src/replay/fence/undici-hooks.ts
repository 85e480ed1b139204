import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isRecord } from '../../core/index.ts';
import { currentFence, type Fence, type FencedAnswer } from './fence.ts';
import type { Destination } from './hosts.ts';

/** Where undici, the one in Node.js and the package, keeps the dispatcher of all requests that name none. */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');
const CREATED = 'undici:request:create';

interface Dispatcher {
  dispatch(options: unknown, handler: unknown): boolean;
}

const hooked = new WeakSet<object>();

/**
 * Stands before the dispatcher that `fetch` and undici's functions use. It is asked for with every request, so that also
 * clients that were made before, and a `fetch` that was kept in a variable, come by here.
 */
export function hookDispatcher(): void {
  // Node.js makes its dispatcher when it first needs one of these.
  void globalThis.Response;
  const current: unknown = Reflect.get(globalThis, GLOBAL_DISPATCHER);
  if (!isDispatcher(current) || hooked.has(current)) return;
  const fenced = new Proxy(current, {
    get(target, key) {
      if (key === 'dispatch') {
        return (options: unknown, handler: unknown) => dispatch(target, options, handler);
      }
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  hooked.add(fenced);
  Reflect.set(globalThis, GLOBAL_DISPATCHER, fenced);
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'dispatch') === 'function';
}

function dispatch(target: Dispatcher, options: unknown, handler: unknown): boolean {
  const fence = currentFence();
  if (fence === undefined || !isRecord(options) || typeof handler !== 'object' || handler === null) {
    return target.dispatch(options, handler);
  }
  if (fence.answer === undefined || options['method'] !== 'POST') {
    return pass(fence, target, options, handler);
  }
  void answerOrPass(fence, target, options, handler);
  return true;
}

function pass(
  fence: Fence,
  target: Dispatcher,
  options: Readonly<Record<string, unknown>>,
  handler: object,
): boolean {
  const error = fence.checkConnection('fetch', destinationOf(options['origin']));
  if (error === undefined) return target.dispatch(options, handler);
  fail(handler, error);
  return true;
}

async function answerOrPass(
  fence: Fence,
  target: Dispatcher,
  options: Readonly<Record<string, unknown>>,
  handler: object,
): Promise<void> {
  try {
    const body = await readBody(options['body']);
    const url = `${String(options['origin'])}${String(options['path'])}`;
    const answer = body && fence.answer?.({ method: 'POST', url, body: body.toString('utf8') });
    if (answer === undefined) pass(fence, target, { ...options, body: body ?? options['body'] }, handler);
    else respond(handler, answer);
  } catch (thrown) {
    fail(handler, thrown);
  }
}

/** The whole body; undefined for a form. */
async function readBody(body: unknown): Promise<Buffer | undefined> {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as string);
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return undefined;
  const parts: Buffer[] = [];
  for await (const part of body as AsyncIterable<Uint8Array | string>)
    parts.push(Buffer.from(part as string));
  return Buffer.concat(parts);
}

type Handler = Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;

const CONTROLLER = { abort() {}, pause() {}, resume() {}, paused: false, aborted: false, reason: null };

/** Handlers come in two generations, and the packages in use have either. */
function respond(target: object, { status, headers, body }: FencedAnswer): void {
  const handler = target as Handler;
  const data = Buffer.from(body);
  if (typeof handler['onRequestStart'] === 'function') {
    handler['onRequestStart'](CONTROLLER, {});
    handler['onResponseStart']?.(CONTROLLER, status, headers, 'OK');
    handler['onResponseData']?.(CONTROLLER, data);
    handler['onResponseEnd']?.(CONTROLLER, {});
    return;
  }
  const raw = Object.entries(headers).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]);
  handler['onConnect']?.(() => undefined, {});
  handler['onHeaders']?.(status, raw, () => undefined, 'OK');
  handler['onData']?.(data);
  handler['onComplete']?.([]);
}

function fail(target: object, error: unknown): void {
  const handler = target as Handler;
  // Later, as an error of a connection comes: the caller has not been given its promise yet.
  setImmediate(() => {
    if (typeof handler['onResponseError'] === 'function') handler['onResponseError'](CONTROLLER, error);
    else handler['onError']?.(error);
  });
}

/** Requests through dispatchers of their own: each is announced when it is made, and can be ended there. */
export function hookUndiciRequests(): () => void {
  const onCreate = (message: unknown) => {
    const fence = currentFence();
    const request = isRecord(message) ? message['request'] : undefined;
    if (fence === undefined || typeof request !== 'object' || request === null) return;
    const destination = destinationOf(Reflect.get(request, 'origin'));
    const error = fence.checkConnection('fetch', destination);
    if (error !== undefined) fence.announceConnection(destination);
    const onError: unknown = Reflect.get(request, 'onError') ?? Reflect.get(request, 'onResponseError');
    if (error !== undefined && typeof onError === 'function') onError.call(request, error);
  };
  subscribe(CREATED, onCreate);
  return () => void unsubscribe(CREATED, onCreate);
}

function destinationOf(origin: unknown): Destination {
  const url = origin instanceof URL ? origin : URL.parse(String(origin));
  if (url === null) return { host: String(origin) };
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : url.port };
}
