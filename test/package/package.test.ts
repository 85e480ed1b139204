// The package as a user gets it: packed, installed into an empty project, run and type-checked there.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { npmFinds, run, runOk } from './npm.ts';
import { pack } from './pack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
  devDependencies: Record<string, string>;
};
const PEERS = ['@langchain/core', '@langchain/langgraph', '@types/node', 'typescript'].map(
  (name) => `${name}@${manifest.devDependencies[name]}`,
);

/** An application's own OpenTelemetry, of the generation before the one that this package brings along. */
const OTEL_2 = [
  '@opentelemetry/api@1.9.1',
  '@opentelemetry/sdk-trace-base@2.12.1',
  '@opentelemetry/context-async-hooks@2.12.0',
];

/** Makes a project with these packages in it. */
async function install(project: string, packages: readonly string[]): Promise<void> {
  await mkdir(project);
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  runOk('npm', ['install', ...quiet, ...packages], project);
}

const canInstall = npmFinds('@langchain/langgraph', tmpdir());
if (!canInstall && !process.env['CI'])
  console.warn('Skipped: the package test needs a package registry, and npm reaches none.');

// In CI a skipped test would be a silent pass: there it fails without a registry.
describe.skipIf(!canInstall && !process.env['CI'])('the packed package', () => {
  let dir: Awaited<ReturnType<typeof tempDir>> | undefined;
  /** The project of a user, with the package installed. */
  let project: string;
  let packed: readonly string[];
  let tarball: string;

  beforeAll(async () => {
    if (!canInstall) throw new Error('The package test needs a package registry, and npm reaches none.');
    dir = await tempDir();
    project = join(dir.path, 'project');
    ({ files: packed, tarball } = pack(dir.path));
    await install(project, [tarball, ...PEERS]);
  });

  afterAll(async () => {
    await dir?.[Symbol.asyncDispose]();
  });

  it('holds the built library, the command, the licence and the changelog, and nothing else', () => {
    const known =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/sluice\.js|schemas\/\w+\.schema\.json|dist\/.+\.(js|d\.ts))$/;
    expect(packed.filter((path) => !known.test(path))).toEqual([]);
    expect(packed.filter((path) => /\.test\.|\/testing\/|fixture/.test(path))).toEqual([]);
    expect(packed).toEqual(
      expect.arrayContaining([
        'bin/sluice.js',
        'dist/cli/bin.js',
        'dist/index.d.ts',
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
      ]),
    );
  });

  it('gives a sluice that knows its version and its commands', () => {
    expect(runOk('npx', ['--no-install', 'sluice', '--version'], project)).toBe(`${manifest.version}\n`);
    const help = runOk('npx', ['--no-install', 'sluice', '--help'], project);
    for (const command of ['eval', 'baseline', 'dataset', 'traces', 'serve']) expect(help).toContain(command);
  });

  it('has every entry of its exports', () => {
    const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'));
    const code = entries
      .map((entry) => entry.replace(/^\./, 'sluicegate'))
      .map((name) => `console.log('${name}', Object.keys(await import('${name}')).length > 0);`);
    const printed = runOk(process.execPath, ['--input-type=module', '-e', code.join('\n')], project);
    expect(printed.trim().split('\n')).toEqual(
      entries.map((entry) => `${entry.replace(/^\./, 'sluicegate')} true`),
    );
  });

  it('has types that a strict project can use, and that are not any', async () => {
    await writeFile(join(project, 'use.ts'), TYPED_USE);
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          module: 'nodenext',
          target: 'es2023',
          types: ['node'],
          noEmit: true,
          skipLibCheck: true,
        },
        files: ['use.ts'],
      }),
    );
    expect(run('npx', ['--no-install', 'tsc', '-p', '.'], project)).toMatchObject({ status: 0, stdout: '' });
  });

  it('records a run of a real graph that sluice traces list shows', async () => {
    await writeFile(join(project, 'trace.mjs'), TRACED_RUN);
    expect(runOk(process.execPath, ['trace.mjs'], project)).toBe('{"text":"hello, world"}\n');
    const listed = JSON.parse(runOk('npx', ['--no-install', 'sluice', 'traces', 'list', '--json'], project));
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({ outcome: 'success' });
  });

  it('joins the traces of an application that runs an OpenTelemetry SDK 2.x, through the API it brought', async () => {
    const application = join(project, '..', 'otel-2');
    await install(application, [tarball, ...PEERS, ...OTEL_2]);
    await writeFile(join(application, 'request.mjs'), OTEL_2_REQUESTS);
    const spans = JSON.parse(runOk(process.execPath, ['request.mjs'], application)) as Record<string, string>;
    // The first run succeeded and is not sampled: only the request around it is left.
    expect(spans).toEqual({
      'GET /fine': 'none',
      'GET /broken': 'none',
      'invoke_agent support': 'GET /broken',
      __start__: 'invoke_agent support',
      look_up: 'invoke_agent support',
      query: 'look_up',
    });
  });

  it('loads no server, no argument parser and no evaluator with sluicegate/tracing', async () => {
    await writeFile(join(project, 'loaded.mjs'), LOADED_MODULES);
    const loaded = JSON.parse(runOk(process.execPath, ['loaded.mjs'], project)) as string[];
    expect(loaded.some((url) => url.endsWith('/sluicegate/dist/tracing/index.js'))).toBe(true);
    const unwanted =
      /node_modules\/(hono|@hono|yargs|cli-table3|tsx)\/|sluicegate\/dist\/(evals|serve|replay|cli)\//;
    expect(loaded.filter((url) => unwanted.test(url))).toEqual([]);
  });
});

const TYPED_USE = `
import { Annotation, StateGraph } from '@langchain/langgraph';
import { defineConfig, traceGraph as traceFromRoot } from 'sluicegate';
import { defineConfig as configFromEvals, type Evaluator, loadDataset } from 'sluicegate/evals';
import * as replay from 'sluicegate/replay';
import { createServeApp } from 'sluicegate/serve';
import { flush, shutdown, traceGraph, tracingHealth } from 'sluicegate/tracing';

const State = Annotation.Root({ text: Annotation<string> });
const graph = new StateGraph(State)
  .addNode('greet', ({ text }) => ({ text: 'hello, ' + text }))
  .addEdge('__start__', 'greet')
  .compile();
const traced: typeof graph = traceGraph(graph, { sampleRate: 0.1 });
const same: typeof graph = traceFromRoot(graph);
const text: string = (await traced.invoke({ text: 'world' })).text;
const app = createServeApp({ graph, path: '/agent' });
const answer: Response = await app.request('/health');
await flush({ timeoutMs: 100 });
await shutdown();
const bytes: number = tracingHealth().bufferedBytes;
export { answer, bytes, configFromEvals, loadDataset, replay, same, text };
export type { Evaluator };
export default defineConfig({ suites: [{ name: 's', dataset: 'd.jsonl', evaluators: ['no_error'] }] });

// @ts-expect-error a share is a number
traceGraph(graph, { sampleRate: 'often' });
// @ts-expect-error no such option
traceGraph(graph, { sampelRate: 0.1 });
// @ts-expect-error not a graph
traceGraph({});
// @ts-expect-error a suite has evaluators
defineConfig({ suites: [{ name: 's', dataset: 'd.jsonl' }] });
// @ts-expect-error not a number
const wrong: string = tracingHealth().bufferedBytes;
`;

const TRACED_RUN = `
import { Annotation, StateGraph } from '@langchain/langgraph';
import { shutdown, traceGraph } from 'sluicegate/tracing';

const State = Annotation.Root({ text: Annotation });
const graph = traceGraph(
  new StateGraph(State)
    .addNode('greet', ({ text }) => ({ text: 'hello, ' + text }))
    .addEdge('__start__', 'greet')
    .compile(),
);
console.log(JSON.stringify(await graph.invoke({ text: 'world' })));
await shutdown();
`;

/** Prints each span that reached the application's exporter, with the name of its parent. */
const OTEL_2_REQUESTS = `
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Annotation, StateGraph } from '@langchain/langgraph';
import { SluicegateSpanProcessor } from 'sluicegate/otel';
import { flush, shutdown, traceGraph } from 'sluicegate/tracing';

const memory = new InMemorySpanExporter();
const processor = new SluicegateSpanProcessor(new SimpleSpanProcessor(memory));
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const State = Annotation.Root({ order: Annotation });
const graph = traceGraph(
  new StateGraph(State)
    .addNode('look_up', ({ order }) => {
      trace.getTracer('db').startSpan('query').end();
      if (order === 'broken') throw new Error('no such order');
      return {};
    })
    .addEdge('__start__', 'look_up')
    .compile({ name: 'support' }),
  { sampleRate: 0 },
);
for (const order of ['fine', 'broken']) {
  await trace.getTracer('http').startActiveSpan('GET /' + order, async (request) => {
    await graph.invoke({ order }).catch(() => {});
    request.end();
  });
}
await flush();
const spans = memory.getFinishedSpans();
const nameOf = (id) => spans.find((span) => span.spanContext().spanId === id)?.name ?? 'none';
const byName = spans.map((span) => [span.name, nameOf(span.parentSpanContext?.spanId)]);
if (new Set(spans.map((span) => span.name)).size !== spans.length) throw new Error('A span came twice.');
console.log(JSON.stringify(Object.fromEntries(byName)));
await shutdown();
`;

const LOADED_MODULES = `
import { registerHooks } from 'node:module';

const loaded = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
await import('sluicegate/tracing');
console.log(JSON.stringify(loaded));
`;
