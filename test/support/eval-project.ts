import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Command } from '../../src/cli/command.ts';
import { main } from '../../src/cli/main.ts';
import { type ParsedResults, resultsSchema } from '../../src/evals/reports/results.ts';
import { fakeContext } from './fake-context.ts';
import { tempDir } from './temp-dir.ts';

/** What a stand-in for an agent answers. */
export interface AgentReply {
  readonly status?: number;
  readonly answer?: string;
  /** In place of an answer: the whole output. */
  readonly output?: unknown;
  readonly delayMs?: number;
}

/** An agent behind LangServe's routes on a real socket, and a project in a temporary folder that evaluates it. */
export interface EvalProject extends AsyncDisposable {
  readonly path: string;
  readonly target: string;
  /** Says what the agent answers to an example, asked for the `count`th time. */
  reply: (id: string, count: number) => AgentReply;
  /** Told of every call when it arrives. */
  onAsked: (total: number) => void;
  /** Calls by example. */
  readonly asked: Map<string, number>;
  /** Writes `sluice.config.json` with one suite. */
  configure(suite?: object): Promise<void>;
  /** Writes the dataset. Default: 40 examples, `e0` to `e39`. */
  dataset(examples: readonly object[]): Promise<void>;
  /** Runs a command line in this process. */
  sluice(
    argv: readonly string[],
    more?: { readonly env?: Record<string, string>; readonly signal?: AbortSignal },
  ): Promise<{ readonly exitCode: number; readonly out: string; readonly err: string }>;
  /** `sluice eval --json` with its results. */
  evalJson(...flags: string[]): Promise<{ exitCode: number; err: string; results: ParsedResults }>;
  /** Run folders, the newest last. */
  runs(): Promise<string[]>;
}

/** A project and its agent, which answers everything well until it is told otherwise. */
export async function evalProject(commands: readonly Command[]): Promise<EvalProject> {
  const dir = await tempDir();
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const id: string = JSON.parse(body).input.id;
      const count = (asked.get(id) ?? 0) + 1;
      asked.set(id, count);
      const {
        status = 200,
        answer = 'Your order was refunded.',
        output,
        delayMs = 0,
      } = project.reply(id, count);
      const send = () => {
        response.writeHead(status, { 'content-type': 'application/json', 'x-run-id': `run-${id}` });
        response.end(status === 200 ? JSON.stringify({ output: output ?? { answer } }) : answer);
      };
      if (delayMs === 0) send();
      else setTimeout(send, delayMs);
      project.onAsked([...asked.values()].reduce((sum, times) => sum + times, 0));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = `langserve:http://127.0.0.1:${(server.address() as AddressInfo).port}/agent`;
  const project: EvalProject = {
    path: dir.path,
    target,
    reply: () => ({}),
    onAsked: () => {},
    asked,
    async configure(suite = {}) {
      const whole = {
        name: 'support',
        dataset: 'golden.jsonl',
        target,
        evaluators: ['has_resolution', 'no_error', 'latency'],
        maxRetries: 0,
        ...suite,
      };
      await writeFile(join(dir.path, 'sluice.config.json'), JSON.stringify({ suites: [whole] }));
    },
    async dataset(examples) {
      const lines = examples.map((example) => `${JSON.stringify(example)}\n`);
      await writeFile(join(dir.path, 'golden.jsonl'), lines.join(''));
    },
    async sluice(argv, { env = {}, signal } = {}) {
      const base = fakeContext({ cwd: dir.path, nowMs: Date.now(), env });
      const context = { ...base, signal: signal ?? base.signal };
      const exitCode = await main(argv, commands, context, '0.0.0');
      return { exitCode, out: base.stdout.text, err: base.stderr.text };
    },
    async evalJson(...flags) {
      const { exitCode, out, err } = await project.sluice(['eval', '--json', ...flags]);
      if (out === '') throw new Error(`No results, exit code ${exitCode}: ${err}`);
      return { exitCode, err, results: resultsSchema.parse(JSON.parse(out)) };
    },
    async runs() {
      const home = join(dir.path, '.sluice', 'runs');
      return (await readdir(home)).sort().map((name) => join(home, name));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await dir[Symbol.asyncDispose]();
    },
  };
  await project.configure();
  await project.dataset(
    Array.from({ length: 40 }, (_, index) => ({ id: `e${index}`, inputs: { id: `e${index}` } })),
  );
  return project;
}

/** The calls in the journal of a run folder. */
export async function journaledCalls(
  folder: string,
): Promise<{ readonly exampleId: string; readonly repeat: number; readonly status: string }[]> {
  const text = await readFile(join(folder, 'journal.jsonl'), 'utf8');
  return text
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line));
}
