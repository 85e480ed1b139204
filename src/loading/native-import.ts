/**
 * `import()` by Node. In a file of its own so that tests, which run inside a bundler that takes `import()` over, can put
 * Node's back.
 */
export function nativeImport(url: string): Promise<object> {
  return import(url);
}
