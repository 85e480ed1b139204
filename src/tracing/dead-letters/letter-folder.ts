import { existsSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode } from '../../core/index.ts';
import { type FileLock, tryFileLock } from '../../store/index.ts';

const LOCK_FILE = 'resend.lock';
/** What has been added, and what a resend has taken away to send it, in the order it was taken. */
const FILE_NAME = /^([\w-]+)\.jsonl(?:\.(\d+)\.resending)?$/;

/** The files with the letters of one exporter. */
export interface LetterBox {
  /** The exporter, as far as a file name can tell. */
  readonly name: string;
  /** What resends that were killed have left, the oldest first, and then what has been added since. */
  readonly paths: readonly string[];
}

/** Name of the file that letters of an exporter are added to. The name must not lead out of the folder. */
export function letterFileName(exporter: string): string {
  return `${boxName(exporter)}.jsonl`;
}

/** Name of the {@link LetterBox} of an exporter. */
export function boxName(exporter: string): string {
  return exporter.replace(/[^\w-]/g, '_');
}

/** The folder of the dead letters, for whoever sends them again. */
export class LetterFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Path of the file that letters of a box are added to. */
  pathOf(box: string): string {
    return join(this.path, letterFileName(box));
  }

  /** The boxes with a file, by name. @throws system errors. */
  async boxes(): Promise<readonly LetterBox[]> {
    const files = (await names(this.path)).flatMap((name) => {
      const [, box, taken] = FILE_NAME.exec(name) ?? [];
      const order = taken === undefined ? Number.POSITIVE_INFINITY : Number(taken);
      return box === undefined ? [] : [{ box, order, path: join(this.path, name) }];
    });
    return [...Map.groupBy(files, ({ box }) => box)]
      .map(([name, ofBox]) => ({
        name,
        paths: ofBox.toSorted((a, b) => a.order - b.order).map(({ path }) => path),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Keeps other resends away while it is held, by a lock that ends with this process. Undefined when one is at work. */
  lock(): FileLock | undefined {
    return tryFileLock(join(this.path, LOCK_FILE));
  }

  /**
   * Takes what has been added to a box away from those who add to it, in one step: they begin a new file. To be called with
   * the lock held. Returns the paths of all there is to send, the oldest first. @throws system errors.
   */
  async take(box: LetterBox): Promise<readonly string[]> {
    const main = this.pathOf(box.name);
    const left = box.paths.filter((path) => path !== main);
    if (!existsSync(main)) return left;
    const last = left.at(-1)?.slice(main.length + 1);
    const taken = `${main}.${last === undefined ? 0 : Number.parseInt(last, 10) + 1}.resending`;
    await rename(main, taken);
    return [...left, taken];
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}
