import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { readCommit } from './eval-commit.ts';

it('is the commit, told apart by its changes, and undefined outside a repository', async () => {
  await using dir = await tempDir();
  const home = join(dir.path, '.sluice');
  const read = () => readCommit(dir.path, home);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: dir.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  expect(await read()).toBeUndefined();
  git('init');
  expect(await read()).toBeUndefined();
  await writeFile(join(dir.path, 'a.txt'), 'one');
  await writeFile(join(dir.path, '.gitignore'), 'ignored.txt\n');
  git('add', '.');
  git('commit', '-m', 'one', '--no-gpg-sign');
  const head = git('rev-parse', 'HEAD');
  await writeFile(join(dir.path, 'ignored.txt'), 'x');
  await mkdir(home);
  await writeFile(join(home, 'traces.db'), 'x');
  expect(await read()).toBe(head);

  const seen = new Set<string | undefined>();
  const isNew = async () => {
    const commit = await read();
    expect(commit).toMatch(new RegExp(`^${head}-dirty\\.[0-9a-f]{8}$`));
    expect(await read()).toBe(commit);
    expect(seen.has(commit)).toBe(false);
    seen.add(commit);
  };
  await writeFile(join(dir.path, 'a.txt'), 'two');
  await isNew();
  await writeFile(join(dir.path, 'a.txt'), 'six');
  await isNew();
  await mkdir(join(dir.path, 'new'));
  await writeFile(join(dir.path, 'new', 'ü.txt'), 'x');
  await isNew();
  await writeFile(join(dir.path, 'new', 'ü.txt'), 'more');
  await isNew();
  git('add', '.');
  await isNew();
  git('checkout', '-f', 'HEAD');
  git('clean', '-fd', '-e', '.sluice');
  git('reset', '--hard');
  expect(await read()).toBe(head);
});
