/** Any function, as a hook sees it. */
// biome-ignore lint/suspicious/noExplicitAny: a hook hands on whatever the function it replaces is called with
export type AnyFunction = (...args: any[]) => unknown;

/**
 * Replaces a method by one that is given the original, and returns what puts it back. Does nothing where there is no such
 * method.
 */
export function replaceMethod(
  owner: object,
  name: string,
  wrap: (original: AnyFunction) => (this: unknown, ...args: unknown[]) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return () => undefined;
  const replacement = wrap(original as AnyFunction);
  // What else hangs on it, for example how it is promisified.
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined && key !== 'prototype') Object.defineProperty(replacement, key, descriptor);
  }
  Object.defineProperty(owner, name, {
    value: replacement,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  };
}
