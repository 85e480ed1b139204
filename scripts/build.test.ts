import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../test/support/temp-dir.ts';
import { staleness } from './build.ts';

const SOURCE_S = 1_000;
const BUILT_S = 2_000;
const LATER_S = 3_000;

async function write(root: string, path: string, timeS: number): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), '');
  await utimes(join(root, path), timeS, timeS);
}

/** A checkout that has been built. */
async function built() {
  const dir = await tempDir();
  for (const path of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'src/a.ts', 'src/b/c.ts'])
    await write(dir.path, path, SOURCE_S);
  for (const path of ['src/a.test.ts', 'src/b/testing/graphs.ts']) await write(dir.path, path, LATER_S);
  for (const path of ['dist/a.js', 'dist/b/c.js', 'dist/a.d.ts']) await write(dir.path, path, BUILT_S);
  return dir;
}

it('needs no build where dist/ is newer than all it was made of; tests are no part of it', async () => {
  await using dir = await built();
  expect(staleness(dir.path)).toBeUndefined();
});

it('needs one where there is none, and where a file was added, changed or deleted, or the settings changed', async () => {
  for (const [change, reason] of [
    [(root: string) => rm(join(root, 'dist'), { recursive: true }), 'src/a.ts is not built'],
    [(root: string) => write(root, 'src/d.ts', SOURCE_S), 'src/d.ts is not built'],
    [(root: string) => write(root, 'src/b/c.ts', LATER_S), 'src/b/c.ts was built before it changed'],
    [(root: string) => rm(join(root, 'src/b/c.ts')), 'dist/b/c.js has no source'],
    [(root: string) => write(root, 'package-lock.json', LATER_S), 'src/a.ts was built before it changed'],
  ] as const) {
    await using dir = await built();
    await change(dir.path);
    expect(staleness(dir.path)).toBe(reason);
  }
});
