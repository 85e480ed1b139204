import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { main } from '../main.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';
import { history } from './history.ts';
import { report } from './report.ts';

const COMMANDS = [evalCommand, baselineAccept, report, history];

let dir: Awaited<ReturnType<typeof tempDir>>;
let nowMs: number;
let server: Server;
let target: string;
/** What the agent answers, by example; else that it was refunded. */
let answers: Record<string, string>;

beforeEach(async () => {
  dir = await tempDir();
  nowMs = Date.UTC(2026, 10, 22);
  answers = {};
  // A stand-in for an agent behind LangServe's routes, which answers with the conversation and its tool call.
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const { id, messages } = JSON.parse(text).input;
      const calls = { type: 'ai', content: '', tool_calls: [{ name: 'refund', args: { id } }] };
      const last = { type: 'ai', content: answers[id] ?? 'Your order was refunded.' };
      response.writeHead(200, { 'content-type': 'application/json', 'x-run-id': `run-${id}` });
      response.end(JSON.stringify({ output: { messages: [...messages, calls, last] } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target = `langserve:http://127.0.0.1:${(server.address() as AddressInfo).port}/agent`;
  await dataset(Array.from({ length: 12 }, (_, index) => ({ id: `e${index}` })));
  const suite = {
    name: 'support',
    dataset: 'data/golden.jsonl',
    target,
    evaluators: ['has_resolution', 'latency'],
    gate: { rerun: 'off' },
  };
  await writeFile(join(dir.path, 'sluice.config.json'), JSON.stringify({ suites: [suite] }));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await dir[Symbol.asyncDispose]();
});

async function dataset(examples: readonly { id: string; asks?: string }[]): Promise<void> {
  await mkdir(join(dir.path, 'data'), { recursive: true });
  const lines = examples.map(({ id, asks = `Where is the refund of ${id}?` }) =>
    JSON.stringify({
      id,
      inputs: { id, messages: [{ role: 'user', content: asks }] },
      outputs: { resolution: true },
    }),
  );
  await writeFile(join(dir.path, 'data/golden.jsonl'), `${lines.join('\n')}\n`);
}

async function sluice(argv: readonly string[], env: Record<string, string> = {}) {
  nowMs += 60_000;
  const context = fakeContext({ cwd: dir.path, nowMs, env });
  const exitCode = await main(argv, COMMANDS, context, '0.0.0');
  return { exitCode, out: context.stdout.text, err: context.stderr.text };
}

/** A baseline, and a run that is worse in two examples. Gives the folder of that run. */
async function failedRun(
  env: Record<string, string> = {},
): Promise<{ folder: string; runId: string; out: string }> {
  expect(await sluice(['eval', '--no-gate'])).toMatchObject({ exitCode: 0 });
  expect(await sluice(['baseline', 'accept'])).toMatchObject({ exitCode: 0 });
  answers = { e3: 'I do not know.', e7: '::error::x\n::add-mask::secret' };
  const { exitCode, out, err } = await sluice(['eval', '--fresh'], env);
  expect([exitCode, err]).toEqual([1, expect.any(String)]);
  const [, folder = ''] = /^ {2}(\S+)\/report\.html$/m.exec(out) ?? [];
  expect(folder).toMatch(/^\.sluice\/runs\//);
  return { folder: join(dir.path, folder), runId: folder.split('/').at(-1) ?? '', out };
}

/** What the page of a run shows of an example. */
async function detailOf(folder: string, id: string) {
  const page = await readFile(join(folder, 'report.html'), 'utf8');
  const rows = [...page.matchAll(/<bdi class="id">([^<]*)<\/bdi>/g)].map(([, each]) => each);
  const details = [...page.matchAll(/<script type="application\/json" id="b-\d+">(.*?)<\/script>/gs)].flatMap(
    ([, text]) => JSON.parse(text ?? '[]'),
  );
  return { page, detail: details[rows.indexOf(id)] };
}

describe('the reports of sluice eval', () => {
  it('are all in the run folder and named at the end', async () => {
    const { folder, out } = await failedRun();
    for (const name of ['report.html', 'summary.md', 'junit.xml', 'results.json'])
      expect(out).toContain(`/${name}\n`);
    expect(await readFile(join(folder, 'junit.xml'), 'utf8')).toMatch(
      /<testcase name="e3".*\n.*<failure type="worse"/,
    );
    expect(await readFile(join(folder, 'summary.md'), 'utf8')).toContain('❌ FAIL');
    const { detail } = await detailOf(folder, 'e3');
    expect(detail.place).toBe('data/golden.jsonl:4');
    expect(detail.inputs.turns[0].text.text).toBe('Where is the refund of e3?');
    expect(detail.reference.rest.text).toContain('resolution');
    expect(detail.scores[0]).toEqual(['has_resolution', '1.00', '0.00', 'worse']);
    const [run] = detail.runs;
    expect(run.answer.turns.map((turn: { text: { text: string } }) => turn.text.text)).toEqual([
      '',
      'I do not know.',
    ]);
    expect(run.answer.turns[0].calls[0].name).toBe('refund');
    expect(run.commands.map(([label]: [string]) => label)).toEqual(['Trace', 'Replay']);
    expect(run.commands[1][1]).toBe(`sluice replay run-e3 --target ${target}`);
  });

  it('mark the lines of the dataset in GitHub Actions, and let no answer be a workflow command', async () => {
    const { out } = await failedRun({ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: join(dir.path, '..') });
    const folder = dir.path.split('/').at(-1);
    expect(out).toContain(
      `::error file=${folder}/data/golden.jsonl,line=4,title=support%3A e3::has_resolution 1.00 -> 0.00`,
    );
    const [, token = ''] = /^::stop-commands::(\S+)$/m.exec(out) ?? [];
    const [before = '', inside = '', after] = out.split(
      new RegExp(`^::(?:stop-commands::)?${token}(?:::)?$`, 'm'),
    );
    expect(before.split('\n').filter((line) => line.trim().startsWith('::'))).toHaveLength(2);
    expect(inside).toContain('FAIL');
    expect(after).toBe('\n');
    expect((await sluice(['report'])).out).not.toContain('::');
  });
});

describe('sluice report', () => {
  it('makes the same reports again', async () => {
    const { folder, runId } = await failedRun();
    const names = ['report.html', 'summary.md', 'junit.xml'];
    const read = () => Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const before = await read();
    await Promise.all(names.map((name) => rm(join(folder, name))));
    for (const argv of [['report'], ['report', runId.slice(0, 20)], ['report', '--suite', 'support']]) {
      const { exitCode, out, err } = await sluice(argv);
      expect([exitCode, err]).toEqual([0, '']);
      expect(out).toContain('FAIL');
      expect(await read()).toEqual(before);
    }
    const { out, err } = await sluice(['report', '--json']);
    expect(JSON.parse(out).head.runId).toBe(runId);
    expect(err).toContain('FAIL');
  });

  it('leaves out what is no longer as it was run, and says so', async () => {
    const { folder } = await failedRun();
    await dataset([{ id: 'e3', asks: 'Something else?' }, { id: 'e7' }]);
    await rm(join(dir.path, 'datasets/baselines/support.json'));
    await rm(join(folder, 'journal.jsonl'));
    const { exitCode, err } = await sluice(['report']);
    expect(exitCode).toBe(0);
    expect(err).toMatch(/was compared with the baseline of run \S+, which is no longer here/);
    expect((await detailOf(folder, 'e3')).detail).toMatchObject({ inputs: null, place: null });
    expect((await detailOf(folder, 'e7')).detail).toMatchObject({
      place: 'data/golden.jsonl:2',
      runs: [{ answer: null }],
    });
    expect((await detailOf(folder, 'e7')).detail.scores[0]).toEqual(['has_resolution', '–', '0.00', 'none']);
    await rm(join(dir.path, 'data/golden.jsonl'));
    expect((await sluice(['report'])).err).toContain('The report shows no inputs: There is no dataset');
  });

  it('shows no scores of a baseline that was accepted after the run', async () => {
    const { folder, runId } = await failedRun();
    expect(await sluice(['baseline', 'accept', runId])).toMatchObject({ exitCode: 0 });
    const { exitCode, out, err } = await sluice(['report']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('FAIL')]);
    expect(err).toContain('which is no longer here');
    expect((await detailOf(folder, 'e3')).detail.scores[0]).toEqual(['has_resolution', '–', '0.00', 'none']);
    expect(await sluice(['report', '--baseline', 'datasets/baselines/support.json'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('is another baseline'),
    });
  });

  it('says what is wrong with what it was asked for', async () => {
    expect(await sluice(['report'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('no finished run'),
    });
    const { runId } = await failedRun();
    expect(await sluice(['report', 'ffff'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('no run "ffff"'),
    });
    expect(await sluice(['report', runId.slice(0, 4)])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('2 runs begin with'),
    });
    expect((await sluice(['report', '--suite', 'other'])).err).toContain('no finished run of suite other');
    expect((await sluice(['report', runId, '--suite', 'other'])).err).toContain('is of suite support');
    expect((await sluice(['report', runId, '--baseline', 'data/golden.jsonl'])).exitCode).toBe(2);
    expect((await sluice(['report', '--comment'])).err).toContain('GITHUB_EVENT_PATH');
  });

  it('reports a run that was not gated', async () => {
    await sluice(['eval', '--no-gate']);
    const { exitCode, out } = await sluice(['report']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('Not gated: support, 12 examples.')]);
  });
});

describe('the comment on a pull request', () => {
  it('is made by eval and replaced by report, and its failure changes no verdict', async () => {
    const bodies: string[] = [];
    const github = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        if (request.method === 'GET') {
          const own = { id: 1, body: bodies.at(-1), user: { type: 'Bot' } };
          return void response.end(JSON.stringify(bodies.length === 0 ? [] : [own]));
        }
        bodies.push(JSON.parse(text).body);
        response.end(JSON.stringify({ id: 1, html_url: `https://github.test/${request.method}` }));
      });
    });
    await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
    try {
      await failedRun();
      const event = join(dir.path, 'event.json');
      await writeFile(event, JSON.stringify({ pull_request: { number: 7 } }));
      const { port } = github.address() as AddressInfo;
      const env = {
        GITHUB_EVENT_PATH: event,
        GITHUB_REPOSITORY: 'o/r',
        GITHUB_TOKEN: 'ghs_token',
        GITHUB_API_URL: `http://127.0.0.1:${port}`,
      };
      const first = await sluice(['eval', '--fresh', '--comment'], env);
      expect([first.exitCode, first.err]).toEqual([
        1,
        expect.stringContaining('was created: https://github.test/POST'),
      ]);
      const second = await sluice(['report', '--comment'], env);
      expect([second.exitCode, second.err]).toEqual([
        0,
        expect.stringContaining('was updated: https://github.test/PATCH'),
      ]);
      expect(bodies[1]).toBe(bodies[0]);
      expect(bodies[0]).toMatch(/^<!-- sluicegate:support -->\n## ❌ FAIL/);
      github.closeAllConnections();
      await new Promise((resolve) => github.close(resolve));
      const third = await sluice(['eval', '--fresh', '--comment'], env);
      expect([third.exitCode, third.err]).toEqual([
        1,
        expect.stringContaining('The comment could not be made'),
      ]);
      expect(third.err + third.out).not.toContain('ghs_token');
      await writeFile(event, '{}');
      expect((await sluice(['eval', '--fresh', '--comment'], env)).err).toContain('no comment was made');
    } finally {
      github.close();
    }
  });
});

describe('sluice history', () => {
  async function runs(): Promise<void> {
    await failedRun();
    answers = {};
    expect((await sluice(['eval', '--fresh'])).exitCode).toBe(0);
  }

  it('shows the runs, newest first, and the trend of each evaluator, oldest first', async () => {
    await runs();
    const { exitCode, out, err } = await sluice(['history']);
    expect([exitCode, err]).toEqual([0, '']);
    const lines = out.split('\n');
    expect(lines[0]).toBe('support: 3 runs');
    expect(out).toMatch(/^has_resolution +█▁█ +1\.00 +1\.00$/m);
    expect(out).toMatch(/^latency \(advisory\) +\S{3} /m);
    const verdicts = lines.flatMap((line) => /^2026-\d\d-\d\d .*(PASS|FAIL|not gated)/.exec(line)?.[1] ?? []);
    expect(verdicts).toEqual(['PASS', 'FAIL', 'not gated']);
    expect((await sluice(['history', 'support', '--limit', '1'])).out).toContain('support: 1 run\n');
  });

  it('is JSON and a page on demand', async () => {
    await runs();
    const { runs: listed } = JSON.parse((await sluice(['history', '--json'])).out);
    expect(listed.map((run: { status: string | null }) => run.status)).toEqual([null, 'fail', 'pass']);
    expect(listed[0].scores[0]).toMatchObject({ key: 'has_resolution', mean: 1, baselineMean: null });
    expect((await sluice(['history', '--html'])).out).toBe('Wrote .sluice/history.html\n');
    const page = await readFile(join(dir.path, '.sluice/history.html'), 'utf8');
    for (const { runId } of listed) expect(page).toContain(`href="runs/${runId}/report.html"`);
    expect(page).not.toContain('<script');
    expect((await sluice(['history', '--html', '--json'])).exitCode).toBe(2);
  });

  it('passes over what is unfinished or damaged, and says so', async () => {
    expect((await sluice(['history'])).exitCode).toBe(3);
    const { folder } = await failedRun();
    await writeFile(join(folder, 'results.json'), '{"schemaVersion": 2, ');
    await mkdir(join(dir.path, '.sluice/runs/ffffffff-0000-7000-8000-000000000000'));
    const { exitCode, out, err } = await sluice(['history']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('support: 1 run\n')]);
    expect(err).toMatch(/A run is passed over: .*results\.json: not valid JSON/);
    expect((await sluice(['history', 'other'])).err).toContain('no finished run of suite other');
  });
});
