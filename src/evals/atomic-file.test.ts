import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp-dir.ts';
import { writeFileAtomic } from './atomic-file.ts';

it('replaces a file whole, with the permissions asked for, and makes its folder', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a', 'b.json');
  await writeFileAtomic(path, 'old');
  await writeFileAtomic(path, 'new', { mode: 0o600 });
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(dir.path, 'a'))).toEqual(['b.json']);
});

it('leaves nothing behind when it cannot replace', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'taken', 'inside'), { recursive: true });
  await expect(writeFileAtomic(join(dir.path, 'taken'), 'text')).rejects.toThrow();
  expect(await readdir(dir.path)).toEqual(['taken']);
});
