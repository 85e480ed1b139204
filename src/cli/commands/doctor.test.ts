import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { leaveInSpool } from '../../../test/support/left-in-spool.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { waitingTraces } from '../../tracing/spool/waiting.ts';
import { main } from '../main.ts';
import { doctor } from './doctor.ts';
import { langChainCheck, nodeCheck } from './doctor-checks.ts';

const LANGGRAPH = JSON.stringify(import.meta.resolve('@langchain/langgraph'));
const OTEL = JSON.stringify(import.meta.resolve('@opentelemetry/api'));
const BIN = fileURLToPath(new URL('../bin.ts', import.meta.url));
const TRACING = JSON.stringify(new URL('../../tracing/index.ts', import.meta.url).href);

/** A graph whose one node does as the text says with its state. */
const GRAPH = (node: string) => `
import { Annotation, START, StateGraph } from ${LANGGRAPH};
import { trace } from ${OTEL};
import { traceGraph } from ${TRACING};
const State = Annotation.Root({ messages: Annotation(), question: Annotation(), answer: Annotation() });
const compiled = new StateGraph(State).addNode('reply', ${node}).addEdge(START, 'reply').compile({ name: 'agent' });
export const graph = compiled;
const home = new URL('./real-home', import.meta.url).pathname;
export const wrapped = () => traceGraph(compiled, { home });
export const hidden = () => traceGraph(compiled, { home, hideInputs: true, hideOutputs: true, hideMetadata: true });
export const redacted = () => traceGraph(compiled, { home, redact: ['email'] });
export const placed = () => traceGraph(compiled, { home, hideInputs: [{ node: 'reply' }], hideOutputs: false });
`;
const ECHO = "({ messages, question }) => ({ answer: 'I heard ' + (question ?? messages[0].content) })";
const HIDE = ['--hide-inputs', '--hide-outputs', '--hide-metadata'];

async function sluice(
  cwd: string,
  argv: readonly string[],
  env: Record<string, string> = {},
  signal?: AbortSignal,
) {
  const made = fakeContext({ cwd, env, nowMs: Date.now() });
  const context = signal === undefined ? made : { ...made, signal };
  const exitCode = await main(['doctor', ...argv], [doctor], context, '0.0.0');
  return { exitCode, out: made.stdout.text, err: made.stderr.text };
}

async function project(node = ECHO) {
  const dir = await tempDir();
  await writeFile(join(dir.path, 'agent.mjs'), GRAPH(node));
  return dir;
}

/** A server that answers with one status, and what it was asked. */
async function listening(status: number) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.writeHead(status).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url, paths, close, [Symbol.asyncDispose]: close };
}

interface Report {
  readonly outcome: string;
  readonly leaks: readonly { span: string; type: string; path: string; from: string[] }[];
}

describe('sluice doctor --leaks', () => {
  it('lists every field by which a canary leaves, and exits 1', async () => {
    await using dir = await project();
    const { exitCode, out, err } = await sluice(dir.path, ['--leaks', './agent.mjs#graph']);
    expect(exitCode).toBe(1);
    expect(err).toContain('its tools and models really run');
    expect(out).toMatch(
      /^Leaks of \.\/agent\.mjs#graph\nrun {6}success, \d+ spans\nprivacy {2}nothing is hidden\n/,
    );
    expect(out).toMatch(/\ntrace agent\n {2}name +← run name\n {2}threadId +← thread id\n/);
    expect(out).toMatch(
      /\ngraph agent\n {2}name +← run name\n {2}inputs\.messages\[0\]\.content +← input\.messages\[0\]\.content\n/,
    );
    expect(out).toMatch(/\n {2}outputs\.answer +← input\.messages\[0\]\.content\n/);
    expect(out).toMatch(/\n {2}metadata\.sluice_canary +← metadata\n/);
    expect(out).toMatch(/\n {2}tags\[\d\] +← tag\n/);
    expect(out).toMatch(/LEAKS {2}canary values leave by \d+ fields\./);
    expect(await readdir(dir.path)).toEqual(['agent.mjs']);
  });

  it('exits 0 when everything is hidden, by flags or by the environment', async () => {
    await using dir = await project();
    const flags = await sluice(dir.path, ['--leaks', './agent.mjs#graph', ...HIDE]);
    expect([flags.exitCode, flags.out]).toEqual([
      0,
      expect.stringContaining('NONE LEAVES  none of 6 canary values'),
    ]);
    const env = await sluice(dir.path, ['./agent.mjs#graph', '--leaks'], {
      SLUICE_HIDE_INPUTS: 'true',
      LANGSMITH_HIDE_OUTPUTS: 'true',
      LANGCHAIN_HIDE_METADATA: '1',
    });
    expect([env.exitCode, env.out]).toEqual([
      0,
      expect.stringContaining('hideInputs, hideOutputs, hideMetadata'),
    ]);
  });

  it('shows what one switch alone leaves open', async () => {
    await using dir = await project();
    const { exitCode, out } = await sluice(dir.path, [
      '--leaks',
      './agent.mjs#graph',
      '--hide-inputs',
      '--json',
    ]);
    const { leaks } = JSON.parse(out) as Report;
    expect(exitCode).toBe(1);
    expect(leaks.filter(({ path }) => path.startsWith('inputs'))).toEqual([]);
    expect(leaks).toContainEqual(
      expect.objectContaining({ type: 'node', span: 'reply', path: 'outputs.answer' }),
    );
  });

  it('shows that a private run name leaves, unless metadata is hidden or a rule finds it', async () => {
    await using dir = await project();
    const namesOf = async (...flags: string[]) => {
      const { out } = await sluice(dir.path, ['--leaks', './agent.mjs#graph', '--json', ...flags]);
      const { leaks } = JSON.parse(out) as Report;
      return leaks.flatMap(({ type, span, path, from }) =>
        from.includes('run name') ? [`${type} ${span} ${path}`] : [],
      );
    };
    const leaves = ['trace agent name', 'graph agent name'];
    expect(await namesOf('--hide-inputs', '--hide-outputs')).toEqual(leaves);
    expect(await namesOf('--hide-metadata')).toEqual([]);
    expect(await namesOf('--redact')).toEqual([]);
  });

  it('takes the shape of the input, and redacts by the built-in rules', async () => {
    await using dir = await project();
    const input = ['--input', '{"question":"Where is it?"}'];
    const open = await sluice(dir.path, ['--leaks', './agent.mjs#graph', ...input]);
    expect([open.exitCode, open.out]).toEqual([1, expect.stringContaining('← input.question')]);
    const redacted = await sluice(dir.path, ['--leaks', './agent.mjs#graph', '--redact', ...input]);
    expect([redacted.exitCode, redacted.out]).toEqual([
      0,
      expect.stringContaining('note: The canaries were e-mail addresses.'),
    ]);
  });

  it('looks at the trace of a graph that fails, errors included', async () => {
    await using dir = await project(
      "({ messages }) => { throw new TypeError('no ' + messages[0].content); }",
    );
    const { exitCode, out } = await sluice(dir.path, ['--leaks', './agent.mjs#graph']);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/run {6}error \(TypeError: no sluicecanary/);
    expect(out).toMatch(/\n {2}error\.message +←/);
    expect(out).toContain('note: The run ended as error');
    expect((await sluice(dir.path, ['--leaks', './agent.mjs#graph', ...HIDE])).exitCode).toBe(0);
  });

  it('records and sends nothing elsewhere, of a wrapped graph and with exports switched on', async () => {
    // A span of the node's own, which an SDK would export.
    await using dir = await project(
      "({ question }) => { trace.getTracer('app').startSpan('of ' + question).end(); return { answer: 'yes' }; }",
    );
    await using sink = await listening(200);
    await using scratch = await tempDir();
    const env = {
      LANGSMITH_TRACING: 'true',
      LANGSMITH_API_KEY: 'lsv2-key',
      LANGSMITH_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      // A folder of its own for temporary ones: others may run doctor at the same time.
      TMPDIR: scratch.path,
    };
    // A process of its own: LangChain reads its switches once.
    const run = (...argv: string[]) =>
      promisify(execFile)(process.execPath, argv, { cwd: dir.path, env: { ...process.env, ...env } });
    for (const name of ['graph', 'wrapped']) {
      const { stdout } = await run(BIN, 'doctor', '--leaks', `./agent.mjs#${name}`, ...HIDE);
      expect(stdout).toContain('NONE LEAVES');
      expect(stdout.includes('note: The graph is wrapped with traceGraph')).toBe(name === 'wrapped');
    }
    expect(sink.paths).toEqual([]);
    expect(await readdir(dir.path)).toEqual(['agent.mjs']);
    expect((await readdir(scratch.path)).filter((name) => name.startsWith('sluice-doctor-'))).toEqual([]);
    // The same graph without the command sends its run to both and writes it to its home, so the switches do work.
    const call = `
      const { wrapped } = await import('./agent.mjs');
      await wrapped().invoke({ question: 'x' });
      await (await import(${TRACING})).shutdown();`;
    await run('--input-type=module', '-e', call);
    expect(sink.paths).toContainEqual(expect.stringContaining('POST /runs/multipart'));
    expect(sink.paths).toContainEqual(expect.stringContaining('POST /v1/traces'));
    expect(await readdir(join(dir.path, 'real-home'))).toContain('traces.db');
  });

  it('applies the options that the graph is wrapped with, below the flags', async () => {
    await using dir = await project();
    const leaksOf = async (...argv: string[]) => {
      const { exitCode, out } = await sluice(dir.path, ['--leaks', '--json', ...argv]);
      const { leaks, privacy, notes } = JSON.parse(out) as Report & { privacy: object; notes: string[] };
      return { exitCode, leaks, privacy, notes };
    };
    const hidden = await leaksOf('./agent.mjs#hidden');
    expect(hidden).toMatchObject({ exitCode: 0, leaks: [], privacy: { hideInputs: true, redact: false } });
    expect(hidden.notes).toContainEqual(expect.stringContaining('the options in its code were applied'));
    expect(await leaksOf('./agent.mjs#redacted')).toMatchObject({ exitCode: 0, privacy: { redact: true } });
    expect(await leaksOf('./agent.mjs#wrapped')).toMatchObject({ exitCode: 1 });
    expect(await leaksOf('./agent.mjs#wrapped', ...HIDE)).toMatchObject({ exitCode: 0, leaks: [] });
    const placed = await leaksOf('./agent.mjs#placed', '--hide-outputs', '--hide-metadata');
    expect(new Set(placed.leaks.map(({ type, path }) => `${type} ${path}`))).toEqual(
      new Set(['graph inputs.messages[0].content', 'node inputs.messages[0].content']),
    );
    expect(placed.leaks.map(({ span }) => span)).not.toContain('reply');
    expect(placed.notes).toContain('In some places only: hideInputs.');
    expect(await readdir(dir.path)).toEqual(['agent.mjs']);
  });

  it('looks at what a run has recorded when its time is up', async () => {
    await using dir = await project('() => new Promise(() => {})');
    const { exitCode, out } = await sluice(dir.path, ['--leaks', './agent.mjs#graph', '--timeout', '100ms']);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/\nrun {6}error/);
    expect(out).toContain('note: The run ended as error: what comes after that was not looked at.');
    const wrong = await sluice(dir.path, ['--leaks', './agent.mjs#graph', '--timeout', 'soon']);
    expect([wrong.exitCode, wrong.err]).toEqual([2, expect.stringContaining('--timeout must be a duration')]);
  });

  it('stops at once when it is interrupted, and leaves nothing behind', async () => {
    await using dir = await project('() => { globalThis.stopDoctor(); return new Promise(() => {}); }');
    await using scratch = await tempDir();
    vi.stubEnv('TMPDIR', scratch.path);
    const interruption = new AbortController();
    vi.stubGlobal('stopDoctor', () => interruption.abort(new Error('Stopped by SIGINT.')));
    try {
      const { signal } = interruption;
      const { exitCode, out, err } = await sluice(dir.path, ['--leaks', './agent.mjs#graph'], {}, signal);
      expect([exitCode, out]).toEqual([130, '']);
      expect(err).not.toContain('    at ');
      expect((await readdir(scratch.path)).filter((name) => name.startsWith('sluice-doctor-'))).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      vi.unstubAllGlobals();
    }
  });

  it('exits 3 when the graph cannot be run', async () => {
    await using dir = await project();
    const { exitCode, err } = await sluice(dir.path, ['--leaks', './agent.mjs#graph', '--input', 'null']);
    expect(err).not.toContain('    at ');
    expect([exitCode, err]).toEqual([3, expect.stringContaining('The graph could not be run')]);
  });

  it.each([
    [['--leaks'], 'needs a graph'],
    [['./agent.mjs#graph'], 'A graph goes with --leaks.'],
    [['--hide-inputs'], '--hide-inputs goes with --leaks.'],
    [['--leaks', './agent.mjs#graph', '--input', '{'], '--input is not JSON'],
    [['--leaks', './agent.mjs#none'], 'none'],
  ])('refuses %j in one line', async (argv, message) => {
    await using dir = await project();
    const { exitCode, err } = await sluice(dir.path, argv);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toContain('    at ');
  });
});

describe('sluice doctor', () => {
  it('says in a line each that all is well, and writes nothing', async () => {
    await using dir = await tempDir();
    const { exitCode, out } = await sluice(dir.path, []);
    expect(exitCode).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/\s+/).slice(0, 2).join(' ')),
    ).toEqual([
      'ok node',
      'ok langchain',
      'ok tracing',
      'ok configuration',
      'ok home',
      'ok store',
      'ok langsmith',
      'ok otlp',
    ]);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('says how many traces are on disk and not in the store yet', async () => {
    await using dir = await tempDir();
    const home = join(dir.path, '.sluice');
    await leaveInSpool(home, 3);
    const { out } = await sluice(dir.path, []);
    const waiting = `3 traces wait in ${join(home, 'spool')} for the next process that traces into this home.`;
    expect(out).toContain(`${join(home, 'traces.db')}, ${waiting}`);
    expect([await waitingTraces(home, 'store'), await waitingTraces(home, 'langsmith')]).toEqual([3, 0]);
  });

  it('exits 2 for a bad variable, a home that is a file, and a store that is no database', async () => {
    await using dir = await tempDir();
    const bad = await sluice(dir.path, [], { SLUICE_SAMPLE_RATE: 'half' });
    expect([bad.exitCode, bad.out]).toEqual([
      2,
      expect.stringMatching(/fail {2}tracing +SLUICE_SAMPLE_RATE must/),
    ]);
    await writeFile(join(dir.path, 'file'), '');
    const file = await sluice(dir.path, [], { SLUICE_HOME: 'file' });
    expect([file.exitCode, file.out]).toEqual([2, expect.stringMatching(/fail {2}home .* is no folder/)]);
    await mkdir(join(dir.path, 'home'), { mode: 0o700 });
    await writeFile(
      join(dir.path, 'home', 'traces.db'),
      'this is no database, whatever it is called'.repeat(99),
    );
    const store = await sluice(dir.path, [], { SLUICE_HOME: 'home' });
    expect([store.exitCode, store.out]).toEqual([2, expect.stringContaining('fail  store')]);
  });

  it('warns of a home that others can enter, and of a switch without its key', async () => {
    await using dir = await tempDir();
    await mkdir(join(dir.path, '.sluice'));
    await chmod(join(dir.path, '.sluice'), 0o755);
    const { exitCode, out } = await sluice(dir.path, [], { LANGSMITH_TRACING: 'true' });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/warn {2}home .*chmod 700/);
    expect(out).toMatch(/warn {2}langsmith +LANGSMITH_TRACING is on without LANGSMITH_API_KEY/);
  });

  it('reaches LangSmith and the collector without sending or printing a key', async () => {
    await using dir = await tempDir();
    await using server = await listening(200);
    const env = {
      LANGSMITH_TRACING: 'true',
      LANGSMITH_API_KEY: 'lsv2-secret',
      LANGSMITH_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${server.url}/v1/traces?key=otlp-secret`,
    };
    const { exitCode, out } = await sluice(dir.path, [], env);
    expect(exitCode).toBe(0);
    expect(out).toContain(`ok    langsmith      ${server.url} answers`);
    expect(out).toContain(`ok    otlp           ${server.url} answers`);
    expect(server.paths.map((path) => path.split(' ')[1]).sort()).toEqual(['/', '/info']);
    expect(`${out}${server.paths.join()}`).not.toContain('secret');
    await server.close();
    const down = await sluice(dir.path, [], env);
    expect(down.exitCode).toBe(3);
    expect(down.out).toMatch(/fail {2}langsmith +http:\S+ does not answer: ECONNREFUSED\./);
    expect(down.out).not.toContain('secret');
  });

  it('exits 3 when LangSmith answers with an error, and prints JSON', async () => {
    await using dir = await tempDir();
    await using server = await listening(502);
    const { exitCode, out } = await sluice(dir.path, ['--json'], {
      LANGSMITH_TRACING: 'true',
      LANGSMITH_API_KEY: 'k',
      LANGSMITH_ENDPOINT: server.url,
    });
    expect(exitCode).toBe(3);
    const { checks } = JSON.parse(out) as { checks: { name: string; status: string; says: string }[] };
    expect(checks.find(({ name }) => name === 'langsmith')).toMatchObject({
      status: 'fail',
      says: `${server.url} answered /info with 502.`,
    });
  });

  it.each([
    ['22.14.0', 'fail'],
    ['22.15.0', 'ok'],
    ['20.19.0', 'fail'],
    ['24.0.1', 'ok'],
  ])('takes Node %s as %s', (version, status) => {
    expect(nodeCheck(version).status).toBe(status);
  });

  it('says when tracing costs more than it could', () => {
    expect(langChainCheck(true)).toMatchObject({ name: 'langchain', status: 'ok' });
    expect(langChainCheck(false)).toMatchObject({ name: 'langchain', status: 'warn' });
  });
});
