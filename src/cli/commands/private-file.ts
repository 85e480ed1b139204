import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, hasErrorCode, UsageError } from '../../core/index.ts';

/** Only its owner may read it: traces hold what users typed. */
const PRIVATE = 0o600;

/**
 * Writes text to a file of mode 0600, whole or not at all: it is written beside it and takes its place at the end.
 * Makes the folder when missing.
 *
 * @param options With `overwrite` a file that is there is replaced; a folder or a device never is.
 * @throws UsageError `OUT_EXISTS` or `OUT_UNWRITABLE`; and what `lines` throws.
 */
export async function writePrivateLines(
  path: string,
  lines: AsyncIterable<string>,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  const reserved = await orUnwritable(path, () => reserve(path, overwrite));
  try {
    const handle = await orUnwritable(path, () => open(temporary, 'wx', PRIVATE));
    try {
      for await (const line of lines) await orUnwritable(path, () => handle.writeFile(line));
      await orUnwritable(path, () => handle.sync());
    } finally {
      await handle.close();
    }
    await orUnwritable(path, () => rename(temporary, path));
  } catch (thrown) {
    await rm(temporary, { force: true });
    if (reserved) await rm(path, { force: true });
    throw thrown;
  }
}

/** Takes the name, so that nobody else does meanwhile. False when it is one of a file that may be overwritten. */
async function reserve(path: string, overwrite: boolean): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await (await open(path, 'wx', PRIVATE)).close();
    return true;
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'EEXIST')) throw thrown;
  }
  if (!(await lstat(path)).isFile()) throw unwritable(path, 'it is there and is no file');
  if (overwrite) return false;
  throw new UsageError('OUT_EXISTS', `${path} is there already.`, {
    hint: 'Choose another name with --out, or overwrite it with --force.',
  });
}

async function orUnwritable<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('syscall' in thrown)) throw thrown;
    throw unwritable(path, errorMessage(thrown), thrown);
  }
}

function unwritable(path: string, problem: string, cause?: unknown): UsageError {
  return new UsageError('OUT_UNWRITABLE', `Cannot write ${path}: ${problem}.`, {
    hint: 'Choose another file with --out, or check the permissions of its folder and the space of its disk.',
    cause,
  });
}
