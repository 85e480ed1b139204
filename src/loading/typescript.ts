import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The tsconfigs whose projects this process can import; `false` is a file without one. */
const registered = new Set<string | false>();

/**
 * Makes this process import TypeScript as the project of `file` means it: `.js` suffixes that stand for `.ts` files, the
 * `paths` of the nearest tsconfig.json, syntax that Node cannot strip.
 *
 * The hooks are those of `node --import tsx` and stay for the life of the process, because graphs import lazily. They have
 * no namespace: with one, a module that is loaded twice would be two modules with two states.
 */
export async function enableTypeScript(file: string): Promise<void> {
  const tsconfig = nearestTsconfig(dirname(file));
  if (registered.has(tsconfig)) return;
  const [esm, cjs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')]);
  // Another load may have come here first while tsx was imported.
  if (registered.has(tsconfig)) return;
  if (registered.size === 0) cjs.register();
  esm.register({ tsconfig });
  registered.add(tsconfig);
}

function nearestTsconfig(folder: string): string | false {
  const candidate = join(folder, 'tsconfig.json');
  if (existsSync(candidate)) return candidate;
  const parent = dirname(folder);
  return parent === folder ? false : nearestTsconfig(parent);
}
