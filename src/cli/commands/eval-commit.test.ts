import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { readCommit } from './eval-commit.ts';

it('is the commit, marked when tracked files have changes, and undefined outside a repository', async () => {
  await using dir = await tempDir();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: dir.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  expect(await readCommit(dir.path)).toBeUndefined();
  git('init');
  expect(await readCommit(dir.path)).toBeUndefined();
  await writeFile(join(dir.path, 'a.txt'), 'one');
  git('add', '.');
  git('commit', '-m', 'one', '--no-gpg-sign');
  const head = git('rev-parse', 'HEAD');
  await writeFile(join(dir.path, 'untracked.txt'), 'x');
  expect(await readCommit(dir.path)).toBe(head);
  await writeFile(join(dir.path, 'a.txt'), 'two');
  expect(await readCommit(dir.path)).toBe(`${head}-dirty`);
});
