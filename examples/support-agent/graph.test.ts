import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { getInputTypeSchema } from '@langchain/langgraph/zod/schema';
import { describe, expect, test } from 'vitest';
import { graph } from './graph.ts';

const run = promisify(execFile);
const HERE = new URL('./', import.meta.url);

/** Every module a graph file loads from this folder, with the packages it imports. */
function importsOf(entry: URL, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(entry.href) || !entry.pathname.endsWith('.ts')) return seen;
  const specifiers = [...readFileSync(entry, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(
    (m) => m[1] ?? '',
  );
  seen.set(entry.href, specifiers);
  for (const specifier of specifiers)
    if (specifier.startsWith('.')) importsOf(new URL(specifier, entry), seen);
  return seen;
}

describe('the deployed graph', () => {
  test.each(['graph.ts', 'regressed/graph.ts'])(
    '%s imports langchain, zod, node and its own folder alone',
    (file) => {
      const modules = importsOf(new URL(file, HERE));
      expect(modules.size).toBeGreaterThan(20);
      for (const [module, specifiers] of modules) {
        expect(module.startsWith(HERE.href), module).toBe(true);
        for (const specifier of specifiers) expect(specifier).toMatch(/^(\.{1,2}\/|@langchain\/|node:|zod$)/);
      }
    },
  );

  test.each([
    // Node before 22.18 asks for the flag; later ones take it and need none.
    ['plain node', ['--experimental-strip-types']],
    ['tsx', ['--import', 'tsx']],
  ])('loads and answers under %s', async (_, flags) => {
    const script = `
      const { graph } = await import(${JSON.stringify(new URL('graph.ts', HERE).href)});
      const input = { messages: [{ role: 'user', content: 'where is a-1002' }], customerId: 'C-101' };
      const output = await graph.invoke(input, { configurable: { thread_id: 't' } });
      process.stdout.write(output.messages.at(-1).text);`;
    const { OPENAI_API_KEY: _key, ...env } = process.env;
    const args = [...flags, '--no-warnings', '--input-type=module', '--eval', script];
    const { stdout } = await run(process.execPath, args, { env, cwd: new URL('../../', HERE) });
    expect(stdout).toContain('24 November 2026');
  });

  test('has an input schema that says what it takes', () => {
    expect(getInputTypeSchema(graph)).toMatchObject({
      type: 'object',
      properties: { messages: { langgraph_type: 'messages' }, customerId: { type: 'string' } },
    });
  });

  test('refuses a customer id that is no text', async () => {
    const input = { messages: [{ role: 'user', content: 'Hi' }], customerId: 7 as unknown as string };
    await expect(graph.invoke(input, { configurable: { thread_id: 'bad' } })).rejects.toThrow('customerId');
  });
});
