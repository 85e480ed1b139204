import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { openTraceStore } from '../../store/index.ts';
import { tracingHealth } from '../../tracing/index.ts';
import { main } from '../main.ts';
import { serve } from './serve.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const AGENT = `
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { answer } from './answer.js';
const State = Annotation.Root({ ask: Annotation<string>, answer: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode('work', ({ ask }: { ask: string }) => {
    if (ask === 'throw') throw new Error('no stock');
    return { answer: answer(ask) };
  })
  .addEdge(START, 'work')
  .addEdge('work', END)
  .compile({ name: 'shop' });
`;

let cwd: string;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-serve-'));
  await symlink(join(ROOT, 'node_modules'), join(cwd, 'node_modules'));
  await writeFile(join(cwd, 'package.json'), '{"type":"module"}');
  await writeFile(join(cwd, 'answer.ts'), 'export const answer = (ask: string): string => "re: " + ask;');
  await writeFile(join(cwd, 'agent.ts'), AGENT);
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  await rm(cwd, { recursive: true, force: true });
});

/** The real program in a process of its own; resolves when it has printed its first line. */
async function startProgram(...flags: string[]) {
  const env = { ...process.env, SLUICE_HOME: '', NO_COLOR: '1' };
  const args = [join(ROOT, 'src/cli/bin.ts'), 'serve', './agent.ts#graph', '--port', '0', ...flags];
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += String(chunk);
  });
  const exited = once(child, 'exit');
  const firstLine = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += String(chunk);
      if (out.includes('\n')) resolve(out);
    });
    exited.then(() => reject(new Error(`It ended without a line: ${err}`)), reject);
  });
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [exitCode] = await exited;
    running.delete(child);
    return { exitCode, err };
  };
  return { firstLine, stop };
}

function invoke(url: string, ask: string): Promise<Response> {
  return fetch(`${url}/invoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: { ask } }),
  });
}

async function findTrace(id: string | null) {
  const store = await openTraceStore({ path: join(cwd, '.sluice', 'traces.db') });
  const lookup = await store.find(id ?? '');
  await store.close();
  return lookup.kind === 'found' ? lookup.trace : undefined;
}

describe('sluice serve', () => {
  it('serves, traces under the id that it reports, and ends well when it is stopped', async () => {
    const { firstLine, stop } = await startProgram('--json', '--hide-inputs', '--sample-rate', '0');
    const { url } = JSON.parse(firstLine) as { url: string };
    const good = await invoke(url, 'hat');
    const metrics = await (await fetch(new URL('/metrics', url))).text();
    expect(metrics).toContain('sluicegate_runs_total{graph="shop",outcome="success"} 1\n');
    expect(await good.json()).toMatchObject({ output: { answer: 're: hat' } });
    const bad = await invoke(url, 'throw');
    expect(bad.status).toBe(500);
    const badId = bad.headers.get('x-run-id');
    const { exitCode, err } = await stop('SIGTERM');
    expect(exitCode).toBe(0);
    expect(err).toContain(`run ${badId} failed: no stock`);
    const trace = await findTrace(badId);
    expect(trace?.name).toBe('shop');
    expect(trace?.spans.map((span) => span.inputs)).toEqual(trace?.spans.map(() => undefined));
    expect(trace?.spans[0]?.gaps).toContainEqual({ field: 'inputs', reason: 'hidden' });
    expect(await findTrace(good.headers.get('x-run-id'))).toBeUndefined();
  });

  it('has written every trace and let go of the store when it returns', async () => {
    const stop = new AbortController();
    const listening = Promise.withResolvers<string>();
    const fake = fakeContext({ cwd });
    const stdout = { ...fake.stdout, write: listening.resolve };
    const context = { ...fake, stdout, signal: stop.signal };
    const ended = main(['serve', './agent.ts#graph', '--port', '0', '--json'], [serve], context, '0.0.0');
    const { url } = JSON.parse(await listening.promise) as { url: string };
    const response = await invoke(url, 'hat');
    expect(tracingHealth().counters).not.toEqual({});
    stop.abort();
    expect(await ended).toBe(0);
    expect(tracingHealth().counters).toEqual({});
    expect((await findTrace(response.headers.get('x-run-id')))?.outcome).toBe('success');
  });

  it('says in one line what it serves, where, and where the traces go', async () => {
    const { firstLine, stop } = await startProgram('--path', '/v1/shop', '--no-metrics');
    const [url = ''] = /http:\S+/.exec(firstLine) ?? [];
    expect((await fetch(new URL('/metrics', url))).status).toBe(404);
    expect(firstLine).toMatch(
      /^Serving shop on http:\/\/127\.0\.0\.1:\d+\/v1\/shop \(traces in \.sluice\/traces\.db\)\n$/,
    );
    expect(await stop('SIGINT')).toEqual({ exitCode: 0, err: '' });
  });

  it('records nothing when it is told so, and warns of an open address', async () => {
    const { firstLine, stop } = await startProgram('--no-trace', '--host', '0.0.0.0');
    expect(firstLine).toMatch(/^Serving shop on http:\/\/0\.0\.0\.0:\d+\/agent \(not traced\)\n$/);
    const url = firstLine.split(' ').find((word) => word.startsWith('http')) ?? '';
    expect((await fetch(new URL('/metrics', url.replace('0.0.0.0', '127.0.0.1')))).status).toBe(404);
    const { exitCode, err } = await stop('SIGTERM');
    expect(exitCode).toBe(0);
    expect(err).toMatch(/^warning: Listening on 0\.0\.0\.0.* there is no authentication\.\n$/);
  });

  it.each([
    [['./gone.ts#graph'], 'sluice: There is no file ./gone.ts.\n'],
    [['./agent.ts#grahp'], 'sluice: ./agent.ts has no export "grahp"; it exports graph.\n'],
    [
      ['./agent.ts#graph', '--port', '70000'],
      'sluice: --port must be a whole number from 0 to 65535, not "70000".\n',
    ],
    [
      ['./agent.ts#graph', '--sample-rate', '2'],
      'sluice: --sample-rate must be a number from 0 to 1, not "2".\n',
    ],
    [
      ['./agent.ts#graph', '--no-trace', '--hide-inputs'],
      'sluice: --no-trace and --hide-inputs contradict each other.\n',
    ],
    [
      ['./agent.ts#graph', '--no-trace', '--path', 'x'],
      'sluice: serve: path: must begin with / and hold only letters, digits and - . _ ~ /.\n',
    ],
    [['./agent.ts#graph', '--frobnicate'], 'sluice: There is no option --frobnicate.\n'],
  ])('refuses %j', async (argv, message) => {
    const context = fakeContext({ cwd });
    expect(await main(['serve', ...argv], [serve], context, '0.0.0')).toBe(2);
    expect(context.stderr.text).toContain(message);
    expect(context.stdout.text).toBe('');
  });

  it('says that its port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const context = fakeContext({ cwd });
    const argv = ['serve', './agent.ts#graph', '--no-trace', '--port', String(port)];
    expect(await main(argv, [serve], context, '0.0.0')).toBe(2);
    expect(context.stderr.text).toContain(`Port ${port} of 127.0.0.1 is in use.`);
    await new Promise((resolve) => other.close(resolve));
  });

  it('has help with an example', async () => {
    const context = fakeContext({ cwd });
    expect(await main(['serve', '--help'], [serve], context, '0.0.0')).toBe(0);
    expect(context.stdout.text).toContain('sluice serve ./agent.ts#graph');
    expect(context.stdout.text).toContain('--sample-rate');
  });
});
