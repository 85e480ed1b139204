// What the demos share: the agent in a process of its own, the `sluice` command, and what a run left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SLUICE = join(ROOT, 'bin', 'sluice.js');

/** The agent as it is deployed. */
export const GRAPH = 'examples/support-agent/graph.ts#graph';
/** The agent with a faulty rewrite of one node. */
export const REGRESSED_GRAPH = 'examples/support-agent/regressed/graph.ts#graph';

type Variables = Readonly<Record<string, string>>;

/** Where the demos keep traces and runs, and the log of the agent. */
export interface DemoHome {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serverLog: string;
}

export function demoHome(env: Readonly<Record<string, string | undefined>>): DemoHome {
  const path = env['SLUICE_HOME'] || join(ROOT, '.sluice');
  return { path, env: { ...env, SLUICE_HOME: path }, serverLog: join(path, 'demo-server.log') };
}

interface Streams {
  readonly stdout: 'pipe' | 'inherit';
  readonly stderr: number | 'inherit';
}

function sluice(args: readonly string[], home: DemoHome, { stdout, stderr }: Streams, env: Variables = {}) {
  return spawn(process.execPath, [SLUICE, ...args], {
    cwd: ROOT,
    env: { ...home.env, ...env },
    stdio: ['ignore', stdout, stderr],
  });
}

async function exitCode(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? 130;
}

/** Runs the `sluice` command on the terminal of the demo; resolves with its exit code. */
export function runSluice(args: readonly string[], home: DemoHome): Promise<number> {
  return exitCode(sluice(args, home, { stdout: 'inherit', stderr: 'inherit' }));
}

/** An agent that listens. */
export interface Deployed extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts an agent on a free port of the loopback interface, with these variables in its environment.
 *
 * @throws Error when it ends before it listens.
 */
export async function deploy(graph: string, home: DemoHome, env: Variables = {}): Promise<Deployed> {
  mkdirSync(home.path, { recursive: true, mode: 0o700 });
  const log = openSync(home.serverLog, 'w', 0o600);
  const server = sluice(
    ['serve', graph, '--port', '0', '--json'],
    home,
    { stdout: 'pipe', stderr: log },
    env,
  );
  closeSync(log);
  if (server.stdout === null) throw new Error('The server has no standard output.');
  for await (const line of createInterface({ input: server.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    return {
      url,
      async [Symbol.asyncDispose]() {
        server.kill('SIGTERM');
        await exitCode(server);
      },
    };
  }
  throw new Error(
    `The agent ended with exit code ${await exitCode(server)} before it listened; see ${home.serverLog}.`,
  );
}

/** What the demos read of `results.json`. */
export interface RunResults {
  readonly head: { readonly runId: string };
  readonly calls: readonly { readonly status: string; readonly runId?: string }[];
  readonly verdict: {
    readonly label: string | null;
    readonly rounds: { readonly extra: number; readonly stopped: string };
  } | null;
}

/** The results of the newest run, and their path. */
export function newestResults({ path }: DemoHome): { readonly file: string; readonly results: RunResults } {
  const runs = join(path, 'runs');
  const file = readdirSync(runs)
    .map((name) => join(runs, name, 'results.json'))
    .filter((each) => statSync(each, { throwIfNoEntry: false }) !== undefined)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (file === undefined) throw new Error(`There is no finished run in ${runs}.`);
  return { file, results: JSON.parse(readFileSync(file, 'utf8')) as RunResults };
}
