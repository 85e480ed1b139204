import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/**
 * The commit of a working tree, `-dirty` appended when tracked files have changes. Undefined outside a repository, in one
 * without commits, and without git.
 */
export async function readCommit(cwd: string): Promise<string | undefined> {
  const head = await git(cwd, ['rev-parse', '--verify', 'HEAD']);
  if (head === undefined || head === '') return undefined;
  const changes = await git(cwd, ['status', '--porcelain', '--untracked-files=no']);
  return changes === '' ? head : `${head}-dirty`;
}

async function git(cwd: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await execFileAsync('git', args, { cwd, timeout: 10_000, windowsHide: true });
    return stdout.trim();
  } catch {
    // The commit is a note on the run: whatever keeps git from answering must not keep the run from starting.
    return undefined;
  }
}
