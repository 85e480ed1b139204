import { StringDecoder } from 'node:string_decoder';
import { fileChunks } from './file-chunks.ts';

/**
 * The lines of a text file, one after the other, in the memory of the longest one. Only a line feed ends a line: the
 * separators U+2028 and U+2029, at which readline splits too, stand unescaped in JSON. Throws what reading a file throws.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  // In parts: a line that many chunks long must not be copied once for each of them.
  let parts: string[] = [];
  for await (const chunk of fileChunks(path)) {
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    parts.push(first);
    const last = others.pop();
    if (last === undefined) continue;
    yield parts.join('');
    yield* others;
    parts = [last];
  }
  const rest = parts.join('') + decoder.end();
  if (rest !== '') yield rest;
}
