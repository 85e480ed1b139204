// The action as a repository of its own calls it: a consumer that installed the package, and the steps run by bash.
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultsSchema } from '../../src/evals/reports/results.ts';
import { tempDir } from '../support/temp-dir.ts';
import { EXAMPLES, makeConsumer, writeTool } from './consumer.ts';
import { type ActionCall, type ActionResult, runAction } from './workflow-steps.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let dir: Awaited<ReturnType<typeof tempDir>>;
/** The checkout of the consumer. */
let consumer: string;
let calls = 0;

function call(more: Partial<ActionCall> = {}): Promise<ActionResult> {
  calls += 1;
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: dir.path, ...more.env };
  return runAction({
    action: ROOT,
    workspace: consumer,
    temp: join(dir.path, `runner-${calls}`),
    ...more,
    env,
  });
}

async function readResults({ outputs }: ActionResult) {
  return resultsSchema.parse(JSON.parse(await readFile(outputs['results'] ?? '', 'utf8')));
}

beforeAll(async () => {
  dir = await tempDir();
  consumer = join(dir.path, 'consumer');
  await makeConsumer(consumer, dir.path);
});

afterAll(async () => {
  await dir?.[Symbol.asyncDispose]();
});

describe('the action', () => {
  /** Folder with the results of a good run. */
  let good: string;

  beforeAll(async () => {
    const measured = await call({ with: { gate: 'false', suite: 'orders' } });
    expect(measured.log).toContain('sluice 0.');
    expect(measured).toMatchObject({
      conclusion: 'success',
      outputs: { verdict: 'measured', 'exit-code': '0', label: '' },
    });
    good = measured.outputs['results'] ?? '';
    expect((await readResults(measured)).calls).toHaveLength(EXAMPLES);
  });

  it('passes an agent that is as good as the baseline, and says where the report is', async () => {
    const result = await call({ with: { suite: 'orders', baseline: good } });
    expect(result).toMatchObject({ conclusion: 'success', outputs: { verdict: 'pass', 'exit-code': '0' } });
    const { head, verdict } = await readResults(result);
    expect(result.outputs).toMatchObject({ 'run-id': head.runId, label: verdict?.label });
    expect(await readFile(result.outputs['report'] ?? '', 'utf8')).toContain('<!doctype html>');
    expect(result.summary).toContain('orders');
    const folder = dirname(result.outputs['report'] ?? '');
    expect(result.used.get('Keep the reports')).toMatchObject({
      name: 'sluicegate',
      path: expect.stringContaining(folder),
    });
    for (const path of result.used.get('Keep the reports')?.['path']?.trim().split('\n') ?? [])
      expect((await stat(path)).isFile()).toBe(true);
    expect(result.used.has('Set up Node.js')).toBe(false);
  });

  it('fails a worse one with the exit code of the gate, and keeps its report all the same', async () => {
    const result = await call({ with: { baseline: good }, env: { AGENT: 'bad' } });
    expect(result).toMatchObject({
      conclusion: 'failure',
      outputs: { verdict: 'fail', label: 'fail_confirmed', 'exit-code': '1' },
    });
    expect(result.exitCodes.get('Gate')).toBe(1);
    expect(result.used.has('Keep the reports')).toBe(true);
    expect(result.log).toContain('::error file=orders.jsonl,line=1');
  });

  it('has no verdict without a baseline, and says how to make one', async () => {
    const result = await call();
    expect(result.exitCodes.get('Gate')).toBe(3);
    expect(result.outputs).toMatchObject({ verdict: 'no_verdict', 'exit-code': '3', label: '' });
    expect(result.log).toContain('sluice baseline accept --suite orders');
  });

  it('passes repeats, budgets, a target and further arguments on', async () => {
    const result = await call({
      with: {
        baseline: good,
        target: 'graph:agent.ts#graph',
        repeats: '2',
        budget: '10m 5000000tokens',
        args: '--rerun=off\n--concurrency=2\n',
      },
    });
    expect(result).toMatchObject({ conclusion: 'success', outputs: { verdict: 'pass' } });
    const { head, verdict } = await readResults(result);
    expect(head).toMatchObject({ repeats: 2, target: 'graph:agent.ts#graph' });
    expect(verdict?.rounds.stopped).toBe('off');
  });

  it.each(['500tokens', '1m 500tokens'])(
    'ends without a verdict where the budget %s is spent',
    async (budget) => {
      const result = await call({ with: { baseline: good, budget } });
      expect(result.exitCodes.get('Gate')).toBe(3);
      expect(result.outputs['verdict']).toBe('no_verdict');
      expect(result.log).toContain('budget');
    },
  );

  it.each([
    [{ repeats: 'many' }, '--repeats'],
    [{ budget: 'abc' }, '--budget-time'],
    [{ budget: '0usd' }, '--budget-usd'],
    [{ suite: 'other' }, 'other'],
    [{ suite: '--no-gate' }, '--no-gate'],
    [{ baseline: 'nowhere.json' }, 'nowhere.json'],
    [{ gate: 'yes' }, 'gate must be true or false'],
    [{ comment: 'maybe' }, 'comment must be true or false'],
    [{ args: '--unknown-flag' }, 'unknown-flag'],
  ])('refuses %j as a mistake of its caller, exit code 2', async (inputs, said) => {
    const result = await call({ with: inputs });
    expect(result.exitCodes.get('Gate')).toBe(2);
    expect(result.conclusion).toBe('failure');
    expect(result.log).toContain(said);
    expect(result.used.has('Keep the reports')).toBe(false);
  });

  // The first is run by a shell between double quotes too, the second after single ones.
  it.each(['$(touch injected)', "';touch injected;'"])(
    'never lets the shell read the input %s',
    async (text) => {
      const keys = [
        'suite',
        'target',
        'baseline',
        'repeats',
        'budget',
        'split',
        'config',
        'args',
        'gate',
        'comment',
      ];
      for (const key of keys) expect((await call({ with: { [key]: text } })).conclusion).toBe('failure');
      expect(await readdir(consumer)).not.toContain('injected');
    },
  );

  it('uploads nothing where it is told so', async () => {
    const result = await call({ with: { baseline: good, artifact: 'none' } });
    expect(result.outputs['verdict']).toBe('pass');
    expect(result.used.has('Keep the reports')).toBe(false);
  });

  it('asks for npm ci where the project has sluicegate and did not install it', async () => {
    const empty = join(dir.path, 'not-installed');
    await mkdir(empty);
    await writeFile(join(empty, 'package.json'), JSON.stringify({ dependencies: { sluicegate: '^1.0.0' } }));
    const result = await call({ workspace: empty });
    expect(result.exitCodes.get('Find sluice')).toBe(2);
    expect(result.exitCodes.has('Gate')).toBe(false);
    expect(result.log).toContain('npm ci');
  });

  it('builds its own where the project has none', async () => {
    const foreign = join(dir.path, 'foreign');
    const action = join(dir.path, 'action-checkout');
    await mkdir(foreign);
    for (const name of [
      'action.yml',
      'action',
      'src',
      'bin',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ])
      await cp(join(ROOT, name), join(action, name), { recursive: true });
    // npm is one that installs what this checkout has.
    const tools = join(dir.path, 'tools');
    await writeTool(
      join(tools, 'npm'),
      `echo "npm $*"; ln -s ${JSON.stringify(join(ROOT, 'node_modules'))} node_modules`,
    );
    const suite = {
      name: 'orders',
      dataset: 'orders.jsonl',
      target: 'langserve:http://127.0.0.1:9/agent',
      evaluators: ['no_error'],
    };
    await writeFile(join(foreign, 'sluice.config.json'), JSON.stringify({ suites: [suite] }));
    await cp(join(consumer, 'orders.jsonl'), join(foreign, 'orders.jsonl'));
    const env = { PATH: `${tools}:${dirname(process.execPath)}:${process.env['PATH']}` };
    const result = await call({ action, workspace: foreign, env });
    expect(result.log).toContain('npm ci --ignore-scripts');
    // It ran, and found no agent.
    expect(result.exitCodes.get('Gate')).toBe(3);
    expect(result.log).toContain('ECONNREFUSED');
  });

  it('sets up a newer Node.js where the one of the job is too old', async () => {
    const tools = join(dir.path, 'old-node');
    await writeTool(join(tools, 'node'), 'echo v20.19.0');
    const result = await call({ env: { PATH: `${tools}:${process.env['PATH']}` } });
    expect(result.used.get('Set up Node.js')).toEqual({ 'node-version': '24' });
  });

  describe('with the baseline of the main branch', () => {
    /** A GitHub that has one run on main. */
    async function github(run: string): Promise<Record<string, string>> {
      const tools = join(dir.path, `gh-${calls}`);
      const script = `echo "gh $*" >> ${JSON.stringify(join(dir.path, 'gh.log'))}
        case "$1 $2" in
          'run list') echo ${JSON.stringify(run)} ;;
          'run download')
            [ "\${6} \${7}" = "--name results-of-main" ] || exit 1
            mkdir -p "$9" && cp ${JSON.stringify(good)} "$9/results.json" ;;
        esac`;
      await writeTool(join(tools, 'gh'), script);
      return {
        PATH: `${tools}:${dirname(process.execPath)}:${process.env['PATH']}`,
        GITHUB_REPOSITORY: 'owner/name',
        GITHUB_WORKFLOW_REF: 'owner/name/.github/workflows/gate.yml@refs/pull/7/merge',
      };
    }
    const event = { repository: { default_branch: 'main' } };

    it('compares with the artifact of the newest good run of the same workflow', async () => {
      const env = await github('4711');
      const inputs = { 'baseline-artifact': 'results-of-main' };
      const result = await call({ with: inputs, env, github: { event } });
      expect(result).toMatchObject({ conclusion: 'success', outputs: { verdict: 'pass' } });
      expect(result.log).toContain('The baseline is run 4711 of main.');
      expect(await readFile(join(dir.path, 'gh.log'), 'utf8')).toContain(
        'gh run list --repo owner/name --workflow gate.yml --branch main --event push --status success',
      );
    });

    it.each([
      ['there is none', '', 'results-of-main', 'no successful run of gate.yml on main'],
      ['it is gone', '4711', 'other', 'has no artifact other any more'],
    ])('has no verdict where %s', async (_, run, artifact, said) => {
      const env = await github(run);
      const result = await call({ with: { 'baseline-artifact': artifact }, env, github: { event } });
      expect(result.exitCodes.get('Fetch the baseline')).toBe(3);
      expect(result.exitCodes.has('Gate')).toBe(false);
      expect(result.log).toContain(said);
    });

    it('does not look for one where it only measures', async () => {
      const inputs = { 'baseline-artifact': 'results-of-main', gate: 'false' };
      const result = await call({ with: inputs, env: await github(''), github: { event } });
      expect(result.outputs['verdict']).toBe('measured');
      expect(result.exitCodes.has('Fetch the baseline')).toBe(false);
    });

    it('refuses a second baseline', async () => {
      const inputs = { 'baseline-artifact': 'results-of-main', baseline: good };
      const result = await call({ with: inputs, env: await github('4711'), github: { event } });
      expect(result.exitCodes.get('Fetch the baseline')).toBe(2);
    });
  });

  describe('on a pull request', () => {
    async function onPullRequest(
      status: number,
    ): Promise<{ readonly result: ActionResult; readonly asked: string[] }> {
      const asked: string[] = [];
      const server = createServer((request, response) => {
        request.resume();
        asked.push(`${request.method} ${request.url?.split('?')[0]} ${request.headers.authorization}`);
        const answer =
          request.method === 'GET'
            ? []
            : { id: 1, body: '', html_url: 'https://github.test/c/1', user: null };
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const eventPath = join(dir.path, 'event.json');
      await writeFile(eventPath, JSON.stringify({ pull_request: { number: 7 } }));
      const result = await call({
        with: { baseline: good, comment: 'true' },
        github: { token: 'ghs_job' },
        env: {
          AGENT: 'good',
          GITHUB_EVENT_PATH: eventPath,
          GITHUB_REPOSITORY: 'owner/name',
          GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        },
      });
      await new Promise((done) => server.close(done));
      return { result, asked };
    }

    it('comments with the token of the job, which the agent never sees', async () => {
      const { result, asked } = await onPullRequest(201);
      expect(result).toMatchObject({ conclusion: 'success', outputs: { verdict: 'pass' } });
      expect(asked).toEqual([
        'GET /repos/owner/name/issues/7/comments Bearer ghs_job',
        'POST /repos/owner/name/issues/7/comments Bearer ghs_job',
      ]);
      expect(result.log).not.toContain('ghs_job');
    });

    it('keeps the verdict where the comment is refused', async () => {
      const { result } = await onPullRequest(403);
      expect(result).toMatchObject({ conclusion: 'success', outputs: { verdict: 'pass' } });
      expect(result.log).toContain('::warning::No comment was made');
    });
  });
});
