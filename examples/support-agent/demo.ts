// Deploys the example agent in a process of its own, gates it against the accepted baseline, and stops it again.
// `npm run demo -- --regressed` deploys a worse build of it. The exit code is the verdict.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SLUICE = join(ROOT, 'bin', 'sluice.js');
const HOME = process.env['SLUICE_HOME'] || join(ROOT, '.sluice');
const SERVER_LOG = join(HOME, 'demo-server.log');
const MENDED = 'examples/support-agent/graph.ts#graph';
const REGRESSED = 'examples/support-agent/regressed/graph.ts#graph';

function sluice(
  args: readonly string[],
  stdout: 'pipe' | 'inherit',
  stderr: number | 'inherit',
): ChildProcess {
  return spawn(process.execPath, [SLUICE, ...args], {
    cwd: ROOT,
    env: { ...process.env, SLUICE_HOME: HOME },
    stdio: ['ignore', stdout, stderr],
  });
}

async function exitCode(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? 130;
}

/** Starts the agent on a free port of the loopback interface; resolves with its address once it listens. */
async function deploy(graph: string): Promise<{ readonly url: string; readonly server: ChildProcess }> {
  mkdirSync(HOME, { recursive: true, mode: 0o700 });
  const log = openSync(SERVER_LOG, 'w', 0o600);
  const server = sluice(['serve', graph, '--port', '0', '--json'], 'pipe', log);
  closeSync(log);
  if (server.stdout === null) throw new Error('The server has no standard output.');
  for await (const line of createInterface({ input: server.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    return { url, server };
  }
  throw new Error(
    `The agent ended with exit code ${await exitCode(server)} before it listened; see ${SERVER_LOG}.`,
  );
}

interface Results {
  readonly calls: readonly { readonly status: string; readonly runId?: string }[];
}

/** The run id of a call in which the agent itself failed, from the newest results. */
function failedRun(): string | undefined {
  const runs = join(HOME, 'runs');
  const newest = readdirSync(runs)
    .map((name) => join(runs, name, 'results.json'))
    .filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) return undefined;
  const results = JSON.parse(readFileSync(newest, 'utf8')) as Results;
  return results.calls.find((call) => call.status === 'agent_failed' && call.runId !== undefined)?.runId;
}

/** Only this flag; anything else is a mistake, said in one line. */
function wantsRegressed(): boolean {
  try {
    return parseArgs({ options: { regressed: { type: 'boolean', default: false } } }).values.regressed;
  } catch (thrown) {
    console.error(
      `demo: ${thrown instanceof Error ? thrown.message : String(thrown)} It takes --regressed or nothing.`,
    );
    process.exit(2);
  }
}

const regressed = wantsRegressed();
const { url, server } = await deploy(regressed ? REGRESSED : MENDED);
console.log(`Deployed ${regressed ? 'a worse build of the' : 'the'} support agent at ${url}\n`);
try {
  process.exitCode = await exitCode(
    sluice(
      ['eval', 'support-agent', '--target', `langserve:${url}`, '--concurrency', '8', '--fresh'],
      'inherit',
      'inherit',
    ),
  );
} finally {
  server.kill('SIGTERM');
  await exitCode(server);
}
console.log(
  `Traces in ${relative(process.cwd(), join(HOME, 'traces.db'))}, the log of the agent in ${relative(process.cwd(), SERVER_LOG)}`,
);
const failed = failedRun();
if (process.exitCode === 1 && failed !== undefined) {
  console.log(`
From the failing example to the failing node, and to the proof that the mend works:
  npx sluice traces list --status error --limit 5
  npx sluice traces show ${failed}
  npx sluice replay ${failed} --graph ${MENDED}`);
}
