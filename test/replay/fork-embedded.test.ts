import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../src/core/index.ts';
import type { ReplayableGraph } from '../../src/replay/contract.ts';
import { forkAtFailure, openCheckpointer } from '../../src/replay/fork/index.ts';
import { openSqliteFile } from '../../src/replay/fork/sqlite-source.ts';
import {
  answer,
  asking,
  type Build,
  fanOut,
  line,
  nested,
  parallel,
  playFork,
  recordRun,
  router,
} from '../support/forked-graphs.ts';
import { sqliteSaver } from '../support/sqlite-shim.ts';
import { tempDir } from '../support/temp-dir.ts';

const fork = (graph: ReplayableGraph, trace: Trace, url: string) =>
  forkAtFailure(graph, { trace, checkpointer: url, play: playFork });

/** A sum of every file under a folder. */
async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const sums = await Promise.all(
    names.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [
        path,
        createHash('md5')
          .update(await readFile(path))
          .digest('hex'),
      ];
    }),
  );
  return Object.fromEntries(sums);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const graphs = [
  ['a line', line, ['draft', 'send']],
  ['parallel branches', parallel, ['failing', 'slow', 'join']],
  ['a fan-out', fanOut, ['worker 2']],
  ['a throwing router', router, ['find', 'send']],
  ['a subgraph', nested, ['second', 'third', 'send']],
] as const;

describe('a fork of a thread in SQLite', () => {
  it.each(graphs)(
    'runs only the failing node and what follows, and leaves the file as it was: %s',
    async (_name, build: (build: Build) => ReplayableGraph, expected) => {
      await using dir = await tempDir();
      const path = join(dir.path, 'threads.db');
      const { saver, close } = sqliteSaver(path);
      const trace = await recordRun(build({ checkpointer: saver }));
      close();
      const before = await readFile(path);
      const ran: string[] = [];
      await fork(build({ mended: true, ran }), trace, path);
      expect(ran).toEqual(expected);
      expect(before.equals(await readFile(path))).toBe(true);
    },
  );

  it('reads beside an agent that has the file open, and writes through nothing', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'threads');
    const { saver, close } = sqliteSaver(path);
    await recordRun(asking({ checkpointer: saver }));
    const trace = await recordRun(asking({ checkpointer: saver }), answer('yes'));
    const ran: string[] = [];
    await fork(asking({ mended: true, ran }), trace, `sqlite:${path}`);
    expect(ran).toEqual(['ask yes', 'send']);
    await using source = await openCheckpointer(`sqlite:${path}`);
    await expect(source.saver.deleteThread()).rejects.toMatchObject({ code: 'CHECKPOINT_WRITE_BLOCKED' });
    close();
  });

  it('reads what the saver itself reads', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'threads.db');
    const { saver, close } = sqliteSaver(path);
    await recordRun(nested({ checkpointer: saver }));
    await using source = await openCheckpointer(path);
    const config = { configurable: { thread_id: 't' } };
    const theirs = await all(saver.list(config));
    expect(await all(source.saver.list(config))).toEqual(theirs);
    expect(await source.saver.getTuple(config)).toMatchObject({
      checkpoint: (await saver.getTuple(config))?.checkpoint,
    });
    expect(await source.saver.getTuple({ configurable: { thread_id: 'none' } })).toBeUndefined();
    close();
  });

  it('has the database refuse to write, too', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'threads.db');
    const { saver, close } = sqliteSaver(path);
    await recordRun(line({ checkpointer: saver }));
    close();
    const database = openSqliteFile(path, { timeoutMs: 1_000 });
    expect(() => database.exec('DELETE FROM writes')).toThrow(/readonly/);
    database.close();
  });

  it('says in a line what is wrong with a file', async () => {
    await using dir = await tempDir();
    const text = join(dir.path, 'text.db');
    await writeFile(text, 'this is no database, whatever it is called'.repeat(99));
    const empty = join(dir.path, 'empty.db');
    await writeFile(empty, '');
    for (const [path, code, exitCode] of [
      [join(dir.path, 'none.db'), 'CHECKPOINTER_NOT_FOUND', 2],
      [`sqlite:${dir.path}`, 'CHECKPOINTER_NOT_FOUND', 2],
      [text, 'CHECKPOINTER_UNREACHABLE', 3],
      [empty, 'CHECKPOINTER_NO_TABLES', 2],
    ] as const) {
      await expect(openCheckpointer(path)).rejects.toMatchObject({
        code,
        exitCode,
        hint: expect.any(String),
      });
    }
    expect(await readFile(empty, 'utf8')).toBe('');
  });
});

describe('a fork of a thread in PGlite', () => {
  it('runs only the failing node and what follows, and leaves the folder as it was', async () => {
    await using dir = await tempDir();
    const folder = join(dir.path, 'pgdata');
    await mkdir(folder);
    const traces = new Map<string, Trace>();
    await using db = await PGlite.create(folder);
    const client = { query: (sql: string, values?: unknown[]) => db.query(sql, values), release: () => {} };
    const saver = new PostgresSaver({ ...client, connect: async () => client } as never);
    await saver.setup();
    // Opening a folder takes PGlite seconds, so not every graph.
    const chosen = graphs.filter(([name]) => name === 'parallel branches' || name === 'a subgraph');
    for (const [name, build] of chosen) {
      traces.set(name, await recordRun(build({ checkpointer: saver }), undefined, { threadId: name }));
    }
    const before = await filesIn(folder);
    for (const [name, build, expected] of chosen) {
      const trace = traces.get(name);
      if (trace === undefined) throw new Error(name);
      const ran: string[] = [];
      await fork(build({ mended: true, ran }), trace, `pglite:${folder}`);
      expect(ran).toEqual(expected);
    }
    expect(await filesIn(folder)).toEqual(before);
  });

  it('says so when a folder is none of PGlite', async () => {
    await using dir = await tempDir();
    await expect(openCheckpointer(`pglite:${dir.path}`)).rejects.toMatchObject({
      code: 'CHECKPOINTER_NOT_FOUND',
      exitCode: 2,
    });
  });
});
