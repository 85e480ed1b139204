import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AIMessage } from '@langchain/core/messages';
import { Pregel } from '@langchain/langgraph/pregel';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../core/index.ts';
import { loadExport, loadGraph, parseModuleRef } from './index.ts';

// A module that the bundler does not touch, so that modules are imported as the program imports them.
vi.mock('./native-import.ts', () => {
  const native: string = 'data:text/javascript,export const nativeImport = (url) => import(url)';
  return import(native);
});

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

const GRAPH = `
import { AIMessage, type BaseMessage } from '@langchain/core/messages';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { greeting } from './greeting.js';
export const builder = new StateGraph(MessagesAnnotation)
  .addNode('greet', async (): Promise<{ messages: BaseMessage[] }> => ({ messages: [new AIMessage(greeting)] }))
  .addEdge(START, 'greet')
  .addEdge('greet', END);
export const graph = builder.compile();
export const make = async (config: { configurable: object }) => {
  if (config.configurable === undefined) throw new Error('called without a config');
  return graph;
};
export const notYet = () => builder;
export const broken = () => {
  throw new Error('no database');
};
export const answer = 42;
export const nothing = undefined;
export default graph;
`;

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'sluice-loading-'));
  await symlink(NODE_MODULES, join(project, 'node_modules'));
  await write({
    'package.json': '{"type":"module"}',
    'greeting.ts': "export const greeting: string = 'hello';",
    'agent.ts': GRAPH,
  });
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(project, name)), { recursive: true });
    await writeFile(join(project, name), text);
  }
}

async function failure(promise: Promise<unknown>): Promise<UsageError> {
  const error = await promise.then(
    () => new Error('did not reject'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UsageError)) throw error;
  expect(error.message).not.toContain('\n');
  return error;
}

/** What loading fails with in a plain Node: the test runner takes the places out of errors. */
async function messagesInNode(files: readonly string[]): Promise<string[]> {
  const loading = new URL('./index.ts', import.meta.url).href;
  const script = `
    const { loadExport } = await import(${JSON.stringify(loading)});
    const messages = [];
    for (const file of ${JSON.stringify(files)})
      await loadExport(file, { cwd: process.cwd() }).catch((error) => messages.push(error.message));
    console.log(JSON.stringify(messages));`;
  const tsx = import.meta.resolve('tsx');
  const args = ['--import', tsx, '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project });
  return JSON.parse(stdout);
}

describe('parseModuleRef', () => {
  it('splits the file from the export at the last #', () => {
    expect(parseModuleRef('./a#b/agent.ts#graph')).toEqual({ file: './a#b/agent.ts', exportName: 'graph' });
  });

  it('means the default export when none is named', () => {
    expect(parseModuleRef('./agent.ts')).toEqual({ file: './agent.ts', exportName: 'default' });
  });

  it.each(['', '#graph', './agent.ts#', ' # '])('refuses %j', (text) => {
    expect(() => parseModuleRef(text)).toThrow(expect.objectContaining({ code: 'MODULE_REF_INVALID' }));
  });

  it('reads back whatever file and export were written', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '');
    const name = word.filter((text) => !text.includes('#'));
    fc.assert(
      fc.property(word, name, (file, exportName) => {
        expect(parseModuleRef(`${file}#${exportName}`)).toEqual({ file, exportName });
      }),
      { seed: 3 },
    );
  });
});

describe('loadExport', () => {
  it('imports TypeScript whose imports end in .js', async () => {
    expect(await loadExport('./agent.ts#answer', { cwd: project })).toBe(42);
  });

  it('follows the paths of the nearest tsconfig, of several projects in one process', async () => {
    for (const name of ['one', 'two']) {
      await write({
        [`${name}/package.json`]: '{"type":"module"}',
        [`${name}/tsconfig.json`]: '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}',
        [`${name}/lib/name.ts`]: `export enum Name { Own = '${name}' }`,
        [`${name}/deep/entry.ts`]: `import { Name } from '@lib/name.js'; export const own: string = Name.Own;`,
      });
    }
    expect(await loadExport('one/deep/entry.ts#own', { cwd: project })).toBe('one');
    expect(await loadExport('two/deep/entry.ts#own', { cwd: project })).toBe('two');
  });

  it('keeps the hooks for what is imported later', async () => {
    await write({ 'lazy.ts': "export const later = async () => (await import('./greeting.js')).greeting;" });
    const later = await loadExport('lazy.ts#later', { cwd: project });
    expect(await (later as () => Promise<string>)()).toBe('hello');
  });

  it('loads a module once', async () => {
    await write({
      'state.ts': 'export const state: object = {};',
      'user.ts': "export { state } from './state.js';",
    });
    const [first, second] = await Promise.all([
      loadExport('state.ts#state', { cwd: project }),
      loadExport(join(project, 'user.ts#state'), { cwd: '/' }),
    ]);
    expect(first).toBe(second);
  });

  it.each([
    ['config.js', 'export default { suites: [] };'],
    ['config.mjs', 'export default { suites: [] };'],
    ['config.ts', 'const config: object = { suites: [] }; export default config;'],
    ['config.mts', 'export default { suites: [] as string[] };'],
    ['config.cts', 'export default { suites: [] as string[] };'],
    ['commonjs/config.ts', 'export const other = 1; export default { suites: [] as string[] };'],
    ['commonjs/config.js', 'module.exports = { suites: [] };'],
  ])('imports the default export of %s', async (file, text) => {
    await write({ 'commonjs/package.json': '{}', [file]: text });
    expect(await loadExport(file, { cwd: project })).toEqual({ suites: [] });
  });

  it('imports a named export of a project without "type": "module"', async () => {
    await write({
      'commonjs/package.json': '{}',
      'commonjs/greeting.ts': "export const greeting = 'hello';",
      'commonjs/agent.ts': "import { greeting } from './greeting.js'; export const said = greeting;",
    });
    expect(await loadExport('commonjs/agent.ts#said', { cwd: project })).toBe('hello');
    const error = await failure(loadExport('commonjs/agent.ts', { cwd: project }));
    expect(error.message).toBe('commonjs/agent.ts has no default export; it exports said.');
  });

  it('names the file that is missing, and where it was looked for', async () => {
    const error = await failure(loadExport('./gone.ts#graph', { cwd: project }));
    expect(error).toMatchObject({
      code: 'MODULE_NOT_FOUND',
      message: 'There is no file ./gone.ts.',
      exitCode: 2,
    });
    expect(error.hint).toBe(`Looked for ${join(project, 'gone.ts')}.`);
  });

  it('refuses a folder and a file that is no module', async () => {
    await write({ 'folder.ts/x': '', 'data.json': '{}' });
    expect(await failure(loadExport('folder.ts', { cwd: project }))).toMatchObject({
      code: 'MODULE_NOT_FOUND',
    });
    expect(await failure(loadExport('data.json', { cwd: project }))).toMatchObject({
      code: 'MODULE_REF_INVALID',
    });
  });

  it('says how to write what langgraph.json writes with a colon', async () => {
    const error = await failure(loadExport('./agent.ts:graph', { cwd: project }));
    expect(error).toMatchObject({ code: 'MODULE_REF_INVALID', hint: 'Write ./agent.ts#graph' });
  });

  it('lists the exports there are', async () => {
    const error = await failure(loadExport('./agent.ts#grahp', { cwd: project }));
    expect(error.code).toBe('EXPORT_NOT_FOUND');
    expect(error.message).toMatch(/^\.\/agent\.ts has no export "grahp"; it exports .*\bgraph\b/);
    await write({ 'empty.ts': 'export {};' });
    expect((await failure(loadExport('empty.ts', { cwd: project }))).message).toBe(
      'empty.ts has no default export: it exports nothing.',
    );
  });

  it('returns an export that is undefined', async () => {
    expect(await loadExport('./agent.ts#nothing', { cwd: project })).toBeUndefined();
  });

  it('says what a module threw and in which line of which file', async () => {
    await write({
      'settings.ts': [
        'interface Settings { a: 1 }',
        "export const settings: Settings = need('API\\nURL');",
        'function need(name: string): never {',
        "  throw new Error('missing ' + name);",
        '}',
      ].join('\n'),
      'app.ts': "import './settings.js';",
      'plain.mjs': '\n\nnull.x;',
      'bad.ts': 'const a = 1;\nconst = 2;',
    });
    expect(await messagesInNode(['app.ts', 'plain.mjs', 'bad.ts'])).toEqual([
      'app.ts failed to load: missing API URL (settings.ts:4)',
      "plain.mjs failed to load: Cannot read properties of null (reading 'x') (plain.mjs:3)",
      'bad.ts failed to load: Expected identifier but found "=" (bad.ts:2)',
    ]);
  });

  it('says how to find a syntax error in JavaScript, whose place Node does not tell', async () => {
    await write({ 'bad.mjs': 'const a = 1;\nconst = 2;' });
    const error = await failure(loadExport('bad.mjs', { cwd: project }));
    expect(error.message).toBe("bad.mjs failed to load: Unexpected token '='");
    expect(error.hint).toMatch(/^node --check bad\.mjs /);
  });

  it('says which package is missing', async () => {
    await write({ 'needy.ts': "import 'no-such-package-here';", 'commonjs/package.json': '{}' });
    await write({ 'commonjs/needy.ts': "import x from '@no/such-package'; console.log(x);" });
    expect(await failure(loadExport('needy.ts', { cwd: project }))).toMatchObject({
      code: 'MODULE_LOAD_FAILED',
      hint: 'Install it where the module is: npm install no-such-package-here',
    });
    const commonJs = await failure(loadExport('commonjs/needy.ts', { cwd: project }));
    expect(commonJs.message).not.toContain('Require stack');
    expect(commonJs.hint).toBe('Install it where the module is: npm install @no/such-package');
  });

  it('survives a module that throws no error', async () => {
    await write({ 'odd.ts': 'throw null;' });
    expect((await failure(loadExport('odd.ts', { cwd: project }))).message).toBe(
      'odd.ts failed to load: null',
    );
  });
});

describe('loadGraph', () => {
  it("loads a compiled graph with the classes of the project's own packages", async () => {
    const graph = await loadGraph('./agent.ts#graph', { cwd: project });
    const { messages } = await graph.invoke({ messages: [{ role: 'user', content: 'hi' }] });
    expect(messages.at(-1)).toBeInstanceOf(AIMessage);
    expect(messages.at(-1).content).toBe('hello');
    expect(graph).toBeInstanceOf(Pregel);
  });

  it('takes the default export, and a factory', async () => {
    const graph = await loadGraph('agent.ts', { cwd: project });
    expect(await loadGraph('agent.ts#make', { cwd: project })).toBe(graph);
  });

  it('loads a graph of a project without "type": "module"', async () => {
    await write({
      'commonjs/package.json': '{}',
      'commonjs/greeting.ts': "export const greeting = 'hello';",
      'commonjs/agent.ts': GRAPH,
    });
    const graph = await loadGraph('commonjs/agent.ts#graph', { cwd: project });
    const { messages } = await graph.invoke({ messages: ['hi'] });
    expect(messages.at(-1)).toBeInstanceOf(AIMessage);
  });

  it.each([
    [
      'builder',
      'agent.ts#builder is a graph that is not compiled yet.',
      'Export the result of its .compile().',
    ],
    ['notYet', 'what agent.ts#notYet returns is a graph that is not compiled yet.', undefined],
    ['answer', 'agent.ts#answer is a number, not a compiled LangGraph graph.', undefined],
    ['nothing', 'agent.ts#nothing is undefined, not a compiled LangGraph graph.', undefined],
  ])('refuses %s', async (name, message, hint) => {
    const error = await failure(loadGraph(`agent.ts#${name}`, { cwd: project }));
    expect(error).toMatchObject({ code: 'NOT_A_GRAPH', message });
    expect(error.hint).toContain(hint ?? 'compile()');
  });

  it('says why a factory failed and where', async () => {
    const error = await failure(loadGraph('agent.ts#broken', { cwd: project }));
    expect(error.code).toBe('GRAPH_FACTORY_FAILED');
    expect(error.message).toMatch(
      /^agent\.ts#broken failed to build its graph: no database \(agent\.ts:\d+\)$/,
    );
  });
});
