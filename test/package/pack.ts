import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { staleness } from '../../scripts/build.ts';
import { runOk } from './npm.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The package as it would be published. */
export interface Packed {
  /** Path of the archive. */
  readonly tarball: string;
  /** Paths of the files in it. */
  readonly files: readonly string[];
}

/**
 * Packs this checkout into a folder.
 *
 * @throws Error where `dist/` is not what the sources give: what is packed would not be what is tested beside it.
 */
export function pack(folder: string): Packed {
  const stale = staleness(ROOT);
  if (stale !== undefined) throw new Error(`${stale}: run \`npm run build\` first.`);
  const [{ filename, files }] = JSON.parse(
    runOk('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT),
  ) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}
