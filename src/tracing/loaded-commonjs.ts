import { createRequire } from 'node:module';

/** Any place will do: what is loaded is the same for all of them. */
const { cache } = createRequire('file:///');

/**
 * What a file of a CommonJS build exports, once for every copy of it that this process has loaded by now. An application that is
 * itself CommonJS uses classes other than those that are imported here.
 */
export function loadedCommonJs(file: RegExp): readonly unknown[] {
  const found: unknown[] = [];
  for (const path in cache) if (file.test(path)) found.push(cache[path]?.exports);
  return found;
}
