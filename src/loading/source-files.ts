import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hasErrorCode } from '../core/index.ts';

/** `from './x'`, `import './x'`, `import('./x')` and `require('./x')`, in code and, harmlessly, in comments. */
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/** How an import without its file's real ending is tried. `./x.js` is also `./x.ts`, as TypeScript has it. */
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];

/**
 * A module and the files of the project that it imports, at any depth, as absolute paths in order of first mention. Found
 * in the text: packages, imports by an alias and files that are read rather than imported are not among them.
 */
export async function sourceFiles(entry: string): Promise<readonly string[]> {
  const found = new Set<string>([resolve(entry)]);
  for (const path of found) {
    const text = await readText(path);
    for (const [, , specifier = ''] of text.matchAll(SPECIFIER)) {
      const file = await locate(resolve(dirname(path), specifier));
      if (file !== undefined) found.add(file);
    }
  }
  return [...found];
}

async function locate(path: string): Promise<string | undefined> {
  const asTypeScript = path.replace(/\.([cm]?)js$/, '.$1ts');
  for (const candidate of [...ENDINGS.map((ending) => path + ending), asTypeScript])
    if (await isFile(candidate)) return candidate;
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return false;
    throw error;
  }
}

/** A file that went away in between has no imports. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return '';
    throw error;
  }
}
