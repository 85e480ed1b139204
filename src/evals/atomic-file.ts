import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Options of {@link writeFileAtomic}. */
export interface AtomicFileOptions {
  /** Permissions of a new file. Default 0o666 less the umask. */
  readonly mode?: number;
}

/**
 * Writes a file so that a reader sees the old content or the new one and nothing between, also when the process is
 * killed or the disk is full: a temporary file beside it is written, synced and renamed. Makes the folder when missing.
 * Content in pieces is written piece by piece.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Iterable<string>,
  { mode = 0o666 }: AtomicFileOptions = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
