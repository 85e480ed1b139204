// A repository of its own that installed the packed package.
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOk } from '../package/npm.ts';
import { pack } from '../package/pack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Examples of its dataset. */
export const EXAMPLES = 20;

const CONFIG = `import { defineConfig } from 'sluicegate/evals';

export default defineConfig({
  suites: [
    {
      name: 'orders',
      dataset: 'orders.jsonl',
      target: 'graph:./agent.ts#graph',
      evaluators: ['contains', 'no_error'],
    },
  ],
});
`;

/** Answers well, or badly where the environment says so. */
const AGENT = `import { AIMessage } from '@langchain/core/messages';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';

export const graph = new StateGraph(MessagesAnnotation)
  .addNode('answer', () => {
    if (process.env.GITHUB_TOKEN) throw new Error('The agent was given a token.');
    const content = process.env.AGENT === 'bad' ? 'No idea.' : 'It is on its way.';
    const usage_metadata = { input_tokens: 90, output_tokens: 10, total_tokens: 100 };
    return { messages: [new AIMessage({ content, usage_metadata })] };
  })
  .addEdge(START, 'answer')
  .addEdge('answer', END)
  .compile();
`;

/** A repository with an agent; its dependencies are those of this checkout, and sluicegate the packed package. */
export async function makeConsumer(path: string, scratch: string): Promise<void> {
  const modules = join(path, 'node_modules');
  await mkdir(modules, { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  const { tarball } = pack(scratch);
  await mkdir(join(modules, 'sluicegate'));
  await mkdir(join(modules, '.bin'));
  await symlink('../sluicegate/bin/sluice.js', join(modules, '.bin', 'sluice'));
  runOk('tar', ['xzf', tarball, '--strip-components=1', '-C', join(modules, 'sluicegate')], path);

  await writeFile(
    join(path, 'package.json'),
    JSON.stringify({ type: 'module', devDependencies: { sluicegate: '*' } }),
  );
  await writeFile(join(path, 'sluice.config.ts'), CONFIG);
  await writeFile(join(path, 'agent.ts'), AGENT);
  const examples = Array.from({ length: EXAMPLES }, (_, index) => ({
    id: `order-${index}`,
    inputs: { messages: [{ role: 'user', content: `Where is order ${index}?` }] },
    outputs: { contains: ['on its way'] },
  }));
  await writeFile(join(path, 'orders.jsonl'), examples.map((each) => `${JSON.stringify(each)}\n`).join(''));
}

/** A program in a folder for PATH. */
export async function writeTool(path: string, script: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/bash\n${script}\n`);
  await chmod(path, 0o755);
}
