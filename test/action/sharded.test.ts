// The reusable workflow for shards, as a repository of its own calls it: the steps of its jobs, run by bash.
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resultsSchema } from '../../src/evals/reports/results.ts';
import { tempDir } from '../support/temp-dir.ts';
import { EXAMPLES, makeConsumer } from './consumer.ts';
import { runSteps, type Step, type StepsResult } from './workflow-steps.ts';

const FILE = fileURLToPath(new URL('../../.github/workflows/eval-sharded.yml', import.meta.url));

interface Job {
  readonly steps: readonly Step[];
  readonly if?: string;
  readonly outputs?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: {
    readonly workflow_call: { readonly inputs: Readonly<Record<string, { readonly default?: unknown }>> };
  };
  readonly jobs: Readonly<Record<'plan' | 'shard' | 'merge', Job>>;
}

let workflow: Workflow;
let dir: Awaited<ReturnType<typeof tempDir>>;
let consumer: string;
let machines = 0;
/** The run folders of two shards. */
let halves: readonly string[];

beforeAll(async () => {
  workflow = parse(await readFile(FILE, 'utf8'), { strict: true });
  dir = await tempDir();
  consumer = join(dir.path, 'consumer');
  await makeConsumer(consumer, dir.path);
  halves = await measure(2);
});

afterAll(async () => {
  await dir?.[Symbol.asyncDispose]();
});

/** A machine of its own with the checkout. */
async function job(
  name: keyof Workflow['jobs'],
  {
    inputs,
    contexts = {},
    env = {},
    prepare,
  }: {
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly contexts?: Readonly<Record<string, unknown>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly prepare?: (workspace: string) => Promise<void>;
  },
): Promise<StepsResult & { readonly workspace: string }> {
  machines += 1;
  const workspace = join(dir.path, `machine-${machines}`);
  await mkdir(workspace);
  for (const name of await readdir(consumer)) {
    const from = join(consumer, name);
    // What is installed is only read.
    if (name === 'node_modules') await symlink(from, join(workspace, name));
    else await cp(from, join(workspace, name));
  }
  await prepare?.(workspace);
  const declared = Object.entries(workflow.on.workflow_call.inputs).map(([key, each]) => [
    key,
    each.default ?? '',
  ]);
  const result = await runSteps(workflow.jobs[name].steps, {
    workspace,
    temp: join(dir.path, `temp-${machines}`),
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: dir.path, ...env },
    contexts: {
      github: { token: 'ghs_job' },
      // `npm ci` would take the links of this test away.
      inputs: { ...Object.fromEntries(declared), setup: 'true', ...inputs },
      ...contexts,
    },
  });
  return { ...result, workspace };
}

/** Measures every shard on a machine of its own; resolves with their run folders as `upload-artifact` would keep them. */
async function measure(
  shards: number,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const folders: string[] = [];
  for (let shard = 1; shard <= shards; shard += 1) {
    const result = await job('shard', {
      inputs: { suite: 'orders', shards },
      contexts: { matrix: { shard } },
      env,
    });
    expect(result.conclusion).toBe('success');
    const upload = result.used.get('actions/upload-artifact');
    expect(upload).toMatchObject({ name: `sluicegate-shard-${shard}@orders`, path: '.sluice/runs' });
    folders.push(join(result.workspace, '.sluice/runs'));
  }
  return folders;
}

/** Merges on another machine, with what `download-artifact` would have put there. */
function merge(folders: readonly string[], inputs: Readonly<Record<string, unknown>> = {}) {
  return job('merge', {
    inputs: { suite: 'orders', ...inputs },
    prepare: async (workspace) => {
      for (const [index, folder] of folders.entries())
        await cp(folder, join(workspace, '.sluice/shards', `sluicegate-shard-${index + 1}@orders`), {
          recursive: true,
        });
    },
  });
}

it('plans one job a shard', async () => {
  const { steps } = await job('plan', { inputs: { shards: 3 } });
  expect(JSON.parse(steps['plan']?.outputs['shards'] ?? '')).toEqual([1, 2, 3]);
});

it.each([0, 1, -1, 2.5, 257, 12345, ''])('refuses %j shards', async (shards) => {
  const { exitCodes, steps } = await job('plan', { inputs: { shards } });
  expect(exitCodes.get('plan')).toBe(2);
  expect(steps['plan']?.outputs['shards']).toBeUndefined();
});

it('measures every example once, gates all of them together, and uploads the one report', async () => {
  const good = await merge(halves);
  expect(good.exitCodes.get('Gate')).toBe(3);
  const baseline = join(
    good.workspace,
    '.sluice/runs',
    good.steps['gate']?.outputs['run-id'] ?? '',
    'results.json',
  );

  const passed = await merge(await measure(3), { baseline });
  expect(passed).toMatchObject({ conclusion: 'success', steps: { gate: { outputs: { verdict: 'pass' } } } });
  const runId = passed.steps['gate']?.outputs['run-id'] ?? '';
  const results = join(passed.workspace, '.sluice/runs', runId, 'results.json');
  const { calls } = resultsSchema.parse(JSON.parse(await readFile(results, 'utf8')));
  expect(new Set(calls.map(({ exampleId }) => exampleId)).size).toBe(EXAMPLES);
  expect(calls).toHaveLength(EXAMPLES);
  expect(passed.used.get('actions/download-artifact')).toMatchObject({
    pattern: 'sluicegate-shard-*@orders',
  });
  expect(passed.used.get('actions/upload-artifact')?.['path']).toContain(runId);

  const failed = await merge(await measure(2, { AGENT: 'bad' }), { baseline });
  expect(failed).toMatchObject({ conclusion: 'failure', steps: { gate: { outputs: { verdict: 'fail' } } } });
  expect(failed.exitCodes.get('Gate')).toBe(1);
  expect(failed.used.has('actions/upload-artifact')).toBe(true);
});

it('has no verdict where a shard is missing, and names it', async () => {
  const [first = ''] = halves;
  const result = await merge([first]);
  expect(result.exitCodes.get('Gate')).toBe(3);
  expect(result.log).toContain('Shard 2/2 of orders is missing');
  expect(result.used.has('actions/upload-artifact')).toBe(false);
});

it('has no verdict where every shard is missing', async () => {
  expect((await merge([])).exitCodes.get('Gate')).toBe(2);
});

it.each(['$(touch injected)', "';touch injected;'"])(
  'never lets the shell read the input %s',
  async (text) => {
    const inputs = { suite: text, target: text, repeats: text, baseline: text, shards: 2 };
    const measured = await job('shard', { inputs, contexts: { matrix: { shard: 1 } } });
    const merged = await job('merge', { inputs });
    const planned = await job('plan', { inputs: { shards: text } });
    for (const { workspace, conclusion } of [measured, merged, planned]) {
      expect(conclusion).toBe('failure');
      expect(await readdir(workspace)).not.toContain('injected');
    }
  },
);
