import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { Client } from 'langsmith';
import { traceable } from 'langsmith/traceable';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { flush, shutdown, traceGraph } from '../../src/tracing/index.ts';
import { eventually } from '../support/eventually.ts';
import { LangSmithServer } from '../support/langsmith-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const KEY = 'lsv2_pt_0123456789abcdef';
const State = Annotation.Root({ n: Annotation<number>() });

let server: LangSmithServer;
beforeEach(async () => {
  server = await LangSmithServer.start();
  server.behaviour.apiKey = KEY;
  vi.stubEnv('LANGSMITH_TRACING', 'true');
  vi.stubEnv('LANGSMITH_ENDPOINT', server.url);
  vi.stubEnv('LANGSMITH_API_KEY', KEY);
  vi.stubEnv('LANGSMITH_PROJECT', 'orders');
});
afterEach(async () => {
  await shutdown();
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

const check = traceable(async (n: number) => n % 5 === 0, { name: 'check' });
const build = () =>
  new StateGraph(State)
    .addNode('work', async ({ n }) => {
      if (await check(n)) throw new Error(`run ${n} failed`);
      return { n };
    })
    .addEdge(START, 'work')
    .compile({ name: 'orders' });

describe('with LANGSMITH_TRACING=true in the environment', () => {
  it('every failure reaches LangSmith and the store once, with nested runs in its tree, and no success below the rate', async () => {
    await using dir = await tempDir();
    const graph = traceGraph(build(), { home: dir.path, sampleRate: 0 });
    await Promise.all(Array.from({ length: 20 }, (_, n) => graph.invoke({ n }).catch(() => undefined)));
    await flush();

    const roots = server.runs.filter(
      (run) => run['parent_run_id'] === undefined || run['parent_run_id'] === null,
    );
    const errors = roots.map((run) => /run \d+ failed/.exec(String(run['error']))?.[0]);
    expect(new Set(errors)).toEqual(new Set([0, 5, 10, 15].map((n) => `run ${n} failed`)));
    expect(errors).toHaveLength(4);
    for (const root of roots) {
      expect(root).toMatchObject({ name: 'orders', trace_id: root.id, session_name: 'orders' });
      const tree = server.runs.filter((run) => run['trace_id'] === root.id).map((run) => run['name']);
      expect(tree.sort()).toEqual(['__start__', 'check', 'orders', 'work']);
    }
    // One post each and no patch: nothing else of this process sends them too.
    const posts = server.requests.flatMap((request) => request.posts);
    expect(posts).toHaveLength(16);
    expect(new Set(posts).size).toBe(16);
    expect(server.requests.flatMap((request) => request.patches)).toEqual([]);
    expect(server.complaints).toEqual([]);

    const store = await openTraceStore({ path: traceStorePath(dir.path), readOnly: true });
    const stored = await store.list({ limit: 100 });
    await store.close();
    expect(stored.map((trace) => trace.id).sort()).toEqual(roots.map((run) => run.id).sort());

    await new Client({ apiUrl: server.url, apiKey: KEY }).createFeedback(roots[0]!.id, 'helpful', {
      score: 0,
    });
    expect(server.feedback).toMatchObject([{ run_id: roots[0]!.id, key: 'helpful', score: 0 }]);
  });

  it('an outage loses nothing: the store has the runs at once, LangSmith when it is back, also in a later process', async () => {
    await using dir = await tempDir();
    server.behaviour.outage = { status: 503 };
    const graph = traceGraph(build(), { home: dir.path });
    await Promise.all(Array.from({ length: 25 }, (_, n) => graph.invoke({ n }).catch(() => undefined)));
    await flush();
    expect(server.runs).toHaveLength(0);
    await shutdown();

    server.behaviour.outage = undefined;
    const next = traceGraph(build(), { home: dir.path });
    await next.invoke({ n: 1 });
    await eventually(async () => {
      await flush();
      expect(server.runs.filter((run) => run['name'] === 'orders')).toHaveLength(26);
    });
    const store = await openTraceStore({ path: traceStorePath(dir.path), readOnly: true });
    expect(await store.list({ limit: 100 })).toHaveLength(26);
    await store.close();
  });

  it('the API key is in no file', async () => {
    await using dir = await tempDir();
    server.behaviour.apiKey = 'another';
    const warnings: string[] = [];
    const logger = {
      warn: (text: string) => void warnings.push(text),
      error: (text: string) => void warnings.push(text),
    };
    const graph = traceGraph(build(), { home: dir.path, logger });
    await graph.invoke({ n: 1 });
    await flush();
    await shutdown();
    expect(warnings.join()).toMatch(/langsmith.*(401|403)/i);
    expect(warnings.join()).not.toContain(KEY);
    const files = readdirSync(dir.path, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(dir.path, name),
    );
    const contents = files
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'latin1'));
    expect(contents.length).toBeGreaterThan(0);
    expect(contents.join('').includes(KEY)).toBe(false);
  });
});
