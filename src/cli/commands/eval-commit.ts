import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { errorMessage, hasErrorCode } from '../../core/index.ts';

const execFileAsync = promisify(execFile);

/** A larger difference is not read: its files are told apart by size and time. */
const MAX_DIFF_BYTES = 64 * 1024 * 1024;

/**
 * The commit of a working tree. Where it has changes, `-dirty.` and 8 hex digits of SHA-256 over them follow, so that a
 * run of one state of the tree is never continued with another: the difference of tracked files from the commit, and
 * name, size and time of each untracked file that is not ignored and not in `home`. Undefined outside a repository, in
 * one without commits, and without git.
 *
 * @param home Where runs and traces are written, absolute: what this program writes is no change.
 */
export async function readCommit(cwd: string, home: string): Promise<string | undefined> {
  const head = await git(cwd, ['rev-parse', '--verify', 'HEAD']);
  const root = await git(cwd, ['rev-parse', '--show-toplevel']);
  if (head === undefined || root === undefined) return undefined;
  const commit = head.trim();
  const tree = root.trim();
  const untracked = await git(tree, ['ls-files', '--others', '--exclude-standard', '-z']);
  const own = relative(tree, await realPath(home))
    .split(sep)
    .join('/');
  const files = names(untracked).filter((name) => name !== own && !name.startsWith(`${own}/`));
  const difference = await git(tree, ['diff', 'HEAD', '--binary', '--no-ext-diff', '--no-textconv']);
  if (difference === '' && files.length === 0) return commit;
  if (difference === undefined) files.push(...names(await git(tree, ['diff', 'HEAD', '--name-only', '-z'])));
  const hash = createHash('sha256').update(JSON.stringify(difference ?? null));
  for (const name of files) hash.update(JSON.stringify([name, await fileState(join(tree, name))]));
  return `${commit}-dirty.${hash.digest('hex').slice(0, 8)}`;
}

function names(list: string | undefined): string[] {
  return (list ?? '').split('\0').filter((name) => name !== '');
}

/** Git names its tree without links. A folder that is not there yet holds nothing. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return path;
    throw error;
  }
}

async function fileState(path: string): Promise<unknown> {
  try {
    const { size, mtimeMs } = await lstat(path);
    return [size, mtimeMs];
  } catch (error) {
    // It has just gone, or may not be looked at: that is its state.
    return errorMessage(error);
  }
}

async function git(cwd: string, args: readonly string[]): Promise<string | undefined> {
  try {
    // Looking at the tree must not lock its index against a commit that is being made.
    const { stdout } = await execFileAsync('git', ['--no-optional-locks', ...args], {
      cwd,
      timeout: 10_000,
      maxBuffer: MAX_DIFF_BYTES,
      windowsHide: true,
    });
    return stdout;
  } catch {
    // The commit is a note on the run: whatever keeps git from answering must not keep the run from starting.
    return undefined;
  }
}
