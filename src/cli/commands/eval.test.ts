import { execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { type ParsedResults, resultsSchema } from '../../evals/reports/results.ts';
import { main } from '../main.ts';
import { baselineAccept } from './baseline-accept.ts';
import { baselineShow } from './baseline-show.ts';
import { datasetValidate } from './dataset-validate.ts';
import { evalCommand } from './eval.ts';

const exec = promisify(execFile);
const BIN = fileURLToPath(new URL('../bin.ts', import.meta.url));
const GOOD = 'Your order was refunded.';
const BAD = 'I do not know.';

/** A stand-in for an agent behind LangServe's routes. The test says what it answers, and it counts what it was asked. */
interface Agent {
  readonly target: string;
  answer: (id: string) => { status?: number; answer?: string; delayMs?: number };
  readonly asked: Map<string, number>;
  onAsked: (total: number) => void;
}

let dir: Awaited<ReturnType<typeof tempDir>>;
let server: Server;
let agent: Agent;

beforeEach(async () => {
  dir = await tempDir();
  const asked = new Map<string, number>();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const id: string = JSON.parse(body).input.id;
      asked.set(id, (asked.get(id) ?? 0) + 1);
      const { status = 200, answer = GOOD, delayMs = 0 } = agent.answer(id);
      setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/json', 'x-run-id': `run-${id}` });
        response.end(status === 200 ? JSON.stringify({ output: { answer } }) : 'Internal Server Error');
      }, delayMs);
      agent.onAsked([...asked.values()].reduce((sum, count) => sum + count, 0));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  agent = {
    target: `langserve:http://127.0.0.1:${port}/agent`,
    answer: () => ({}),
    asked,
    onAsked: () => {},
  };
  await project({});
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await dir[Symbol.asyncDispose]();
});

const ids = Array.from({ length: 40 }, (_, index) => `e${index}`);

async function project(
  suite: object,
  examples: readonly object[] = ids.map((id, index) => ({
    id,
    inputs: { id },
    split: index < 10 ? 'smoke' : 'rest',
  })),
) {
  const dataset = examples.map((example) => JSON.stringify(example)).join('\n');
  await writeFile(join(dir.path, 'golden.jsonl'), `${dataset}\n`);
  const config = {
    suites: [
      {
        name: 'support',
        dataset: 'golden.jsonl',
        target: agent.target,
        evaluators: ['has_resolution', 'no_error', 'latency'],
        maxRetries: 0,
        ...suite,
      },
    ],
  };
  await writeFile(join(dir.path, 'sluice.config.json'), JSON.stringify(config));
}

async function sluice(
  argv: readonly string[],
  more: { env?: Record<string, string>; signal?: AbortSignal } = {},
) {
  const base = fakeContext({ cwd: dir.path, nowMs: Date.now(), env: more.env ?? {} });
  const context = { ...base, signal: more.signal ?? base.signal };
  const exitCode = await main(
    argv,
    [evalCommand, baselineAccept, baselineShow, datasetValidate],
    context,
    '0.0.0',
  );
  return { exitCode, out: base.stdout.text, err: base.stderr.text };
}

async function acceptGood(): Promise<void> {
  expect((await sluice(['eval', '--no-gate'])).exitCode).toBe(0);
  expect((await sluice(['baseline', 'accept'])).exitCode).toBe(0);
  agent.asked.clear();
}

async function evalJson(
  ...flags: string[]
): Promise<{ exitCode: number; err: string; results: ParsedResults }> {
  const { exitCode, out, err } = await sluice(['eval', '--json', ...flags]);
  return { exitCode, err, results: resultsSchema.parse(JSON.parse(out)) };
}

async function runFolders(): Promise<string[]> {
  return readdir(join(dir.path, '.sluice', 'runs'));
}

describe('sluice eval', () => {
  it('prints the scores without a baseline, and has no verdict until one is accepted', async () => {
    const first = await sluice(['eval']);
    expect(first.exitCode).toBe(3);
    expect(first.out).toMatch(/has_resolution.*1\.00/);
    expect(first.out).toContain('NO VERDICT');
    expect(first.out).toContain('sluice baseline accept --suite support');
    const accepted = await sluice(['baseline', 'accept']);
    expect([accepted.exitCode, accepted.out]).toEqual([
      0,
      expect.stringContaining('as the baseline of support: 40 examples x 1.'),
    ]);
    const second = await sluice(['eval']);
    expect([second.exitCode, second.out]).toEqual([0, expect.stringContaining('PASS  support, 40 examples')]);
    expect(second.err).toContain('40/40 (100%)');
    expect(second.out + second.err).not.toContain('\u001B');
  });

  it('fails a regression, names the examples and their traces, and writes the files it says', async () => {
    await acceptGood();
    agent.answer = (id) => (Number(id.slice(1)) < 3 ? { answer: BAD } : {});
    const { exitCode, out } = await sluice(['eval', 'support']);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/has_resolution.*1\.00.*0\.925.*-7\.5%.*FAIL/);
    expect(out).toContain('sluice traces show run-e0');
    expect(out).toMatch(/^FAIL.* {2}support, 40 examples: has_resolution beyond its limit$/m);
    const [resultsPath, summaryPath] = ['results.json', 'summary.md'].map(
      (name) => out.match(new RegExp(`^ *(\\S+/${name.replace('.', '\\.')})$`, 'm'))?.[1],
    );
    const results = resultsSchema.parse(JSON.parse(await readFile(join(dir.path, resultsPath!), 'utf8')));
    expect(results.verdict?.status).toBe('fail');
    expect(results.verdict?.worse.map(({ exampleId }) => exampleId)).toEqual(['e0', 'e1', 'e2']);
    expect(await readFile(join(dir.path, summaryPath!), 'utf8')).toContain('FAIL (confirmed): support');
  });

  it('counts a failed agent as its lowest score and fails', async () => {
    await acceptGood();
    agent.answer = (id) => (Number(id.slice(1)) < 3 ? { status: 500 } : {});
    const { exitCode, results } = await evalJson('--rerun', 'off');
    expect(exitCode).toBe(1);
    expect(results.calls.filter(({ status }) => status === 'agent_failed')).toHaveLength(3);
    expect(results.verdict?.worse[0]).toMatchObject({ agentFailed: true, after: 0 });
    const { out } = await sluice(['eval']);
    expect(out).toMatch(
      /e0 {2}the agent failed .*\n {4}HTTP 500: Internal Server Error\n {4}sluice traces show run-e0\n/,
    );
  });

  it('cuts a long list of examples that got worse, and has all of them in summary.md', async () => {
    await acceptGood();
    agent.answer = () => ({ answer: BAD });
    const { out } = await sluice(['eval']);
    expect(out).toContain('Got worse: 40\n');
    expect(out.match(/sluice traces show run-/g)).toHaveLength(10);
    const [, path = ''] = /and 30 more in (\S+summary\.md)/.exec(out) ?? [];
    const summary = await readFile(join(dir.path, path), 'utf8');
    expect(summary.match(/sluice traces show run-/g)).toHaveLength(40);
  });

  it('has no verdict when what was not measured could change it, and a note when it could not', async () => {
    await acceptGood();
    agent.answer = (id) => (Number(id.slice(1)) < 3 ? { status: 503 } : {});
    const unsure = await evalJson();
    expect([unsure.exitCode, unsure.results.verdict?.reasons[0]?.code]).toEqual([3, 'NOT_MEASURED']);
    agent.answer = (id) => (id === 'e7' ? { status: 503 } : {});
    const sure = await evalJson();
    expect([sure.exitCode, sure.results.verdict?.reasons[0]?.effect]).toEqual([0, 'warning']);
    expect((await sluice(['baseline', 'accept'])).exitCode).toBe(3);
  });

  it('fails a critical example whatever the means', async () => {
    await project(
      {},
      ids.map((id) => ({ id, inputs: { id }, critical: id === 'e5' })),
    );
    await acceptGood();
    agent.answer = (id) => (id === 'e5' ? { answer: BAD } : {});
    const { exitCode, results } = await evalJson();
    expect([exitCode, results.verdict?.reasons[0]?.code]).toEqual([1, 'CRITICAL_FAILED']);
  });

  it('stops with 3 and one line when nobody answers', async () => {
    const { exitCode, err, out } = await sluice(['eval', '--target', 'langserve:http://127.0.0.1:1/agent']);
    expect([exitCode, out]).toEqual([3, '']);
    expect(err).toContain('http://127.0.0.1:1/agent');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('holds the run until its results are written', async () => {
    const context = fakeContext({ cwd: dir.path, nowMs: Date.now() });
    const files: string[][] = [];
    const stdout = {
      ...context.stdout,
      write: () => {
        const [runId = ''] = readdirSync(join(dir.path, '.sluice', 'runs'));
        files.push(readdirSync(join(dir.path, '.sluice', 'runs', runId)).sort());
      },
    };
    await main(['eval', '--no-gate'], [evalCommand], { ...context, stdout }, '0.0.0');
    expect(files[0]).toEqual([
      'journal.jsonl',
      'junit.xml',
      'lock',
      'report.html',
      'results.json',
      'summary.md',
    ]);
    const [runId = ''] = await runFolders();
    expect(readdirSync(join(dir.path, '.sluice', 'runs', runId))).not.toContain('lock');
  });

  it('stops when the agent goes away, and finishes the run when it is back', async () => {
    agent.answer = (id) => (Number(id.slice(1)) < 15 ? {} : { status: 503 });
    const { exitCode, err, out } = await sluice(['eval']);
    expect([exitCode, out]).toEqual([3, '']);
    expect(err).toMatch(/stopped answering after 15 of 40 calls of run \S+: 10 in a row .*HTTP 503/);
    expect(err).toContain('run the same command: it resumes');
    agent.answer = () => ({});
    agent.asked.clear();
    expect((await sluice(['eval', '--no-gate'])).exitCode).toBe(0);
    expect(agent.asked.has('e14')).toBe(false);
    expect(await runFolders()).toHaveLength(1);
  });

  it('prints nothing but the results with --json', async () => {
    await acceptGood();
    const { results, err } = await evalJson();
    expect(results.head).toMatchObject({ suite: 'support', repeats: 1, target: agent.target });
    expect(err).toContain('PASS  support');
  });

  it('appends the summary to the page of the job', async () => {
    const page = join(dir.path, 'step.md');
    await appendFile(page, 'before\n');
    await sluice(['eval'], { env: { GITHUB_STEP_SUMMARY: page } });
    expect(await readFile(page, 'utf8')).toMatch(/^before\n## .*NO VERDICT: support/);
    const lost = await sluice(['eval'], { env: { GITHUB_STEP_SUMMARY: join(dir.path, 'no', 'folder') } });
    expect([lost.exitCode, lost.err]).toEqual([3, expect.stringContaining('warning: GITHUB_STEP_SUMMARY')]);
  });
});

describe('the flags of sluice eval', () => {
  it('--split takes and compares those examples only', async () => {
    await acceptGood();
    const { exitCode, results } = await evalJson('--split', 'smoke');
    expect([exitCode, results.calls.length, results.verdict?.removed]).toEqual([0, 10, []]);
    expect((await sluice(['baseline', 'accept'])).err).toContain('covers the split "smoke" only');
    expect((await sluice(['eval', '--split', 'none'])).exitCode).toBe(2);
  });

  it('--repeats, --concurrency and --timeout reach the run', async () => {
    let underWay = 0;
    let most = 0;
    agent.answer = () => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
      }, 5);
      return { delayMs: 5 };
    };
    const { results } = await evalJson('--repeats', '2', '--concurrency', '2', '--timeout', '20s');
    expect(results.head).toMatchObject({ repeats: 2, timeoutMs: 20_000 });
    expect(results.calls).toHaveLength(80);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('--timeout passed is the failure of the agent', async () => {
    agent.answer = (id) => (id === 'e0' ? { delayMs: 2_000 } : {});
    const { results } = await evalJson('--timeout', '300ms');
    expect(results.calls[0]).toMatchObject({ exampleId: 'e0', status: 'agent_failed' });
  });

  it('--threshold replaces every threshold of the suite', async () => {
    await project({ gate: { threshold: 0.01, evaluators: { has_resolution: { threshold: 0.02 } } } });
    await acceptGood();
    agent.answer = (id) => (Number(id.slice(1)) < 3 ? { answer: BAD } : {});
    expect((await sluice(['eval'])).exitCode).toBe(1);
    expect((await sluice(['eval', '--threshold', '0.2'])).exitCode).toBe(0);
    for (const wrong of ['0', '1', '5', 'abc', 'NaN', '-1'])
      expect((await sluice(['eval', '--threshold', wrong])).exitCode).toBe(2);
  });

  it('--no-gate measures only', async () => {
    const { exitCode, results } = await evalJson('--no-gate');
    expect([exitCode, results.verdict]).toEqual([0, null]);
    expect((await sluice(['eval', '--no-gate'])).out).toContain('Not gated: support, 40 examples');
  });

  it('--target comes before SLUICE_TARGET, which comes before the suite', async () => {
    await project({ target: 'langserve:http://127.0.0.1:1/agent' });
    const dead = { SLUICE_TARGET: 'langserve:http://127.0.0.1:2/agent' };
    expect((await sluice(['eval'])).err).toContain('127.0.0.1:1/agent');
    expect((await sluice(['eval'], { env: dead })).err).toContain('127.0.0.1:2/agent');
    expect((await sluice(['eval', '--target', agent.target, '--no-gate'], { env: dead })).exitCode).toBe(0);
    await project({ target: undefined });
    expect((await sluice(['eval'])).err).toContain('suite support has no target');
  });

  it('--config names the configuration', async () => {
    await mkdir(join(dir.path, 'ci'));
    const text = await readFile(join(dir.path, 'sluice.config.json'), 'utf8');
    await writeFile(join(dir.path, 'ci', 'gate.json'), text.replace('"support"', '"other"'));
    await rm(join(dir.path, 'sluice.config.json'));
    expect((await sluice(['eval'])).err).toContain('There is no sluice.config.ts');
    expect((await sluice(['eval', '--no-gate', '--config', 'ci/gate.json'])).out).toContain(
      'other, 40 examples',
    );
  });

  it.each([
    [['--concurrency', 'abc'], '--concurrency must be a whole number'],
    [['--repeats', '0'], '--repeats must be a whole number'],
    [['--timeout', '0s'], '--timeout must be at least 1ms'],
    [['--target', 'ftp:x'], 'ftp'],
    [['nope'], 'has no suite "nope"'],
    [['--wat'], 'wat'],
  ])('refuses %j with one line and exit 2', async (argv, message) => {
    const { exitCode, err } = await sluice(['eval', ...argv]);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toMatch(/\n\s+at /);
    expect(agent.asked.size).toBe(0);
  });

  it('finds a damaged baseline before anything is run', async () => {
    await acceptGood();
    await writeFile(join(dir.path, 'datasets/baselines/support.json'), '{"schemaVersion":1}');
    const { exitCode, err } = await sluice(['eval']);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('datasets/baselines/support.json: suite')]);
    expect(agent.asked.size).toBe(0);
  });
});

describe('a run that was stopped', () => {
  async function interrupt(): Promise<string> {
    const interruption = new AbortController();
    agent.onAsked = (total) => {
      if (total === 20) interruption.abort(new Error('Stopped by SIGINT.'));
    };
    const { exitCode, err } = await sluice(['eval', '--concurrency', '1'], { signal: interruption.signal });
    agent.onAsked = () => {};
    expect(exitCode).toBe(130);
    return err;
  }

  it('says how to go on, and goes on where it stopped', async () => {
    await acceptGood();
    expect(await interrupt()).toMatch(
      /Run \S+ stopped: 19 of 40 finished\. Run the same command again to resume\./,
    );
    const { exitCode, results, err } = await evalJson();
    expect(err).toMatch(/Resuming run \S+: 19 of 40 finished/);
    expect([exitCode, results.calls.length]).toEqual([0, 40]);
    expect([...agent.asked.values()].filter((count) => count > 1)).toEqual([2]);
    expect(await runFolders()).toHaveLength(2);
  });

  it('starts over with --fresh', async () => {
    await interrupt();
    const { results } = await evalJson('--fresh');
    expect(results.calls).toHaveLength(40);
    expect(agent.asked.get('e0')).toBe(2);
    expect(await runFolders()).toHaveLength(2);
  });
});

describe('sluice eval as a program', () => {
  const program = ['--import', import.meta.resolve('tsx'), BIN];
  const env = { PATH: process.env['PATH'] ?? '' };
  const run = (...argv: string[]) =>
    exec(process.execPath, [...program, ...argv], { cwd: dir.path, env }).then(
      ({ stdout, stderr }) => ({ exitCode: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({ ...error, exitCode: error.code }),
    );

  it('accepts, passes, fails, and shows the baseline', async () => {
    expect((await run('eval')).exitCode).toBe(3);
    expect((await run('baseline', 'accept')).exitCode).toBe(0);
    expect((await run('eval')).exitCode).toBe(0);
    agent.answer = () => ({ answer: BAD });
    const failed = await run('eval', 'support');
    expect([failed.exitCode, failed.stdout]).toEqual([1, expect.stringMatching(/^FAIL.* {2}support/m)]);
    expect((await run('baseline', 'show')).stdout).toContain('Baseline of support');
  });

  it('that is killed half way and started again gives the same verdict and repeats no finished example', async () => {
    await acceptGood();
    agent.answer = (id) => ({ delayMs: 10, ...(Number(id.slice(1)) % 10 === 0 ? { answer: BAD } : {}) });
    const whole = (await evalJson('--fresh', '--rerun', 'off')).results;
    agent.asked.clear();

    const child = spawn(process.execPath, [...program, 'eval', '--concurrency', '3'], {
      cwd: dir.path,
      env,
      stdio: 'ignore',
    });
    agent.onAsked = (total) => {
      if (total === 20) child.kill('SIGKILL');
    };
    await new Promise((resolve) => child.once('exit', resolve));
    agent.onAsked = () => {};
    const askedBefore = new Map(agent.asked);
    expect(askedBefore.size).toBeLessThan(40);

    const again = await run('eval', '--json', '--concurrency', '3', '--rerun', 'off');
    expect(again.stderr).toMatch(/Resuming run \S+: 1\d of 40 finished/);
    const resumed = resultsSchema.parse(JSON.parse(again.stdout));
    expect(again.exitCode).toBe(1);
    const comparable = (results: ParsedResults) => ({
      status: results.verdict?.status,
      reasons: results.verdict?.reasons,
      worse: results.verdict?.worse,
      means: results.verdict?.evaluators.filter(({ key }) => key !== 'latency'),
    });
    expect(comparable(resumed)).toEqual(comparable(whole));
    expect(resumed.calls.map(({ exampleId }) => exampleId)).toEqual(ids);
    // Only the calls under way when it was killed were made again.
    expect([...agent.asked.values()].filter((count) => count > 1).length).toBeLessThanOrEqual(3);
    expect(Math.max(...agent.asked.values())).toBeLessThanOrEqual(2);
  });
});

describe('sluice baseline', () => {
  it('accepts a run by its id or the beginning of it', async () => {
    await sluice(['eval']);
    const [runId] = await runFolders();
    const { exitCode, out } = await sluice(['baseline', 'accept', runId!.slice(0, 8), '--json']);
    expect([exitCode, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ suite: 'support', runId, examples: 40 }),
    ]);
    expect((await sluice(['baseline', 'accept', 'zzzz'])).exitCode).toBe(2);
    expect((await sluice(['baseline', 'accept', '../..'])).exitCode).toBe(2);
    expect((await sluice(['baseline', 'accept', runId!, '--suite', 'other'])).exitCode).toBe(2);
  });

  it('accepts the newest run of a suite, and asks which where there are several', async () => {
    await sluice(['eval']);
    agent.answer = (id) => (id === 'e0' ? { answer: BAD } : {});
    await project({ name: 'other' });
    await sluice(['eval']);
    const unclear = await sluice(['baseline', 'accept']);
    expect([unclear.exitCode, unclear.err]).toEqual([
      2,
      expect.stringContaining('There are runs of other, support.'),
    ]);
    const { out } = await sluice(['baseline', 'accept', '--suite', 'other']);
    expect(out).toMatch(/has_resolution {2}0\.975/);
    expect((await sluice(['baseline', 'accept', '--suite', 'none'])).exitCode).toBe(2);
  });

  it('does not accept an unfinished run', async () => {
    await sluice(['eval']);
    const [runId] = await runFolders();
    await rm(join(dir.path, '.sluice', 'runs', runId!, 'results.json'));
    const { exitCode, err } = await sluice(['baseline', 'accept', runId!]);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('is not finished')]);
    expect((await sluice(['baseline', 'accept'])).err).toContain('There is no finished run');
  });

  it('mends a damaged baseline, and says what it replaced', async () => {
    await acceptGood();
    await writeFile(join(dir.path, 'datasets/baselines/support.json'), 'broken');
    const { exitCode, err } = await sluice(['baseline', 'accept']);
    expect([exitCode, err]).toEqual([
      0,
      expect.stringContaining('warning: Replaced: datasets/baselines/support.json'),
    ]);
  });

  it('shows means, repeats, target and age', async () => {
    expect((await sluice(['baseline', 'show'])).exitCode).toBe(2);
    await acceptGood();
    const { exitCode, out } = await sluice(['baseline', 'show', 'support']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/has_resolution.*1\.00.*40.*higher.*yes/);
    expect(out).toMatch(/latency.*lower.*advisory/);
    expect(out).toContain(agent.target);
    const json = JSON.parse((await sluice(['baseline', 'show', '--json'])).out);
    expect(json).toMatchObject({ suite: 'support', examples: 40, repeats: 1 });
    expect((await sluice(['baseline', 'show', '../../etc'])).exitCode).toBe(2);
  });
});

describe('help', () => {
  const described = [evalCommand, baselineAccept, baselineShow, datasetValidate];

  it.each(described)('of sluice $path shows its examples', async ({ path, examples }) => {
    const { exitCode, out } = await sluice([...path, '--help']);
    expect(exitCode).toBe(0);
    for (const [line] of examples) expect(out).toContain(line.replace('$0', 'sluice'));
  });

  it('has examples that work', async () => {
    const graph = fileURLToPath(new URL('../../../examples/support-agent/graph.ts', import.meta.url));
    const input = { messages: [{ role: 'user', content: 'Hello' }] };
    const examples = ids.map((id, index) => ({
      id,
      inputs: { id, ...input },
      split: index < 9 ? 'smoke' : 'rest',
    }));
    await project({}, examples);
    await mkdir(join(dir.path, 'datasets'));
    await writeFile(join(dir.path, 'datasets', 'support.jsonl'), JSON.stringify(examples[0]));
    await writeFile(join(dir.path, 'datasets', 'support.csv'), 'id,inputs.question\na,Why?\n');
    await acceptGood();
    const [runId = ''] = await runFolders();
    const worked: string[] = [];
    for (const command of described)
      for (const [line] of command.examples) {
        const argv = line
          .replace(/langserve:http:\/\/127\.0\.0\.1:800[01]\/agent/g, agent.target)
          .replace('./agent.ts', graph)
          .replace('0193f1c2', runId)
          .replace(/ > .*/, '')
          .split(' ')
          .slice(1);
        expect([line, (await sluice(argv)).exitCode]).toEqual([line, 0]);
        worked.push(line);
      }
    expect(worked.length).toBeGreaterThanOrEqual(10);
  });
});
