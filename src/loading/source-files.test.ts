import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-sources-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function files(contents: Record<string, string>): void {
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const found = async (entry: string) =>
  (await sourceFiles(join(folder, entry))).map((path) => relative(folder, path));

it('finds what a module imports of the project, at any depth, and ends on circles', async () => {
  files({
    'graph.ts':
      "import { a } from './lib/a.ts';\nexport * from './lib';\nconst d = await import('./d.js');\n",
    'lib/a.ts': "import type { G } from '../graph.ts';\nimport '../e.mjs';\n",
    'lib/index.ts': "const f = require('../f');\n",
    'd.ts': "import { z } from 'zod';\nimport fs from 'node:fs';\n",
    'e.mjs': "import data from './data.json' with { type: 'json' };\n",
    'f.cjs': '',
    'data.json': '{}',
    'other.ts': '',
  });
  expect((await found('graph.ts')).sort()).toEqual([
    'd.ts',
    'data.json',
    'e.mjs',
    'f.cjs',
    'graph.ts',
    'lib/a.ts',
    'lib/index.ts',
  ]);
});

it('names a module that is not there, and leaves out imports that lead nowhere', async () => {
  expect(await found('gone.ts')).toEqual(['gone.ts']);
  files({ 'graph.ts': "import './nowhere.ts';\n" });
  expect(await found('graph.ts')).toEqual(['graph.ts']);
});
