import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnswerCacheOptions, openAnswerCache } from './answer-cache.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

let nowMs = Date.UTC(2026, 0, 1);
const open = (more: Partial<AnswerCacheOptions> = {}) =>
  openAnswerCache({
    home,
    cwd: home,
    target: 'langserve:http://a/agent',
    clock: { now: () => nowMs },
    ...more,
  });
const answer = { outputs: { answer: 'Refunded.' }, runId: 'run-1' };
const files = () =>
  readdirSync(join(home, 'cache'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('the cache of answers', () => {
  it('finds an answer by target, inputs in any order of keys, and repeat', async () => {
    await (await open()).put({ a: 1, b: { c: 2, d: 3 } }, 0, answer);
    const cache = await open();
    expect(await cache.get({ b: { d: 3, c: 2 }, a: 1 }, 0)).toEqual(answer);
    expect(await cache.get({ a: 1, b: { c: 2, d: 3 } }, 1)).toBeUndefined();
    expect(await cache.get({ a: 2, b: { c: 2, d: 3 } }, 0)).toBeUndefined();
    const other = await open({ target: 'langserve:http://b/agent' });
    expect(await other.get({ a: 1, b: { c: 2, d: 3 } }, 0)).toBeUndefined();
  });

  it('forgets a graph when a file it is made of changes, at any depth', async () => {
    writeFileSync(join(home, 'graph.ts'), "import { a } from './lib/a.js';\nexport const graph = a;\n");
    const lib = join(home, 'lib');
    rmSync(lib, { recursive: true, force: true });
    (await import('node:fs')).mkdirSync(lib);
    writeFileSync(join(lib, 'a.ts'), 'export const a = 1;\n');
    const target = 'graph:./graph.ts#graph';
    await (await open({ target })).put({}, 0, answer);
    expect(await (await open({ target })).get({}, 0)).toEqual(answer);
    writeFileSync(join(lib, 'a.ts'), 'export const a = 2;\n');
    expect(await (await open({ target })).get({}, 0)).toBeUndefined();
  });

  it('is for the eyes of its owner only', async () => {
    await (await open()).put({ secret: 1 }, 0, answer);
    expect(files().map((path) => statSync(path).mode & 0o777)).toEqual([0o600]);
  });

  it('uses no answer of more than a day, and none that is damaged', async () => {
    const cache = await open();
    await cache.put({}, 0, answer);
    nowMs += 24 * 3_600_000 + 1;
    expect(await cache.get({}, 0)).toBeUndefined();
    await cache.put({}, 0, answer);
    expect(await cache.get({}, 0)).toEqual(answer);
    for (const path of files()) writeFileSync(path, '{"schemaVersion":1,');
    expect(await cache.get({}, 0)).toBeUndefined();
  });

  it('keeps the newest answers when it is too large', async () => {
    const cache = await open({ maxBytes: 250 });
    for (const repeat of [0, 1, 2]) {
      await cache.put({}, repeat, answer);
      const path = files().find((each) => statSync(each).mtimeMs > 1_000_000_000_000);
      if (path === undefined) throw new Error('nothing was written');
      // A time of its own for each, older than what is written next.
      utimesSync(path, 1_000 + repeat, 1_000 + repeat);
    }
    nowMs = 2_000_000;
    await cache.prune();
    expect(files()).toHaveLength(2);
    nowMs = Date.UTC(2026, 0, 1);
    await cache.prune();
    expect(files()).toHaveLength(0);
  });
});
