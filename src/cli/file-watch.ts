import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, errorMessage, hasErrorCode, UsageError } from '../core/index.ts';

/** Files that are being watched. */
export interface FileWatch {
  /** Resolves with the files whose content is no longer what it was; rejects with the signal's reason when it is aborted. */
  readonly changed: Promise<readonly string[]>;
  /** Idempotent. */
  close(): void;
}

/** Editors write a file in several steps: this long after the last one it is looked at. */
const SETTLE_MS = 150;

/**
 * Watches files, whether they are there or not, by their folders: an editor that replaces a file would take a watch on the
 * file itself with it. Only a change of content counts.
 *
 * @throws UsageError `WATCH_FAILED` when the system refuses, for example for want of watches.
 */
export async function watchFiles(
  paths: readonly string[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<FileWatch> {
  const before = new Map<string, string>();
  for (const path of paths) before.set(path, await contentOf(path));
  const watchers: FSWatcher[] = [];
  const closing = new AbortController();
  const close = () => {
    for (const watcher of watchers.splice(0)) watcher.close();
    closing.abort(new Error('The watch was closed.'));
  };
  const folders = new Set(paths.map((path) => dirname(path)));
  const changed = new Promise<readonly string[]>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: closing.signal });
    let events = 0;
    const look = async () => {
      events += 1;
      const seen = events;
      await clock.sleep(SETTLE_MS, closing.signal);
      if (seen !== events) return;
      const different: string[] = [];
      for (const [path, content] of before) if ((await contentOf(path)) !== content) different.push(path);
      if (different.length > 0) resolve(different);
    };
    const onEvent = () => {
      look().catch((thrown: unknown) => {
        if (!closing.signal.aborted) reject(thrown);
      });
    };
    try {
      for (const folder of folders) {
        const watcher = watch(folder, (_event, name) => {
          if (name === null || before.has(join(folder, basename(name)))) onEvent();
        });
        watcher.on('error', (error) => reject(refused(folder, error)));
        watchers.push(watcher);
      }
    } catch (error) {
      reject(refused([...folders].join(', '), error));
    }
  });
  // Whoever waits for something else first must not be told of a rejection that nobody handles.
  changed.catch(() => {});
  return { changed, close };
}

function refused(where: string, error: unknown): UsageError {
  return new UsageError('WATCH_FAILED', `Cannot watch ${where}: ${errorMessage(error)}.`, { cause: error });
}

/** Empty for a file that is not there. */
async function contentOf(path: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return '';
    throw error;
  }
}
