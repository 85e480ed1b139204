import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { type Trace, traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { tempDir } from './temp-dir.ts';

const PACKAGE = fileURLToPath(new URL('../langgraph-server/', import.meta.url));
const CLI = join(PACKAGE, 'node_modules/@langchain/langgraph-cli/dist/cli/cli.mjs');
const INSTALL = 'npm ci --prefix test/langgraph-server --ignore-scripts';
const STARTUP_MS = 60_000;

/** `describe` where the server's package is installed; in CI always, so that its absence fails. */
export const describeLangGraphServer = describe.skipIf(!process.env['CI'] && !existsSync(CLI));

/** The LangGraph server with the agents of its package, on a free loopback port. */
export interface LangGraphServer extends AsyncDisposable {
  readonly url: string;
  /** Runs an agent on a new thread and gives back the trace that the agent recorded. */
  run(agent: string, ...bodies: readonly Readonly<Record<string, unknown>>[]): Promise<Trace>;
  /** What the server answers to a request about a thread. */
  get(path: string): Promise<unknown>;
}

/** Starts the server in a folder of its own, where it keeps its threads. */
export async function startLangGraphServer(): Promise<LangGraphServer> {
  if (!existsSync(CLI)) throw new Error(`The LangGraph server is not installed: ${INSTALL}`);
  const dir = await tempDir();
  const folder = await realpath(dir.path);
  const home = join(folder, 'home');
  const agents = relative(folder, join(PACKAGE, 'agents.ts'));
  const names = ['parallel', 'nested', 'joined', 'fanOut', 'asking'];
  const graphs = Object.fromEntries(names.map((name) => [name, `${agents}:${name}Agent`]));
  await writeFile(join(folder, 'langgraph.json'), JSON.stringify({ node_version: '22', graphs }));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [CLI, 'dev', '--no-browser', '--no-reload', '--host', '127.0.0.1', '--port', String(port)],
    {
      cwd: folder,
      // A group of its own: the command starts the server as a process below it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CI: '',
        SLUICE_HOME: home,
        LANGGRAPH_CLI_NO_ANALYTICS: '1',
        LANGSMITH_TRACING: 'false',
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += String(text);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
    await ended;
    await dir[Symbol.asyncDispose]();
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + STARTUP_MS;
  for (;;) {
    const answers = await fetch(`${url}/ok`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The LangGraph server did not start: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  return {
    url,
    get: async (path) => (await fetch(`${url}${path}`)).json(),
    async run(agent, ...bodies) {
      const { thread_id } = await post('/threads', {});
      for (const body of bodies)
        await post(`/threads/${thread_id}/runs/wait`, { assistant_id: agent, ...body });
      return lastTrace(home, String(thread_id), bodies.length);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** The server answers before the agent's trace is written. */
async function lastTrace(home: string, threadId: string, runs: number): Promise<Trace> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
    const own = (await store.list({ limit: 100 })).filter((trace) => trace.threadId === threadId);
    const newest = own.toSorted((a, b) => b.startTimeMs - a.startTimeMs)[0];
    const found = own.length < runs || newest === undefined ? undefined : await store.find(newest.id);
    await store.close();
    if (found?.kind === 'found') return found.trace;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`No trace of thread ${threadId}.`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
